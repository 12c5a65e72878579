/** Keeps a diagram inside a Markdown page up to date. */

/**
 * Puts a Mermaid diagram between the page's marks `<!-- machine <id> -->` and `<!-- /machine -->`.
 * @returns the page with nothing else changed; null if it has no such marks
 */
export function intoMarkdown(page: string, machineId: string, diagram: string): string | null {
  const open = `<!-- machine ${machineId} -->\n`;
  const from = page.indexOf(open);
  const to = page.indexOf('<!-- /machine -->', from);
  if (from < 0 || to < 0) return null;
  return `${page.slice(0, from)}${open}\n\`\`\`mermaid\n${diagram}\`\`\`\n\n${page.slice(to)}`;
}
