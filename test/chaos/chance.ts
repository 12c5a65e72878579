/** Choices of one seed: the same plan for the same seed, whatever the processes make of it. */
import { seeded } from '../support/virtual-process.ts';

export interface Chance {
  /** A whole number from 0 to `n` - 1. */
  below(n: number): number;
  /** A whole number from `from` to `to`. */
  between(from: number, to: number): number;
  happens(probability: number): boolean;
  pick<T>(from: readonly T[]): T;
  shuffled<T>(list: readonly T[]): T[];
}

export function chance(seed: number): Chance {
  const random = seeded(seed);
  const below = (n: number): number => Math.floor(random() * n);
  return {
    below,
    between: (from, to) => from + below(to - from + 1),
    happens: (probability) => random() < probability,
    pick<T>(from: readonly T[]): T {
      const picked = from[below(from.length)];
      if (picked === undefined) throw new Error('nothing to pick from');
      return picked;
    },
    shuffled<T>(list: readonly T[]): T[] {
      const keyed = list.map((item) => ({ item, order: random() }));
      return keyed.sort((a, b) => a.order - b.order).map(({ item }) => item);
    },
  };
}

/** Deals all cards in an order of its own, then all of them again in another. */
export function deck<T>(cards: readonly T[], { shuffled }: Chance): () => T {
  let left: T[] = [];
  return () => {
    if (left.length === 0) left = shuffled(cards);
    const card = left.pop();
    if (card === undefined) throw new Error('a deck without cards');
    return card;
  };
}
