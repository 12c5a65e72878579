/** What others have on record for the order: the gateway's money beside ours, stock, the purchase order. */
import { Link } from '@tanstack/react-router';
import type { OrderFile } from '../../../../src/console/schemas.ts';
import { CopyId } from '../../ui/copy-id.tsx';
import { money, shortId } from '../../ui/format.ts';
import { TableFrame } from '../../ui/table-frame.tsx';

export function OrderFacts({ file }: { readonly file: OrderFile }) {
  return (
    <div className="panel">
      <Money file={file} />
      <Stock file={file} />
    </div>
  );
}

const sums = ['authorized', 'captured', 'voided', 'refunded', 'expired'] as const;

function Money({ file: { order, gateway } }: { readonly file: OrderFile }) {
  const { payment, currency } = order;
  return (
    <section>
      <h3>Money</h3>
      <MoneyNote gateway={gateway} />
      <TableFrame label="Money">
        <table>
          <thead>
            <tr>
              <th scope="col">{currency}</th>
              <th scope="col" className="number">
                Our record
              </th>
              <th scope="col" className="number">
                Gateway
              </th>
            </tr>
          </thead>
          <tbody>
            {sums.map((name) => {
              const field = `${name}_cents` as const;
              const theirs = gateway.payment?.[field];
              return (
                <tr
                  key={name}
                  className={gateway.differs.some((differing) => differing.startsWith(name)) ? 'is-differing' : ''}
                >
                  <th scope="row">{name}</th>
                  <td className="number">{money(payment[field], currency)}</td>
                  <td className="number">{theirs === undefined ? '–' : money(theirs, currency)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </TableFrame>
      <dl className="facts">
        <dt>Status</dt>
        <dd>
          {payment.status}
          {gateway.payment ? <span className="muted">, gateway: {gateway.payment.status}</span> : null}
        </dd>
        {payment.authorization_id === null ? null : (
          <>
            <dt>Authorization</dt>
            <dd>
              <CopyId id={payment.authorization_id} />
            </dd>
          </>
        )}
        {payment.decline_code === null ? null : (
          <>
            <dt>Declined</dt>
            <dd>
              <code>{payment.decline_code}</code>
            </dd>
          </>
        )}
        {payment.settlement === null ? null : (
          <>
            <dt>Settled by hand</dt>
            <dd>
              voided {money(payment.settlement.voided_cents, currency)}, refunded{' '}
              {money(payment.settlement.refunded_cents, currency)}
            </dd>
          </>
        )}
      </dl>
    </section>
  );
}

function MoneyNote({ gateway }: { readonly gateway: OrderFile['gateway'] }) {
  if (!gateway.is_reachable) return <p className="notice">The gateway does not answer; only our record is shown.</p>;
  if (gateway.differs.length > 0)
    return <p className="notice">The books differ. While a payment call is under way they may.</p>;
  return gateway.payment === null ? <p className="muted">The gateway has no payment of this order.</p> : null;
}

function Stock({ file: { order, stock, purchase_order } }: { readonly file: OrderFile }) {
  const names = new Map(stock.lines.map((line) => [line.product_id, line]));
  return (
    <section>
      <h3>Stock</h3>
      <TableFrame label="Stock">
        <table>
          <thead>
            <tr>
              <th scope="col">Product</th>
              <th scope="col" className="number">
                Ordered
              </th>
              <th scope="col" className="number">
                Price
              </th>
              <th scope="col" className="number">
                On hand
              </th>
              <th scope="col" className="number">
                Reserved
              </th>
            </tr>
          </thead>
          <tbody>
            {order.items.map(({ product_id, quantity, unit_price_cents }) => {
              const line = names.get(product_id);
              return (
                <tr key={product_id}>
                  <td>
                    <Link to="/orders" search={{ product_id }}>
                      {line?.name ?? <span className="id">{shortId(product_id)}</span>}
                    </Link>
                    {line?.sku ? <div className="muted mono">{line.sku}</div> : null}
                  </td>
                  <td className="number">
                    {quantity}
                    {line?.sold ? <div className="muted">sold</div> : null}
                  </td>
                  <td className="number">{money(unit_price_cents, order.currency)}</td>
                  <td className="number">{line?.on_hand ?? '–'}</td>
                  <td className="number">{line?.reserved ?? '–'}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </TableFrame>
      <dl className="facts">
        <dt>Reservation</dt>
        <dd>{stock.reservation ?? 'none'}</dd>
        <dt>Purchase order</dt>
        <dd>{purchase_order ?? 'none'}</dd>
      </dl>
    </section>
  );
}
