/** What happens in each state: who stands there, how long it is stayed in, how its effects end. */
import { Link } from '@tanstack/react-router';
import type { MachineState, MachineStates } from '../../../../src/console/schemas.ts';
import { Card } from '../../ui/card.tsx';
import { duration, number, percent } from '../../ui/format.ts';
import { Empty } from '../../ui/notes.tsx';
import { TableFrame } from '../../ui/table-frame.tsx';
import { failingFrom, isSlow } from './state-facts.ts';

interface StateTableProps {
  readonly states: readonly MachineState[];
  readonly sample: MachineStates['sample'] | undefined;
  readonly selected: string | null;
}

export function StateTable({ states, sample, selected }: StateTableProps) {
  const shown =
    selected === null ? states : states.filter(({ state }) => state === selected || state.startsWith(`${selected}.`));
  return (
    <Card
      title={selected === null ? 'States' : `States of ${selected}`}
      note={sample ? `dwell and outcomes of the ${number(sample.actors)} actors that ended last` : undefined}
      end={
        selected === null ? undefined : (
          <Link
            from="/machines/$id"
            to="."
            search={({ state: _, ...rest }) => rest}
            className="button"
            resetScroll={false}
          >
            Show all
          </Link>
        )
      }
      flush
    >
      {shown.length === 0 ? (
        <Empty title="Nothing has happened here yet" />
      ) : (
        <TableFrame label="States">
          <table>
            <thead>
              <tr>
                <th scope="col">State</th>
                <th scope="col" className="number">
                  Here now
                </th>
                <th scope="col" className="number">
                  Visits
                </th>
                <th scope="col" className="number">
                  Dwell p50
                </th>
                <th scope="col" className="number">
                  p95
                </th>
                <th scope="col" className="number">
                  Expected
                </th>
                <th scope="col" className="number">
                  Done / refused
                </th>
                <th scope="col" className="number">
                  Errors
                </th>
              </tr>
            </thead>
            <tbody>
              {shown.map((state) => (
                <Row key={state.state} state={state} />
              ))}
            </tbody>
          </table>
        </TableFrame>
      )}
    </Card>
  );
}

function Row({ state: of }: { readonly state: MachineState }) {
  const { state, actors, parked, visits, dwell_ms, expected_ms, outcomes, error_rate } = of;
  const isFailing = error_rate !== null && error_rate >= failingFrom;
  return (
    <tr>
      <th scope="row" className="mono">
        {state}
      </th>
      <td className="number">
        {number(actors)}
        {parked > 0 ? <span className="badge is-warn beside">{parked} parked</span> : null}
      </td>
      <td className="number">{number(visits)}</td>
      <td className="number">{dwell_ms.p50 === null ? '–' : duration(dwell_ms.p50)}</td>
      <td className={`number ${isSlow(of) ? 'is-late' : ''}`}>
        {dwell_ms.p95 === null ? '–' : duration(dwell_ms.p95)}
      </td>
      <td className="number muted">{expected_ms === null ? '' : duration(expected_ms)}</td>
      <td className="number">
        {outcomes.done + outcomes.refused === 0 ? '' : `${number(outcomes.done)} / ${number(outcomes.refused)}`}
      </td>
      <td className={`number ${isFailing ? 'is-late' : ''}`}>{error_rate === null ? '' : percent(error_rate)}</td>
    </tr>
  );
}
