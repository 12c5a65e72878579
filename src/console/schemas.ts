/**
 * What the console's own routes take and answer. They serve the console's pages alone and may change with them; what
 * the API promises to others (orders, actors, machines, events, previews) the pages use as it is.
 *
 * | route under /console/api              | takes               | answers             |
 * | ------------------------------------- | ------------------- | ------------------- |
 * | GET  /session                         |                     | Session             |
 * | GET  /overview                        |                     | Overview            |
 * | GET  /orders                          | OrderSearch         | FoundOrders         |
 * | GET  /orders/:id                      |                     | OrderFile           |
 * | GET  /orders/:id/log                  | LogQuery            | OrderLog            |
 * | GET  /orders/:id/failing-test         | FailingTestQuery    | TypeScript, to save |
 * | POST /orders/:id/what-if              | WhatIfBody          | WhatIf              |
 * | GET  /machines/:id/states             |                     | MachineStates       |
 * | GET  /machines/:id/verdict            | VerdictQuery        | Verdict (202: later)|
 * | GET  /machines/:id/difference         | DifferenceQuery     | Difference          |
 * | GET  /parked                          |                     | ParkedGroups        |
 * | GET  /parked/actors                   | ParkedQuery         | ParkedActors        |
 * | POST /parked/retry                    | RetryBody           | Retried             |
 * | GET  /live                            |                     | server-sent events `orders`, each a LiveOrders |
 * | GET  /demo                            |                     | Demo (404 where it is not allowed) |
 * | POST /demo/orders                     | DemoOrderBody       | DemoOrder           |
 * | PUT  /demo/gateway                    | GatewayWeather      | Demo                |
 * | POST /demo/worker                     | DemoWorkerBody      | Demo                |
 *
 * One actor is operated by `POST /actors/:id/events` (RETRY, RESOLVE with a settlement), an order cancelled by
 * `POST /orders/:id/cancel`; `POST /actors/:id/preview` tells beforehand what comes of it.
 * Every refusal is a Problem. Amounts are minor units of the currency beside them, instants RFC 3339 in UTC.
 */
export * from './schemas/session.ts';
export * from './schemas/overview.ts';
export * from './schemas/orders.ts';
export * from './schemas/order.ts';
export * from './schemas/machines.ts';
export * from './schemas/parked.ts';
export * from './schemas/live.ts';
export * from './schemas/demo.ts';
