import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

interface Rule {
  readonly alert?: string;
  readonly annotations?: { readonly runbook?: string };
}

const read = (path: string): string => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');
const rules = (parse(read('deploy/observability/rules.yaml')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  (group) => group.rules,
);
const alerts = rules.flatMap(({ alert, annotations }) => (alert === undefined ? [] : [{ alert, ...annotations }]));

test('every alert has a runbook of its name, and every runbook an alert', () => {
  const section = read('docs/operations.md').split('\n## Alerts\n')[1]?.split('\n## ')[0] ?? '';
  const headings = [...section.matchAll(/^### (\w+)$/gm)].map(([, name]) => name ?? '');
  expect(headings.toSorted()).toEqual(alerts.map(({ alert }) => alert).toSorted());
  for (const { alert, runbook } of alerts) expect(runbook).toBe(`docs/operations.md#${alert.toLowerCase()}`);
});

test('every alert is tested to fire and to be silent', () => {
  const tests = (parse(read('deploy/observability/rules.test.yaml')) as { tests: { name: string }[] }).tests;
  expect(tests.map(({ name }) => name).toSorted()).toEqual(
    alerts.flatMap(({ alert }) => [`${alert} fires`, `${alert} is silent`]).toSorted(),
  );
});
