/**
 * Hands the inspector's window what it asks for. The handshake is @statelyai/inspect's: the window says
 * `@statelyai.connected` to its opener, gets everything there has been so far, and then whatever comes.
 */
const inspectorUrl = new URL('https://stately.ai/inspect');
/** Far more than an order has; what comes after is not kept. */
const maxEvents = 20_000;

/** @param say is told how it goes */
export function openInspector(socketUrl: string, say: (text: string) => void): void {
  const target = window.open(inspectorUrl.href, 'xstateinspector');
  if (!target) {
    say('The browser has blocked the window: allow pop-ups here.');
    return;
  }
  say('Waiting for the window to answer.');
  const events: unknown[] = [];
  let origin: string | null = null;
  const forward = (event: unknown): void => {
    if (origin !== null) target.postMessage(event, origin);
  };
  const socket = new WebSocket(socketUrl);
  socket.addEventListener('message', ({ data }: MessageEvent<string>) => {
    if (events.length >= maxEvents) return;
    const event: unknown = JSON.parse(data);
    events.push(event);
    forward(event);
  });
  window.addEventListener('message', (message: MessageEvent<{ readonly type?: string } | null>) => {
    if (message.source !== target || message.data?.type !== '@statelyai.connected') return;
    if (!isInspector(message.origin)) {
      say(`The window is at ${message.origin}: nothing is sent there.`);
      return;
    }
    origin = message.origin;
    for (const event of events) forward(event);
    say(`Connected: ${events.length} events sent, and what comes follows.`);
  });
}

/** The inspector may live on a name below its own. */
function isInspector(origin: string): boolean {
  const { protocol, hostname } = new URL(origin);
  const isBelow = hostname === inspectorUrl.hostname || hostname.endsWith(`.${inspectorUrl.hostname}`);
  return protocol === 'https:' && isBelow;
}
