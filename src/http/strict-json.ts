/** Parses JSON that leaves no room for two readings: no duplicate keys, no text that Postgres or JavaScript choke on. */

export type StrictJson =
  | { readonly ok: true; readonly value: unknown }
  /** `reason` is a sentence for the client; it quotes nothing of the text. */
  | { readonly ok: false; readonly reason: string };

/**
 * Parses UTF-8 JSON. Refused, besides what JSON itself refuses: invalid UTF-8, a byte order mark, duplicate keys (also
 * when spelled with escapes), NUL and lone surrogates, the keys `__proto__` and `constructor`, more than 32 levels.
 */
export function parseStrictJson(bytes: Uint8Array): StrictJson {
  let text: string;
  let value: unknown;
  try {
    text = utf8.decode(bytes);
  } catch {
    return refuse('The body is not valid UTF-8.');
  }
  if (text.startsWith('\uFEFF')) return refuse('The body starts with a byte order mark.');
  try {
    value = JSON.parse(text);
  } catch {
    // The engine's message quotes the text, which may be personal.
    return refuse('The body is not valid JSON.');
  }
  const flaw = findFlaw(text);
  return flaw === null ? { ok: true, value } : refuse(flaw);
}

/** Whether a string can be stored: Postgres takes neither NUL nor lone surrogates. */
export function isStorableText(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}

export const maxJsonDepth = 32;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const reservedKeys = new Set(['__proto__', 'constructor']);

function refuse(reason: string): StrictJson {
  return { ok: false, reason };
}

/** Scans text that JSON.parse has accepted, so every bracket and quote is known to be in place. */
function findFlaw(text: string): string | null {
  // Per open bracket: the keys seen in an object, null in an array.
  const open: (Set<string> | null)[] = [];
  let keys: Set<string> | null = null;
  let atKey = false;
  for (let i = 0; i < text.length; i++) {
    switch (text[i]) {
      case '"': {
        const end = endOfString(text, i);
        const flaw = flawOfString(text.slice(i, end), atKey ? keys : null);
        if (flaw !== null) return flaw;
        atKey = false;
        i = end - 1;
        break;
      }
      case '{':
      case '[':
        keys = text[i] === '{' ? new Set() : null;
        atKey = keys !== null;
        if (open.push(keys) > maxJsonDepth) return `The body is nested deeper than ${maxJsonDepth} levels.`;
        break;
      case '}':
      case ']':
        open.pop();
        keys = open.at(-1) ?? null;
        atKey = false;
        break;
      case ',':
        atKey = keys !== null;
        break;
      default:
    }
  }
  return null;
}

/** @param literal with its quotes; @param keys the keys seen so far, if this string is a key */
function flawOfString(literal: string, keys: Set<string> | null): string | null {
  const escaped = literal.includes('\\');
  // Only escapes can spell NUL or a lone surrogate: raw ones are refused by JSON.parse and the UTF-8 decoder.
  if (keys === null && !escaped) return null;
  const text = escaped ? String(JSON.parse(literal)) : literal.slice(1, -1);
  if (escaped && !isStorableText(text)) return 'The body contains a NUL character or a lone surrogate.';
  if (keys === null) return null;
  if (reservedKeys.has(text)) return 'The body uses a reserved key.';
  if (keys.has(text)) return 'The body repeats a key within one object.';
  keys.add(text);
  return null;
}

/** The index after the closing quote of the string that opens at `start`. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end + 1;
}

function isEscaped(text: string, index: number): boolean {
  let backslashes = 0;
  while (text[index - 1 - backslashes] === '\\') backslashes++;
  return backslashes % 2 === 1;
}
