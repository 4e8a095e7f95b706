import { createHash } from 'node:crypto';
import { numberedBatches, type RecordSource } from '../records/record.ts';
import { fieldEnd, rowEnd } from './drawing.ts';

/** What the first reading of the records found: it refuses what is wrong with them before anything is written. */
export interface Survey {
  readonly records: number;
  /** SHA-256 of all columns and rows with their numbers: a run goes on only with the records that it began with. */
  readonly sha256: string;
}

/**
 * Reads all records once. Rejects with the `Refusal` of the source, or `records-none`. `onRecords` is told how many were
 * read so far.
 */
export async function surveyRecords(
  source: RecordSource,
  onRecords: (records: number) => void = () => undefined,
): Promise<Survey> {
  const hash = createHash('sha256').update(source.columns.join(fieldEnd) + rowEnd);
  let records = 0;
  for await (const { recordNos, rows } of numberedBatches(source)) {
    hash.update(packRows(rows)).update(recordNos);
    records += rows.length;
    onRecords(records);
  }
  return { records, sha256: hash.digest('hex') };
}

/** Rows as one text; see `DrawingTask`. */
export function packRows(rows: Iterable<readonly string[] | undefined>): string {
  let packed = '';
  for (const row of rows) packed += row === undefined ? rowEnd : row.join(fieldEnd) + rowEnd;
  return packed;
}
