/** Which states of a chart a stored state path means. */
import type { Chart, ChartState } from './chart.ts';

/**
 * @param statePath as actors are stored: `a.b` for nested states, `(a)|(b)` for parallel ones
 * @returns paths of the states that are active then, each with the states around it; null: the chart has no such state
 */
export function activeStates({ root }: Chart, statePath: string): readonly string[] | null {
  const found = within(root, statePath);
  return found === null || found.length === 0 ? null : [...new Set(found)];
}

function within(state: ChartState, text: string): string[] | null {
  if (text === '') return [];
  const parts = partsOf(text);
  if (parts.length > 1) {
    const found = parts.map((part) => within(state, part));
    return found.every((part) => part !== null) ? found.flat() : null;
  }
  // A key may hold a dot itself: whichever child leads to a state is the one that was meant.
  for (const child of state.children) {
    const rest =
      text === child.name ? '' : text.startsWith(`${child.name}.`) ? text.slice(child.name.length + 1) : null;
    const inner = rest === null ? null : within(child, rest);
    if (inner !== null) return [child.path, ...inner];
  }
  return null;
}

/** `(a.(b)|(c))|(d)` → `a.(b)|(c)`, `d`; anything else is one part. */
function partsOf(text: string): string[] {
  if (!text.startsWith('(')) return [text];
  const parts: string[] = [];
  let depth = 0;
  let start = 1;
  for (let i = 0; i < text.length; i += 1) {
    if (text[i] === '(') depth += 1;
    if (text[i] !== ')') continue;
    depth -= 1;
    if (depth > 0) continue;
    parts.push(text.slice(start, i));
    start = i + 3;
  }
  return parts;
}
