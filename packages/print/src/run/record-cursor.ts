import { type NumberedBatch, numberedBatches, type RecordSource, type Row } from '../records/record.ts';

/** So many records in a row, with their numbers. */
export interface TakenRecords {
  readonly rows: readonly Row[];
  readonly recordNos: Float64Array;
}

/** Reads a source in pieces of any size. */
export class RecordCursor {
  readonly #batches: AsyncIterator<NumberedBatch>;
  #batch: NumberedBatch | undefined;
  #used = 0;

  constructor(source: RecordSource) {
    this.#batches = numberedBatches(source)[Symbol.asyncIterator]();
  }

  /** The next `count` records. Throws if there are fewer: the source has changed since it was surveyed. */
  async take(count: number): Promise<TakenRecords> {
    const rows: Row[] = [];
    const recordNos = new Float64Array(count);
    while (rows.length < count) {
      const batch = await this.#current();
      const piece = Math.min(count - rows.length, batch.rows.length - this.#used);
      for (let index = this.#used; index < this.#used + piece; index++) {
        recordNos[rows.length] = batch.recordNos[index] ?? 0;
        rows.push(batch.rows[index] ?? []);
      }
      this.#used += piece;
    }
    return { rows, recordNos };
  }

  /** Passes over the next `count` records, those of files that are there already. */
  async skip(count: number): Promise<void> {
    for (let left = count; left > 0; ) {
      const batch = await this.#current();
      const piece = Math.min(left, batch.rows.length - this.#used);
      this.#used += piece;
      left -= piece;
    }
  }

  async close(): Promise<void> {
    await this.#batches.return?.();
  }

  async #current(): Promise<NumberedBatch> {
    while (this.#batch === undefined || this.#used >= this.#batch.rows.length) {
      const next = await this.#batches.next();
      if (next.done) throw new Error('there are fewer records than at the first reading');
      this.#batch = next.value;
      this.#used = 0;
    }
    return this.#batch;
  }
}
