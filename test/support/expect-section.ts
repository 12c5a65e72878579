/** Holds a generated part of a page against what it is made from. */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import { withSection } from './generated-page.ts';

/** The section `<!-- name -->` of a page is what is given; with UPDATE=1 it is written first. */
export function expectSection(page: URL, name: string, content: string): void {
  const fresh = withSection(readFileSync(page, 'utf8'), name, content);
  if (process.env['UPDATE'] === '1') writeFileSync(page, fresh);
  expect(readFileSync(page, 'utf8')).toBe(fresh);
}
