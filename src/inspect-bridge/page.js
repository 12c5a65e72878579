/**
 * Takes the events from the bridge and hands them to the inspector's window. The handshake is @statelyai/inspect's: the
 * window says `@statelyai.connected` to its opener, gets everything there has been so far, and then whatever comes.
 */
const connected = '@statelyai.connected';
const windowName = 'xstateinspector';
/** Far more than an order has; what comes after is counted, and not kept. */
const maxEvents = 20_000;

const element = (id) => document.getElementById(id);
const settings = await (await fetch('settings.json')).json();
const inspectorUrl = new URL(settings.inspectorUrl);

/** Events as they came; kept, since an inspector that is loaded again asks for all of them again. */
const events = [];
let received = 0;
let source = 'connecting';
/** The inspector's window, and its origin once it has said that it is there. */
let target = null;
let targetOrigin = null;
let targetNote = 'not open';

document.title = `${settings.title} · Waybill inspector bridge`;
element('title').textContent = settings.title;
element('inspector-host').textContent = inspectorUrl.host;
element('open').textContent = `Open the inspector at ${inspectorUrl.host}`;
element('open').disabled = false;
element('open').addEventListener('click', openInspector);
addEventListener('message', answerInspector);
connect();

function connect() {
  const socket = new WebSocket(new URL(settings.socketPath, location.href.replace(/^http/, 'ws')));
  socket.addEventListener('open', () => {
    source = 'connected';
    show();
  });
  socket.addEventListener('message', ({ data }) => {
    received += 1;
    if (events.length < maxEvents) {
      const event = JSON.parse(data);
      events.push(event);
      forward(event);
      list(event);
    }
    show();
  });
  socket.addEventListener('close', ({ code, reason }) => {
    source = code === 1000 ? 'complete' : `disconnected${reason ? `: ${reason}` : ''}; reload to connect again`;
    show();
  });
  show();
}

function openInspector() {
  targetOrigin = null;
  target = open(inspectorUrl.href, windowName);
  targetNote = target ? 'waiting for it to answer' : 'the browser has blocked the window: allow pop-ups here';
  show();
}

function answerInspector(message) {
  if (target === null || message.source !== target || message.data?.type !== connected) return;
  if (!isInspector(message.origin)) {
    targetNote = `the window is at ${message.origin}: nothing is sent there`;
    show();
    return;
  }
  targetOrigin = message.origin;
  for (const event of events) forward(event);
  show();
}

/** The inspector may live on a name below the one that it was asked for at. */
function isInspector(origin) {
  const { protocol, hostname } = new URL(origin);
  if (origin === inspectorUrl.origin) return true;
  return protocol === 'https:' && inspectorUrl.protocol === 'https:' && hostname.endsWith(`.${inspectorUrl.hostname}`);
}

/** To that origin and no other: the window may have been sent elsewhere since. */
function forward(event) {
  if (targetOrigin !== null) target.postMessage(event, targetOrigin);
}

function show() {
  const count = received === 1 ? '1 event' : `${received} events`;
  element('source').textContent =
    received > events.length ? `${source}, ${count}: too many to keep all` : `${source}, ${count}`;
  element('target').textContent = targetOrigin === null ? targetNote : `connected, ${events.length} events sent`;
}

function list(event) {
  if (event.type !== '@xstate.snapshot') return;
  const row = element('transitions').insertRow();
  const time = new Date(Number(event.createdAt)).toISOString().slice(11, 23);
  for (const text of [time, event.event.type, pathOf(event.snapshot.value)])
    row.insertCell().append(...breakable(text));
}

/** A long path breaks behind a dot. */
function breakable(text) {
  return text.split(/(?<=\.)/).flatMap((part) => [part, document.createElement('wbr')]);
}

function pathOf(value) {
  if (typeof value === 'string') return value;
  return Object.entries(value)
    .map(([key, inner]) => [key, pathOf(inner)].filter(Boolean).join('.'))
    .join(' | ');
}
