import { Refusal } from '../refusal.ts';
import { keptOf } from './kept-batch.ts';
import type { NumberedBatch } from './record.ts';

/** What is asked for, by key: the key's place in the list, and how it may be named in a refusal. */
export interface KeyBook {
  readonly column: string;
  readonly places: ReadonlyMap<string, number>;
  named(place: number): string;
}

/** Throws `selection-repeated` for a key that stands twice, and `selection-malformed` for an empty list. */
export function keyBook(asked: {
  readonly column: string;
  readonly keys: readonly string[];
  readonly secret?: boolean;
}): KeyBook {
  const { column, keys, secret = false } = asked;
  if (keys.length === 0) throw new Refusal('selection-malformed', 'the list is empty');
  const named = (place: number): string =>
    secret ? `key ${place + 1} of the list` : `key ${place + 1}, ${shown(keys[place] as string)}`;
  const places = new Map<string, number>();
  for (const [place, key] of keys.entries()) {
    const first = places.get(key);
    if (first !== undefined) {
      throw new Refusal('selection-repeated', `${named(place)} is also key ${first + 1}`, { at: column });
    }
    places.set(key, place);
  }
  return { column, places, named };
}

/** Exactly the records with these keys, each found once. Reads the whole source: a key may come again at its end. */
export async function* keepKeys(
  batches: AsyncIterable<NumberedBatch>,
  columnIndex: number,
  { column: at, places, named }: KeyBook,
): AsyncGenerator<NumberedBatch> {
  /** The record in which each key was found; 0 until then. */
  const found = new Uint32Array(places.size);
  for await (const batch of batches) {
    const part = keptOf(batch, (recordNo, index) => {
      const place = places.get(batch.rows[index]?.[columnIndex] as string);
      if (place === undefined) return false;
      if (found[place] !== 0) {
        const detail = `${named(place)} is also in record ${found[place]}`;
        throw new Refusal('selection-key-ambiguous', detail, { recordNo, at });
      }
      found[place] = recordNo;
      return true;
    });
    if (part !== undefined) yield part;
  }
  const absent = found.indexOf(0);
  if (absent >= 0) throw new Refusal('selection-record-absent', named(absent), { at });
}

/** A key comes from a list that nobody has checked: it is shown escaped and cut. */
function shown(key: string): string {
  const escaped = key.replace(
    /[^\p{L}\p{N}\p{P}\p{S} ]/gu,
    (found) => `\\u{${found.codePointAt(0)?.toString(16)}}`,
  );
  return escaped.length > 64 ? `${escaped.slice(0, 64)}…` : escaped;
}
