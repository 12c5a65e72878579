/** Who did what to the order, and why; what reconciliation has found. */
import { Link } from '@tanstack/react-router';
import type { OrderFile } from '../../../../src/console/schemas.ts';
import { Instant } from '../../ui/instant.tsx';
import { JsonView } from '../../ui/json.tsx';
import { actionName } from './order-head.tsx';

export function OperationsPanel({ file: { operations, findings, notice, order } }: { readonly file: OrderFile }) {
  return (
    <div className="panel">
      <section>
        <h3>By hand</h3>
        {operations.length === 0 ? (
          <p className="muted">Nobody has operated this order.</p>
        ) : (
          <ul className="operations">
            {operations.map(({ id, event, by, why, at, settlement }) => (
              <li key={id}>
                <p>
                  <strong>{actionName(event)}</strong> by {by}, <Instant at={at} />
                </p>
                <p>{why}</p>
                {settlement === null ? null : <JsonView value={settlement} label="Settlement" />}
              </li>
            ))}
          </ul>
        )}
      </section>
      <section>
        <h3>Reconciliation</h3>
        {findings.length === 0 ? (
          <p className="muted">Our books and the gateway’s have not differed.</p>
        ) : (
          <ul className="operations">
            {findings.map(({ id, kind, state, first_seen_at, why }) => (
              <li key={id}>
                <p>
                  <code>{kind}</code> {state}, first seen <Instant at={first_seen_at} />
                </p>
                {why === null ? null : <p>{why}</p>}
              </li>
            ))}
          </ul>
        )}
      </section>
      <section>
        <h3>Customer</h3>
        <dl className="facts">
          <dt>Customer id</dt>
          <dd>
            <Link to="/orders" search={{ user_id: order.user_id }} className="id">
              {order.user_id}
            </Link>
          </dd>
          <dt>Notice</dt>
          <dd>{notice === null ? 'none yet' : `${notice.state}${notice.ended ? '' : ', under way'}`}</dd>
        </dl>
      </section>
    </div>
  );
}
