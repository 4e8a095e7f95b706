import { Refusal } from '../refusal.ts';
import { keptOf } from './kept-batch.ts';
import { greatestRecordNo, type NumberedBatch } from './record.ts';

/** From `first` to `last`, both included; `last` may be Infinity. */
export interface RecordRange {
  readonly first: number;
  readonly last: number;
}

/** `1-500,777,9001-` as ascending ranges. Throws `selection-malformed`, and `selection-repeated` where ranges meet. */
export function parsedRanges(text: string): readonly RecordRange[] {
  return ascending(text.split(',').map((part, index) => parsedRange(part.trim(), index)));
}

/** A list of numbers as ascending ranges. */
export function listedRanges(recordNos: readonly number[]): readonly RecordRange[] {
  if (recordNos.length === 0) throw new Refusal('selection-malformed', 'the list is empty');
  for (const [index, recordNo] of recordNos.entries()) {
    if (!isRecordNo(recordNo)) throw malformed(index, 'is not a record number');
  }
  return ascending(recordNos.map((recordNo) => ({ first: recordNo, last: recordNo })));
}

/** Exactly the records in these ranges. The source is read no further than it must. */
export async function* keepRanges(
  batches: AsyncIterable<NumberedBatch>,
  ranges: readonly RecordRange[],
): AsyncGenerator<NumberedBatch> {
  const asked = new AskedNumbers(ranges);
  for await (const batch of batches) {
    const part = keptOf(batch, (recordNo) => asked.has(recordNo));
    if (part !== undefined) yield part;
    if (asked.awaited === Number.POSITIVE_INFINITY) return;
  }
  if (!asked.atOpenEnd) throw absent(asked.awaited);
}

/** Walks ascending numbers against ascending ranges, and misses none. */
class AskedNumbers {
  /** The next number that must come; Infinity when all have come. */
  awaited: number;
  /** Whether a range without an end has begun: it ends where the source does, gaps included. */
  atOpenEnd = false;
  readonly #ranges: readonly RecordRange[];
  #which = 0;

  constructor(ranges: readonly RecordRange[]) {
    this.#ranges = ranges;
    this.awaited = (ranges[0] as RecordRange).first;
  }

  has(recordNo: number): boolean {
    if (this.atOpenEnd) return true;
    if (recordNo < this.awaited) return false;
    if (recordNo > this.awaited) throw absent(this.awaited);
    const { last } = this.#ranges[this.#which] as RecordRange;
    if (last === Number.POSITIVE_INFINITY) this.atOpenEnd = true;
    this.awaited =
      recordNo < last ? recordNo + 1 : (this.#ranges[++this.#which]?.first ?? Number.POSITIVE_INFINITY);
    return true;
  }
}

function absent(recordNo: number): Refusal {
  return new Refusal('selection-record-absent', 'it is not among the records', { recordNo });
}

function parsedRange(part: string, index: number): RecordRange {
  const match = /^(\d{1,10})(?:\s*(-)\s*(\d{1,10})?)?$/.exec(part);
  if (match === null) throw malformed(index, 'is neither a number nor a range');
  const first = Number(match[1]);
  const openEnd = match[2] === '-' ? Number.POSITIVE_INFINITY : first;
  const last = match[3] === undefined ? openEnd : Number(match[3]);
  if (!isRecordNo(first) || (last !== Number.POSITIVE_INFINITY && !isRecordNo(last))) {
    throw malformed(index, `has a number that is not from 1 to ${greatestRecordNo}`);
  }
  if (last < first) throw malformed(index, 'runs backwards');
  return { first, last };
}

/** Sorted, with neighbours joined. */
function ascending(ranges: readonly RecordRange[]): readonly RecordRange[] {
  const joined: RecordRange[] = [];
  for (const range of ranges.toSorted((one, other) => one.first - other.first)) {
    const before = joined.at(-1);
    if (before !== undefined && range.first <= before.last) {
      throw new Refusal('selection-repeated', 'the list holds it twice', { recordNo: range.first });
    }
    if (before !== undefined && range.first === before.last + 1) {
      joined[joined.length - 1] = { first: before.first, last: range.last };
    } else joined.push(range);
  }
  return joined;
}

function isRecordNo(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= greatestRecordNo;
}

function malformed(index: number, what: string): Refusal {
  return new Refusal('selection-malformed', `entry ${index + 1} ${what}`);
}
