import { Refusal } from '../refusal.ts';

/** Record numbers are kept in 32 bits, and 0 means a place without a card. */
export const greatestRecordNo = 2 ** 32 - 1;

/** One card's texts, in the order of the source's columns. */
export type Row = readonly string[];

/** Rows with the numbers that they have in their file (from 1), ascending. Both lists are equally long and never empty. */
export interface NumberedBatch {
  readonly recordNos: Uint32Array;
  readonly rows: readonly Row[];
}

/**
 * Where records come from: a file, or the caller's own iterable. Rows come in batches, since a promise for every card
 * would cost more than printing it.
 */
export interface RecordSource {
  readonly columns: readonly string[];
  /** How many there are, where that is known beforehand. */
  readonly count?: number;
  /** From the first record; every call begins anew. */
  batches(): AsyncIterable<readonly Row[]>;
  /** The same rows with their numbers. A source without this numbers its rows 1, 2, 3, …; see `numberedBatches`. */
  numbered?(): AsyncIterable<NumberedBatch>;
}

/**
 * The rows of any source with the numbers that they have in their file, so that a remake keeps the number of its card.
 * Throws `records-too-many` beyond `greatestRecordNo`: the next number would be that of no card.
 */
export function numberedBatches(source: RecordSource): AsyncIterable<NumberedBatch> {
  return source.numbered?.() ?? countedUp(source.batches());
}

async function* countedUp(batches: AsyncIterable<readonly Row[]>): AsyncGenerator<NumberedBatch> {
  let nextNo = 1;
  for await (const rows of batches) {
    if (rows.length === 0) continue;
    const firstNo = nextNo;
    nextNo += rows.length;
    if (nextNo - 1 > greatestRecordNo)
      throw new Refusal('records-too-many', `a run has ${greatestRecordNo} at most`);
    const recordNos = new Uint32Array(rows.length);
    for (let index = 0; index < recordNos.length; index++) recordNos[index] = firstNo + index;
    yield { recordNos, rows };
  }
}
