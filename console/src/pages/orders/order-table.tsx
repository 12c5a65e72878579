/** Orders as rows; `j` and `k` move, Enter opens. */
import { Link } from '@tanstack/react-router';
import { useRef } from 'react';
import type { FoundOrder } from '../../../../src/console/schemas.ts';
import { useShortcuts } from '../../shell/shortcuts.ts';
import { money, shortId } from '../../ui/format.ts';
import { Instant } from '../../ui/instant.tsx';
import { StatusBadge } from '../../ui/status-badge.tsx';
import { TableFrame } from '../../ui/table-frame.tsx';

export function OrderTable({ orders }: { readonly orders: readonly FoundOrder[] }) {
  const body = useRef<HTMLTableSectionElement>(null);
  const move = (by: number): void => {
    const links = [...(body.current?.querySelectorAll<HTMLElement>('a.row-link') ?? [])];
    const at = links.findIndex((link) => link === document.activeElement);
    links[Math.min(links.length - 1, Math.max(0, at + by))]?.focus();
  };
  useShortcuts({ j: () => move(1), k: () => move(-1) });
  return (
    <TableFrame label="Orders">
      <table className="order-table">
        <thead>
          <tr>
            <th scope="col">Order</th>
            <th scope="col">Status</th>
            <th scope="col">State</th>
            <th scope="col" className="number">
              Total
            </th>
            <th scope="col">Why</th>
            <th scope="col">Placed</th>
            <th scope="col">Moved</th>
          </tr>
        </thead>
        <tbody ref={body}>
          {orders.map((order) => (
            <Row key={order.order_ledger_id} order={order} />
          ))}
        </tbody>
      </table>
    </TableFrame>
  );
}

const ended: ReadonlySet<string> = new Set(['COMPLETED', 'FAILED', 'CANCELLED', 'AUTHORIZATION_FAILED']);

function Row({ order }: { readonly order: FoundOrder }) {
  const { order_ledger_id: id, status, state, attempts, total_cents, currency, created_at, updated_at } = order;
  return (
    <tr className="is-link">
      <td>
        <Link to="/orders/$id" params={{ id }} className="row-link id" title={id}>
          {shortId(id)}
        </Link>
      </td>
      <td>
        <StatusBadge status={status} />
      </td>
      <td>
        <span className="order-state">
          {state === null ? <span className="muted">dropped</span> : <span title={state}>{state}</span>}
          {attempts > 0 && !ended.has(status) ? <em>attempt {attempts + 1}</em> : null}
        </span>
      </td>
      <td className="number">{money(total_cents, currency)}</td>
      <td>{order.parked ? order.parked.title : <code className="muted">{order.failure?.code ?? ''}</code>}</td>
      <td>
        <Instant at={created_at} as="short" />
      </td>
      <td>
        <Instant at={updated_at} as="age" />
      </td>
    </tr>
  );
}
