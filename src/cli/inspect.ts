/** `waybill inspect`: shows one order in Stately's inspector, by a bridge on this machine. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type InspectBridge, openInspectBridge } from '../inspect-bridge/inspect-bridge.ts';
import type { Backend } from './backend.ts';
import { type ExitCode, exitCodes, type Invocation, wholeNumber, type Wrap } from './invocation.ts';
import { stopSignal } from './stop-signal.ts';
import { withOrder } from './with-order.ts';

const statelyInspector = 'https://stately.ai/inspect';

interface InspectOptions {
  readonly port: number;
  readonly once?: boolean;
  readonly inspectorUrl: URL;
}

export function inspectCommand(waybill: Command, wrap: Wrap): void {
  waybill
    .command('inspect <id>')
    .description('show an order in Stately’s inspector: what it has done, and what it does, until Ctrl-C')
    .addOption(new Option('--port <n>', 'port on this machine; 0 takes a free one').argParser(wholeNumber).default(0))
    .option('--once', 'show the stored history once, then end')
    .addOption(
      new Option('--inspector-url <url>', 'the inspector to open')
        .argParser(inspectorUrl)
        .default(new URL(statelyInspector), statelyInspector),
    )
    .action(
      wrap((invocation, id: string, options: InspectOptions) =>
        withOrder(invocation, id, (backend, orderId) => inspect(orderId, backend, invocation, options)),
      ),
    );
}

async function inspect(
  id: string,
  { inspector }: Backend,
  { json, print }: Invocation,
  options: InspectOptions,
): Promise<ExitCode> {
  const stopping = stopSignal();
  try {
    const bridge = await openInspectBridge({
      inspector,
      actorId: id,
      title: `Order ${id}`,
      inspectorUrl: options.inspectorUrl,
      port: options.port,
      historyOnly: options.once === true,
    });
    print(json ? addresses(id, bridge, options) : howToConnect(id, bridge, options));
    const end = await Promise.race([
      stopping.requested.then(() => 'stopped' as const),
      ...(options.once ? [bridge.told.then(() => 'told' as const)] : []),
    ]);
    await bridge.close();
    if (end === 'told' || !options.once) return exitCodes.done;
    process.stderr.write('waybill: stopped before anybody had read the history\n');
    return exitCodes.problem;
  } finally {
    stopping.release();
  }
}

const addresses = (id: string, { url, socketUrl }: InspectBridge, { inspectorUrl }: InspectOptions): string =>
  JSON.stringify({ order_ledger_id: id, url, socket_url: socketUrl, inspector_url: inspectorUrl.href });

function howToConnect(id: string, { url, socketUrl }: InspectBridge, { inspectorUrl, once }: InspectOptions): string {
  return [
    `Order ${id}`,
    '',
    `Open      ${url}`,
    `          and press the button there: it opens ${inspectorUrl.href}`,
    '          in a window of its own, which needs the internet.',
    `Or read   ${socketUrl}`,
    '          the same events over a WebSocket, for createWebSocketReceiver of @statelyai/inspect and other tools.',
    '',
    'Leaves    states, types of events, amounts, quantities, codes, ids of orders, products and actors, and the chart.',
    'Stays     e-mail, names, ids of users, payment tokens, authorizations, who operated and why, any free text.',
    '',
    once ? 'Ends when the history has been shown once.' : 'Ctrl-C ends.',
  ].join('\n');
}

/** Parses an option. Over plain HTTP only to this machine. */
function inspectorUrl(value: string): URL {
  const url = URL.parse(value);
  const isLocal = url?.protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  if (url?.protocol === 'https:' || isLocal) return url;
  throw new InvalidArgumentError('expected an https URL, or an http one of this machine');
}
