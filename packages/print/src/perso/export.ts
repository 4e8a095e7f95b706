import { numberedBatches, type RecordSource, type Row } from '../records/record.ts';
import { checkRow } from '../records/safe-text.ts';
import { Refusal } from '../refusal.ts';
import { startsFormula } from './field.ts';
import { type ByteSink, plainOutflow, type Seal } from './outflow.ts';
import type { PersoProfile } from './profile.ts';
import { type PublicColumn, publicColumn } from './secrecy.ts';
import { mostXlsxRows, Xlsx } from './xlsx.ts';

export interface ExportRequest {
  readonly format: 'xlsx' | 'csv';
  /** In this order. A title is the column's name where it is left out. */
  readonly columns: readonly { readonly column: string; readonly title?: string }[];
}

export interface ExportSummary {
  readonly records: number;
  readonly file: Seal;
}

interface Chosen {
  readonly column: PublicColumn;
  readonly title: string;
  readonly index: number;
}

/** How the rows become bytes. */
interface Sheet {
  head(titles: readonly string[]): Buffer;
  /** A row as text, gathered for `pack`. */
  row(texts: readonly string[]): string;
  pack(rows: string): Buffer;
  tail(): Buffer;
}

const blockLength = 1 << 17;
/** Excel shows a number of 12 digits or more as 1.23E+11, and keeps 15. */
const mostPlainDigits = 11;

/**
 * Writes records for people (人工导出), in constant memory: text cells that a spreadsheet neither computes nor changes.
 * Secret columns, and columns that the profile does not list, are never in it.
 *
 * In XLSX every cell is a string. CSV has no types: a cell that begins as a formula gets an apostrophe before it, and one
 * that a spreadsheet would take for a number or date with other digits gets a tab behind it. Use XLSX where the texts are
 * to be copied on.
 *
 * Throws `perso-secret-exposed`, `record-field-missing`, `export-too-long` (XLSX has 1,048,575 rows), and what `checkRow`
 * refuses.
 */
export async function writeExport(
  source: RecordSource,
  profile: PersoProfile,
  request: ExportRequest,
  sink: ByteSink,
): Promise<ExportSummary> {
  const chosen = choose(source.columns, profile, request);
  const sheet = request.format === 'xlsx' ? xlsxSheet(chosen.length) : csvSheet;
  const outflow = plainOutflow(sink);
  let records = 0;
  let rows = '';
  await outflow.write(sheet.head(chosen.map(({ title }) => title)));
  for await (const batch of numberedBatches(source)) {
    for (const [place, row] of batch.rows.entries()) {
      records++;
      checkRow(row, source.columns, { recordNo: batch.recordNos[place] as number });
      if (request.format === 'xlsx' && records >= mostXlsxRows) {
        throw new Refusal('export-too-long', `XLSX has room for ${mostXlsxRows - 1}`);
      }
      rows += sheet.row(publicTexts(row, chosen));
      if (rows.length >= blockLength) {
        await outflow.write(sheet.pack(rows));
        rows = '';
      }
    }
  }
  await outflow.write(sheet.pack(rows));
  await outflow.write(sheet.tail());
  return { records, file: await outflow.close() };
}

function choose(
  columns: readonly string[],
  profile: PersoProfile,
  request: ExportRequest,
): readonly Chosen[] {
  if (request.columns.length === 0) throw new Refusal('record-field-missing', 'no column asked for');
  return request.columns.map(({ column, title = column }, place) => {
    const at = `columns[${place}]`;
    const chosen = publicColumn(profile.columns, column, at);
    const index = columns.indexOf(column);
    if (index < 0) throw new Refusal('record-field-missing', `no column ${column}`, { at });
    checkRow([title], [at], {});
    return { column: chosen, title, index };
  });
}

function publicTexts(row: Row, chosen: readonly Chosen[]): readonly string[] {
  return chosen.map(({ index }) => row[index] as string);
}

function xlsxSheet(columns: number): Sheet {
  const book = new Xlsx(columns);
  return {
    head: (titles) => book.head(titles),
    row: (texts) => book.row(texts),
    pack: (rows) => book.add(rows),
    tail: () => book.tail(),
  };
}

const csvSheet: Sheet = {
  head: (titles) => Buffer.from(`\ufeff${csvRow(titles)}`),
  row: csvRow,
  pack: (rows) => Buffer.from(rows),
  tail: () => Buffer.alloc(0),
};

function csvRow(texts: readonly string[]): string {
  return `${texts.map(csvCell).join(',')}\r\n`;
}

function csvCell(text: string): string {
  const kept = startsFormula(text.trimStart()) ? `'${text}` : wouldChange(text) ? `${text}\t` : text;
  return /[",;\t']/.test(kept) ? `"${kept.replaceAll('"', '""')}"` : kept;
}

const looksCounted = /^\s*[\d.$¥￥\uff10-\uff19]/;
const looksDated = /^\s*(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\W?\d/i;

/** Whether a spreadsheet may take the text for a number, date or time and show it otherwise: 007, 1.50, 1E5, 3-4, 12:30, MAR1. */
function wouldChange(text: string): boolean {
  if (/^(?:0|[1-9]\d*)$/.test(text)) return text.length > mostPlainDigits;
  return looksCounted.test(text) || looksDated.test(text);
}
