/** Content negotiation: which representation a client would rather have. Source: RFC 9110 §12.4.2, §12.5.1. */

/**
 * @param accept the header; absent: anything will do
 * @param offers media types, lower case, ours first
 * @returns the offer with the highest weight, the first of equals; null: the client takes none
 */
export function negotiate<Offer extends string>(accept: string | undefined, offers: readonly Offer[]): Offer | null {
  if (accept === undefined || accept.trim() === '') return offers[0] ?? null;
  const ranges = accept.split(',').map(rangeOf);
  let best: { readonly offer: Offer; readonly weight: number } | null = null;
  for (const offer of offers) {
    const weight = weightOf(offer, ranges);
    if (weight > (best?.weight ?? 0)) best = { offer, weight };
  }
  return best?.offer ?? null;
}

interface MediaRange {
  readonly type: string;
  readonly weight: number;
}

/** A range that cannot be read has no weight. Parameters besides `q` are not told apart. */
function rangeOf(text: string): MediaRange {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const q = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? '1';
  return { type, weight: /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(q) ? Number(q) : 0 };
}

/** The most specific range that fits decides, also when it says no. */
function weightOf(offer: string, ranges: readonly MediaRange[]): number {
  for (const candidate of [offer, `${offer.split('/')[0]}/*`, '*/*']) {
    const fitting = ranges.filter(({ type }) => type === candidate);
    if (fitting.length > 0) return Math.max(...fitting.map(({ weight }) => weight));
  }
  return 0;
}
