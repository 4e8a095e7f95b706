/** Reading `name=value&name=value` (query strings and form bodies) over bytes, in one pass and one allocation. */
import { percentDecodeInto } from './percent.ts';

const ampersand = 0x26;
const equals = 0x3d;

/** Decoded bytes; both are views of one fresh buffer, never of the input. */
export interface Pair {
  readonly name: Buffer;
  readonly value: Buffer;
}
export type PairsReading =
  | { readonly ok: true; readonly pairs: readonly Pair[] }
  /** `bad-escape`: in the pair whose raw name is `name`. `too-many`: more than the limit. */
  | { readonly ok: false; readonly problem: 'bad-escape'; readonly name: Buffer }
  | { readonly ok: false; readonly problem: 'too-many' };

/**
 * The pairs of `bytes`, in order. The first `=` ends the name, later ones belong to the value; a pair without `=`
 * has an empty value; empty pairs (`&&`) are left out but count towards `limit`, which bounds the work on hostile
 * input.
 */
export function readPairs(bytes: Uint8Array, limit: number): PairsReading {
  const decoded = Buffer.allocUnsafeSlow(bytes.length);
  const pairs: Pair[] = [];
  let to = 0;
  let nextEquals = -1;
  let start = 0;
  for (let count = 1; start < bytes.length; count++) {
    if (count > limit) return { ok: false, problem: 'too-many' };
    const ampersandAt = bytes.indexOf(ampersand, start);
    const end = ampersandAt < 0 ? bytes.length : ampersandAt;
    if (end > start) {
      if (nextEquals < start) {
        // Remembered beyond the pair, so that many pairs without `=` do not search the rest again and again.
        const found = bytes.indexOf(equals, start);
        nextEquals = found < 0 ? bytes.length : found;
      }
      const nameEnd = Math.min(nextEquals, end);
      const nameTo = percentDecodeInto(bytes, start, nameEnd, decoded, to);
      const valueTo = nameTo < 0 ? -1 : percentDecodeInto(bytes, nameEnd + 1, end, decoded, nameTo);
      if (valueTo < 0) {
        return { ok: false, problem: 'bad-escape', name: Buffer.from(bytes.subarray(start, nameEnd)) };
      }
      pairs.push({ name: decoded.subarray(to, nameTo), value: decoded.subarray(nameTo, valueTo) });
      to = valueTo;
    }
    start = end + 1;
  }
  return { ok: true, pairs };
}
