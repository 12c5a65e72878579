import { expect, it } from 'vitest';
import { intoMarkdown } from '../../src/diagrams/markdown.ts';

const page = '# A\n\n<!-- machine a -->\n<!-- /machine -->\n\n<!-- machine b -->\n\nold\n\n<!-- /machine -->\nend\n';

it('replaces what is between the marks of this machine, and nothing else', () => {
  const once = intoMarkdown(page, 'b', 'new\n');
  expect(once).toBe(
    '# A\n\n<!-- machine a -->\n<!-- /machine -->\n\n<!-- machine b -->\n\n```mermaid\nnew\n```\n\n<!-- /machine -->\nend\n',
  );
  expect(intoMarkdown(once ?? '', 'b', 'new\n')).toBe(once);
});

it('answers null for a page without the marks', () => {
  expect(intoMarkdown(page, 'c', 'new\n')).toBeNull();
  expect(intoMarkdown('<!-- machine b -->\n', 'b', 'new\n')).toBeNull();
});
