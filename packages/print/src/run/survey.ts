import { createHash } from 'node:crypto';
import { type NumberedBatch, numberedBatches, type RecordSource, type Row } from '../records/record.ts';
import { checkRow, linesAreSafe } from '../records/safe-text.ts';
import { fieldEnd, rowEnd } from './drawing.ts';

/** What the first reading of the records found: it refuses what is wrong with them before anything is written. */
export interface Survey {
  readonly records: number;
  /**
   * SHA-256 of all columns and rows with their numbers, in whatever batches they came: a run goes on only with the records
   * that it began with.
   */
  readonly sha256: string;
}

export interface SurveyOptions {
  /** What of a row the hash may tell; the row itself unless given. */
  readonly shown?: (row: Row, recordNo: number) => Row;
  /** Is told how many records were read so far. What it throws ends the survey. */
  readonly onRecords?: (records: number) => void;
}

/**
 * Reads all records once. Rejects with the `Refusal` of the source, and with `record-fields-uneven` or
 * `record-text-unsafe` for what a caller's own source let through.
 */
export async function surveyRecords(source: RecordSource, options: SurveyOptions = {}): Promise<Survey> {
  const { shown } = options;
  const texts = createHash('sha256').update(source.columns.join(fieldEnd) + rowEnd);
  const numbers = createHash('sha256');
  let records = 0;
  for await (const batch of numberedBatches(source)) {
    const packed = packRows(batch.rows);
    refuseUnsafe(batch, source.columns, packed);
    const { recordNos, rows } = batch;
    texts.update(
      shown === undefined ? packed : packRows(rows.map((row, index) => shown(row, recordNos[index]!))),
    );
    numbers.update(recordNos);
    records += rows.length;
    options.onRecords?.(records);
  }
  return {
    records,
    sha256: createHash('sha256').update(texts.digest()).update(numbers.digest()).digest('hex'),
  };
}

/** Looks at the packed text, which costs little, and only where something is wrong with it at each row. */
function refuseUnsafe({ recordNos, rows }: NumberedBatch, columns: readonly string[], packed: string): void {
  const isWhole = rows.every((row) => row.length === columns.length);
  const ends = isWhole && countOf(packed, rowEnd) === rows.length ? rows.length * (columns.length - 1) : -1;
  if (countOf(packed, fieldEnd) === ends && linesAreSafe(packed)) return;
  for (const [index, row] of rows.entries())
    checkRow(row, columns, { recordNo: recordNos[index]! }, Number.POSITIVE_INFINITY);
}

function countOf(text: string, character: string): number {
  let count = 0;
  for (let at = text.indexOf(character); at >= 0; at = text.indexOf(character, at + 1)) count++;
  return count;
}

/** Rows as one text; see `DrawingTask`. */
export function packRows(rows: Iterable<readonly string[] | undefined>): string {
  let packed = '';
  for (const row of rows) packed += row === undefined ? rowEnd : row.join(fieldEnd) + rowEnd;
  return packed;
}
