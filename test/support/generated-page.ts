/** Parts of Markdown pages that are made from the code or from what was measured: each between a pair of marks. */
/** @throws if the page lacks the section's marks `<!-- name -->` and `<!-- /name -->` */
export function withSection(text: string, name: string, content: string): string {
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [from, to] = [text.indexOf(open), text.indexOf(close)];
  if (from < 0 || to < from) throw new Error(`the page has no section ${name}`);
  return `${text.slice(0, from)}${open}\n\n${content}\n${text.slice(to)}`;
}

/** The formatter makes no column narrower. */
const narrowest = 3;

/** Columns as wide as their widest cell, as the formatter leaves them. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, i) => Math.max(narrowest, title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |\n`;
  return [head, widths.map((width) => '-'.repeat(width)), ...rows].map(line).join('');
}
