/** Who operates, and why: both are written into the log. */
import { useOperator } from './operator.ts';

export function WhoAndWhy({ why, onWhy }: { readonly why: string; readonly onWhy: (why: string) => void }) {
  const [by, setBy] = useOperator();
  return (
    <>
      <label className="field">
        <span>Your name</span>
        <input
          className="input"
          value={by}
          maxLength={200}
          required
          autoComplete="name"
          onChange={(event) => setBy(event.target.value)}
        />
      </label>
      <label className="field">
        <span>Why</span>
        <textarea
          className="input"
          value={why}
          maxLength={200}
          required
          placeholder="A ticket, what you have found, what was agreed"
          onChange={(event) => onWhy(event.target.value)}
        />
      </label>
    </>
  );
}
