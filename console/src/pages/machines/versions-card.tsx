/** The versions of a machine, who is on which, and which two to compare. */
import type { MachineStates } from '../../../../src/console/schemas.ts';
import { Card } from '../../ui/card.tsx';
import { number } from '../../ui/format.ts';
import { Empty } from '../../ui/notes.tsx';
import { TableFrame } from '../../ui/table-frame.tsx';

interface VersionsCardProps {
  readonly versions: MachineStates['versions'];
  readonly chosen: string;
  readonly against: string | undefined;
  readonly onChoose: (version: string) => void;
  readonly onAgainst: (version: string) => void;
}

export function VersionsCard({ versions, chosen, against, onChoose, onAgainst }: VersionsCardProps) {
  return (
    <Card title="Versions" flush>
      {versions.length === 0 ? (
        <Empty title="No versions to show" />
      ) : (
        <TableFrame label="Versions">
          <table>
            <thead>
              <tr>
                <th scope="col">Version</th>
                <th scope="col" className="number">
                  Unfinished
                </th>
                <th scope="col">Structure</th>
                <th scope="col">
                  <span className="visually-hidden">Show or compare</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {versions.map(({ version, structure_hash, is_registered, is_newest, unfinished }) => (
                <tr key={version}>
                  <th scope="row">
                    {version}
                    {is_newest ? <span className="muted"> newest</span> : null}
                  </th>
                  <td className="number">{number(unfinished)}</td>
                  <td className="mono muted" title={structure_hash ?? ''}>
                    {is_registered ? (structure_hash?.slice(0, 8) ?? '') : 'not in this build'}
                  </td>
                  <td>
                    {is_registered ? (
                      <div className="segments">
                        <button
                          type="button"
                          className="button"
                          aria-pressed={version === chosen}
                          onClick={() => onChoose(version)}
                        >
                          Show
                        </button>
                        {version === chosen ? null : (
                          <button
                            type="button"
                            className="button"
                            aria-pressed={version === against}
                            onClick={() => onAgainst(version)}
                          >
                            Compare
                          </button>
                        )}
                      </div>
                    ) : null}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </TableFrame>
      )}
    </Card>
  );
}
