import { Refusal, type RefusalPlace } from '../refusal.ts';
import { type NumberedBatch, numberedBatches, type RecordSource } from './record.ts';

/** 64 bits of a text, as two unsigned halves. */
export type TextHash = (text: string, into: Uint32Array) => void;

/** After so many different values with one hash, the file was made to have them. */
const maxFalseAlarms = 16;

/**
 * The same records, refused as soon as a value comes twice in one of these columns; both record numbers are named. It
 * keeps 64 bits of hash and the number of each value: 25 MB for a million, half as much again while it grows. Two values with the
 * same hash are no verdict: the source is read again up to the earlier record and the texts are compared.
 */
export function uniqueRecords(
  source: RecordSource,
  uniqueBy: readonly string[],
  file?: string,
  hash: TextHash = mixedHash,
): RecordSource {
  const indexes = uniqueBy.map((name) => indexOfColumn(source, name));
  async function* numbered(): AsyncGenerator<NumberedBatch> {
    const seen = indexes.map(() => new NumbersByHash(hash));
    let falseAlarms = 0;
    for await (const batch of numberedBatches(source)) {
      for (const [which, index] of indexes.entries()) {
        const known = seen[which] as NumbersByHash;
        for (const [place, row] of batch.rows.entries()) {
          const recordNo = batch.recordNos[place] as number;
          for (const earlierNo of known.add(row[index] as string, recordNo)) {
            if ((await textOf(source, earlierNo, index)) === row[index]) {
              const at = source.columns[index] as string;
              throw new Refusal(
                'record-duplicate',
                `the same as in record ${earlierNo}`,
                where({ recordNo, at }),
              );
            }
            if (++falseAlarms > maxFalseAlarms) {
              throw new Refusal('records-uniqueness-undecided', `${falseAlarms} times`, where({ recordNo }));
            }
          }
        }
      }
      yield batch;
    }
  }
  const where = (place: RefusalPlace): RefusalPlace => (file === undefined ? place : { file, ...place });
  return { ...source, numbered, batches: () => rowsOf(numbered()) };
}

/** The column's place in a row. Throws `record-field-missing`. */
export function indexOfColumn(source: RecordSource, name: string): number {
  const index = source.columns.indexOf(name);
  if (index < 0) throw new Refusal('record-field-missing', 'no such column', { at: name });
  return index;
}

/** A numbered stream without its numbers. */
export async function* rowsOf(batches: AsyncIterable<NumberedBatch>): AsyncGenerator<NumberedBatch['rows']> {
  for await (const { rows } of batches) yield rows;
}

async function textOf(source: RecordSource, recordNo: number, index: number): Promise<string | undefined> {
  for await (const { recordNos, rows } of numberedBatches(source)) {
    const place = recordNos.indexOf(recordNo);
    if (place >= 0) return rows[place]?.[index];
  }
  return undefined;
}

const nothing: readonly number[] = [];

/** An open-addressed table in typed arrays: 12 bytes a slot, half to a quarter of them filled. */
class NumbersByHash {
  readonly #hash: TextHash;
  readonly #halves = new Uint32Array(2);
  /** Three words a slot: the two halves of the hash, and the record's number; number 0 is an empty slot. */
  #slots = new Uint32Array(3 * 1024);
  #size = 0;

  constructor(hash: TextHash) {
    this.#hash = hash;
  }

  /** Keeps the number, and gives those of earlier texts with the same hash. */
  add(text: string, recordNo: number): readonly number[] {
    if (this.#size * 6 >= this.#slots.length) this.#grow();
    this.#hash(text, this.#halves);
    this.#size++;
    return this.#place(this.#halves[0] as number, this.#halves[1] as number, recordNo);
  }

  #place(high: number, low: number, recordNo: number): readonly number[] {
    const slots = this.#slots;
    const mask = slots.length / 3 - 1;
    let alike = nothing;
    let slot = low & mask;
    for (; slots[slot * 3 + 2] !== 0; slot = (slot + 1) & mask) {
      if (slots[slot * 3] === high && slots[slot * 3 + 1] === low)
        alike = [...alike, slots[slot * 3 + 2] as number];
    }
    slots[slot * 3] = high;
    slots[slot * 3 + 1] = low;
    slots[slot * 3 + 2] = recordNo;
    return alike;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Uint32Array(old.length * 2);
    for (let at = 0; at < old.length; at += 3) {
      if (old[at + 2] !== 0) this.#place(old[at] as number, old[at + 1] as number, old[at + 2] as number);
    }
  }
}

/** Two multiply-and-rotate lanes over the UTF-16 units, finished as MurmurHash3 does (fmix32). Fast, not secret. */
function mixedHash(text: string, into: Uint32Array): void {
  let high = 0x9e3779b9 ^ text.length;
  let low = 0x85ebca6b;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    high = Math.imul(((high << 13) | (high >>> 19)) ^ unit, 0xcc9e2d51);
    low = Math.imul(((low << 15) | (low >>> 17)) ^ unit, 0x1b873593);
  }
  into[0] = finished(high ^ (low >>> 3));
  into[1] = finished(low + Math.imul(high, 5));
}

function finished(word: number): number {
  const once = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  const twice = Math.imul(once ^ (once >>> 13), 0xc2b2ae35);
  return (twice ^ (twice >>> 16)) >>> 0;
}
