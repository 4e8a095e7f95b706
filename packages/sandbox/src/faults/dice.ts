import { createHash } from 'node:crypto';

/** Whole numbers from 0 to `below` - 1 that depend on nothing but what the dice were made from. */
export type Dice = (below: number) => number;

/** Dice from parts; equal parts give equal throws in the same order. */
export function diceOf(...parts: readonly (string | number | bigint)[]): Dice {
  let state = createHash('sha256').update(parts.join('\u0000')).digest().readUInt32LE(0);
  // Mulberry32: small, and even enough for choosing victims.
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return (below) => Math.floor(next() * below);
}

/** The items in an order that the dice decide. */
export function shuffled<T>(items: readonly T[], dice: Dice): T[] {
  const result = [...items];
  for (let at = result.length - 1; at > 0; at--) {
    const other = dice(at + 1);
    [result[at], result[other]] = [result[other]!, result[at]!];
  }
  return result;
}
