import { Refusal } from '../refusal.ts';
import { type NumberedBatch, numberedBatches, type RecordSource } from './record.ts';
import { keepKeys, keyBook } from './select-keys.ts';
import { keepRanges, listedRanges, parsedRanges } from './select-ranges.ts';
import { indexOfColumn, rowsOf } from './unique.ts';

/** Which records of a source are to be made. */
export type Selection =
  /** Numbers and ranges with both ends: `1-500,777`; `9001-` goes to the end. */
  | { readonly ranges: string }
  /** Record numbers in any order. */
  | { readonly recordNos: readonly number[] }
  /** Values of a column that is unique, in any order. `secret` keys are never repeated in a refusal. */
  | { readonly column: string; readonly keys: readonly string[]; readonly secret?: boolean };

/**
 * Exactly the asked records, in ascending order and with the numbers that they have in the source, however the list was
 * ordered. What is asked twice is refused here; what does not exist is refused when the source has been read, before the
 * last batch is followed by an end, so that a run that trusts the end prints the whole list or nothing.
 */
export function selectRecords(source: RecordSource, selection: Selection): RecordSource {
  if ('keys' in selection) {
    const index = indexOfColumn(source, selection.column);
    const book = keyBook(selection);
    return selected(source, selection.keys.length, () => keepKeys(numberedBatches(source), index, book));
  }
  const ranges = 'ranges' in selection ? parsedRanges(selection.ranges) : listedRanges(selection.recordNos);
  const last = ranges.at(-1)?.last ?? 0;
  // Where the source numbers its rows itself, its last number is not its count.
  const known = source.numbered === undefined ? source.count : undefined;
  if (known !== undefined && last !== Number.POSITIVE_INFINITY && last > known) {
    throw new Refusal('selection-record-absent', `there are ${known}`, { recordNo: last });
  }
  const asked = ranges.reduce((sum, range) => sum + range.last - range.first + 1, 0);
  const count = asked === Number.POSITIVE_INFINITY ? undefined : asked;
  return selected(source, count, () => keepRanges(numberedBatches(source), ranges));
}

function selected(
  { columns }: RecordSource,
  count: number | undefined,
  numbered: () => AsyncIterable<NumberedBatch>,
): RecordSource {
  return { columns, ...(count === undefined ? {} : { count }), numbered, batches: () => rowsOf(numbered()) };
}
