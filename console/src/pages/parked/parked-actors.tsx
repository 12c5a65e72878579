/** The actors of one group. */
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ParkedActor } from '../../../../src/console/schemas.ts';
import { parkedActorsQuery } from '../../api/queries.ts';
import { money, shortId } from '../../ui/format.ts';
import { Instant } from '../../ui/instant.tsx';
import { Problem } from '../../ui/notes.tsx';
import { Skeleton } from '../../ui/skeleton.tsx';
import { TableFrame } from '../../ui/table-frame.tsx';
import type { RetryTarget } from './retry-dialog.tsx';

interface ParkedActorsProps {
  readonly cause: string;
  readonly onRetry: (target: RetryTarget) => void;
}

export function ParkedActors({ cause, onRetry }: ParkedActorsProps) {
  const { data, error, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(parkedActorsQuery(cause));
  if (error) return <Problem error={error} />;
  if (!data) return <Skeleton />;
  return (
    <>
      <TableFrame label="Parked actors">
        <table>
          <thead>
            <tr>
              <th scope="col">Actor</th>
              <th scope="col">Reason</th>
              <th scope="col" className="number">
                Total
              </th>
              <th scope="col" className="number">
                Captured
              </th>
              <th scope="col">Since</th>
              <th scope="col">
                <span className="visually-hidden">What to do</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {data.pages
              .flatMap(({ items }) => items)
              .map((actor) => (
                <Row key={actor.id} actor={actor} onRetry={onRetry} />
              ))}
          </tbody>
        </table>
      </TableFrame>
      {hasNextPage ? (
        <div className="more">
          <button type="button" className="button" disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            More of them
          </button>
        </div>
      ) : null}
    </>
  );
}

function Row({ actor, onRetry }: { readonly actor: ParkedActor; readonly onRetry: ParkedActorsProps['onRetry'] }) {
  const { id, machine, order, reason, code, since, accepts, by } = actor;
  return (
    <tr>
      <td>
        {order === null ? (
          <span className="id" title={id}>
            {machine} {shortId(id)}
          </span>
        ) : (
          <Link to="/orders/$id" params={{ id }} className="id" title={id}>
            {shortId(id)}
          </Link>
        )}
      </td>
      <td>{code ?? reason}</td>
      <td className="number">{order === null ? '' : money(order.total_cents, order.currency)}</td>
      <td className="number">{order === null ? '' : money(order.captured_cents, order.currency)}</td>
      <td>
        <Instant at={since} as="age" />
      </td>
      <td>
        <div className="segments">
          {accepts.includes('RETRY') || by === 'runtime' ? (
            <button
              type="button"
              className="button"
              aria-label={`Retry… ${shortId(id)}`}
              onClick={() => onRetry({ title: `${machine} ${shortId(id)}`, count: 1, body: { ids: [id] } })}
            >
              Retry…
            </button>
          ) : null}
          {accepts.includes('RESOLVE') && order !== null ? (
            <Link to="/orders/$id" params={{ id }} className="button" aria-label={`Resolve ${shortId(id)}`}>
              Resolve
            </Link>
          ) : null}
        </div>
      </td>
    </tr>
  );
}
