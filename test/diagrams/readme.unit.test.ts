/** The diagrams that are kept in the repository are those of the machines that are in it. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { actorMachines } from '../../src/compose.ts';
import { chartOf, drawChart, intoMarkdown } from '../../src/diagrams/index.ts';

const order = actorMachines().findLast(({ id }) => id === 'order');
const chart = chartOf(order?.config ?? null);
const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
/** Names the command in the failure. */
const upToDate = (refresh: string) => ({ isUpToDate: true, refresh: `npx waybill machines export order ${refresh}` });

it('README.md shows the order machine as it is', async () => {
  const page = read('README.md');
  const fresh = intoMarkdown(page, 'order', await drawChart(chart, 'mermaid', { detail: 'steps' }));
  const expected = upToDate('--format mermaid --detail steps --out README.md');
  expect({ ...expected, isUpToDate: page === fresh }).toEqual(expected);
});

it('docs/order-machine.svg shows all of the order machine as it is', async () => {
  const fresh = await drawChart(chart, 'svg', { detail: 'states' });
  const expected = upToDate('--format svg --out docs/order-machine.svg');
  expect({ ...expected, isUpToDate: read('docs/order-machine.svg') === fresh }).toEqual(expected);
});
