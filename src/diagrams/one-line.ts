/** The text as one line of characters that every format can hold: no breaks, no control characters, no half characters. */
export function oneLine(text: string): string {
  return text.replaceAll(/[\s\p{Cc}\p{Cs}\p{Cn}]+/gu, ' ');
}
