/** What a start prints: what listens where, and what to try next. Pure. */
import type { ActorMachine } from '../actors/index.ts';
import { type Config, type Role, roles } from '../config.ts';

export interface Started {
  readonly config: Config;
  readonly url: string;
  readonly database: string;
  readonly machines: readonly ActorMachine[];
}

export function welcome({ config, url, database, machines }: Started): string {
  const base = url.replace('127.0.0.1', 'localhost').replace('0.0.0.0', 'localhost');
  const has = (role: Role): boolean => config.roles.includes(role);
  const everything = config.roles.length === roles.length;
  const queue = config.redisUrl === null ? 'BullMQ on Postgres' : 'BullMQ on Redis';
  const lines = [
    '',
    `  Waybill is up at ${base}`,
    `  roles     ${everything ? 'all' : config.roles.join(', ')}`,
    `  data      ${database}; ${queue}`,
    `  machines  ${machines.map(({ id, version }) => `${id} v${version}`).join(', ')}`,
    '',
    ...(has('console') ? [`  ${base}/console        every order on its statechart, and what to do about it`] : []),
    ...(has('edge') || has('inventory') || has('payments') || has('orders')
      ? [`  ${base}/docs           every route, to read and to try`]
      : []),
    `  ${base}/readyz         is it fit to serve`,
    `  ${base}/metrics        what it has counted`,
    ...(has('edge') && has('inventory') ? tryAnOrder(base) : []),
    '',
    '  Ctrl-C stops everything.',
    '',
  ];
  return lines.join('\n');
}

function tryAnOrder(base: string): string[] {
  return [
    '',
    '  Try an order:',
    '',
    `    product=$(curl -s ${base}/products -H 'content-type: application/json' \\`,
    `      -d '{"name":"Wireless Mouse","sku":"MOUSE-'$RANDOM'","priceCents":2999,"initialStock":100}' | sed 's/.*"id":"\\([^"]*\\)".*/\\1/')`,
    `    order=$(curl -s ${base}/orders -H 'content-type: application/json' -H "idempotency-key: try-$RANDOM$RANDOM" \\`,
    `      -d '{"user_id":"550e8400-e29b-41d4-a716-446655440000","email":"test@example.com","items":[{"product_id":"'$product'","quantity":2}],"payment":{"method":"card","token":"tok_visa_success"}}' \\`,
    `      | sed 's/.*"order_ledger_id":"\\([^"]*\\)".*/\\1/')`,
    `    curl -s ${base}/orders/$order -H 'prefer: wait=5'`,
    '',
    '  And every way an order can end, with a worker killed on the way: npm run demo',
  ];
}
