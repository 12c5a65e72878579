/** An order's public status, by name and colour. */
import { words } from './format.ts';

type Tone = 'good' | 'busy' | 'warn' | 'bad' | 'pivot' | 'quiet';

const tones: Readonly<Record<string, Tone>> = {
  AWAITING_AUTHORIZATION: 'busy',
  AUTHORIZED: 'busy',
  ORDER_CREATED: 'busy',
  INVENTORY_RESERVED: 'busy',
  PAYMENT_CAPTURED: 'pivot',
  COMPLETED: 'good',
  COMPENSATING: 'warn',
  NEEDS_ATTENTION: 'warn',
  FAILED: 'bad',
  AUTHORIZATION_FAILED: 'quiet',
  CANCELLED: 'quiet',
};

export const toneOf = (status: string): Tone => tones[status] ?? 'quiet';

/** `NEEDS_ATTENTION` → `Needs attention`. */
export function statusName(status: string): string {
  const text = words(status.replaceAll('_', ' '));
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function StatusBadge({ status }: { readonly status: string }) {
  return <span className={`badge is-${toneOf(status)}`}>{statusName(status)}</span>;
}

export const statuses: readonly string[] = Object.keys(tones);
