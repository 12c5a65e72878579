/** Draws the spans of one trace as a tree, children in the order they began. Pure. */
import type { ReceivedSpan } from './otlp-receiver.ts';

type Span = Pick<
  ReceivedSpan,
  'spanId' | 'parentSpanId' | 'name' | 'startMs' | 'endMs' | 'attributes' | 'resource' | 'scope' | 'error'
>;

/** @returns one line per span: name, what it is about, who sent it, when it began and how long it took */
export function traceTree(spans: readonly Span[]): string[] {
  const known = new Set(spans.map(({ spanId }) => spanId));
  const sorted = spans.toSorted((a, b) => a.startMs - b.startMs || a.endMs - b.endMs);
  const firstMs = sorted[0]?.startMs ?? 0;
  const below = Map.groupBy(sorted, ({ parentSpanId }) =>
    parentSpanId !== null && known.has(parentSpanId) ? parentSpanId : null,
  );
  const draw = (span: Span, lead: string, mark: string): string[] => {
    const children = below.get(span.spanId) ?? [];
    const inner = mark === '' ? '' : lead + (mark === '└ ' ? '  ' : '│ ');
    return [
      `${lead}${mark}${lineOf(span, firstMs)}`,
      ...children.flatMap((child, i) => draw(child, inner, i === children.length - 1 ? '└ ' : '├ ')),
    ];
  };
  return (below.get(null) ?? []).flatMap((root) => {
    const lost = root.parentSpanId !== null && root.parentSpanId !== callersSpan(root, sorted);
    return [...(lost ? ['(of a span that its process never sent)'] : []), ...draw(root, '', '')];
  });
}

/** The first span of all may be a caller's child, who is not ours to know. */
function callersSpan(root: Span, sorted: readonly Span[]): string | null {
  return sorted[0] === root ? root.parentSpanId : null;
}

function lineOf({ name, startMs, endMs, attributes, resource, scope, error }: Span, firstMs: number): string {
  const told = [
    'waybill.event',
    'waybill.state',
    'waybill.effect.outcome',
    'http.response.status_code',
    'waybill.visit.end',
  ]
    .map((key) => attributes[key])
    .filter((value) => value !== undefined && !name.endsWith(` ${String(value)}`));
  const about = told.length > 0 ? ` (${told.join(', ')})` : '';
  const claim = attributes['waybill.effect.claim'];
  const times = `+${Math.round(startMs - firstMs)} ms, ${(endMs - startMs).toFixed(1)} ms`;
  // Whoever wrote it from the log, it is the order's own.
  const isSaga = scope === 'waybill.saga';
  const who = isSaga ? 'log' : `${String(resource['waybill.role'])} ${String(resource['process.pid'])}`;
  return `${name}${claim === undefined ? '' : ` #${String(claim)}`}${about}${error === null ? '' : ` ✗ ${error}`}  [${who}] ${times}`;
}
