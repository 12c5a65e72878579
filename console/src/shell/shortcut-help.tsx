/** The keys, by what they are for. */
import { Dialog } from '../ui/dialog.tsx';

const groups: readonly { readonly title: string; readonly keys: readonly (readonly [string, string])[] }[] = [
  {
    title: 'Anywhere',
    keys: [
      ['/', 'go to an order by its id'],
      ['g h', 'overview'],
      ['g o', 'orders'],
      ['g p', 'parked'],
      ['g m', 'machines'],
      ['g d', 'demo corner'],
      ['?', 'these keys'],
    ],
  },
  {
    title: 'One order',
    keys: [
      ['←  →', 'one transition back, one on'],
      ['Home  End', 'the first transition, now'],
      ['Space', 'play, pause'],
      ['c', 'compare this moment with another'],
      ['w', 'what if, from this moment'],
    ],
  },
  {
    title: 'Lists',
    keys: [
      ['j  k', 'next row, row before'],
      ['Enter', 'open the row'],
    ],
  },
];

export function ShortcutHelp({ onClose }: { readonly onClose: () => void }) {
  return (
    <Dialog title="Keyboard" onClose={onClose}>
      {groups.map(({ title, keys }) => (
        <section key={title} className="keys">
          <h3>{title}</h3>
          <dl>
            {keys.map(([key, what]) => (
              <div key={key}>
                <dt>{key.split(' ').map((one, i) => (one === '' ? ' ' : <kbd key={`${one}${i}`}>{one}</kbd>))}</dt>
                <dd>{what}</dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </Dialog>
  );
}
