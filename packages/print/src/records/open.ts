import { basename, extname } from 'node:path';
import { Refusal, type RefusalPlace, refusedAt } from '../refusal.ts';
import { checkColumns } from './columns.ts';
import { csvFields } from './csv.ts';
import { jsonFields, jsonRow } from './jsonl.ts';
import type { RecordSource, Row } from './record.ts';
import { checkRow, defaultMaxTextLength, linesAreSafe } from './safe-text.ts';
import {
  type FileVersion,
  readTextLines,
  type TextBlock,
  type TextEncoding,
  versionAt,
} from './text-lines.ts';
import { uniqueRecords } from './unique.ts';

export interface RecordFileOptions {
  /** Default `utf-8`. GBK files are `gb18030`, which contains it. JSON lines are always UTF-8 (RFC 8259, 8.1). */
  readonly encoding?: TextEncoding;
  /** Of one field, in UTF-16 units. Default 4,096. */
  readonly maxTextLength?: number;
  /** Columns in which no value may come twice. */
  readonly uniqueBy?: readonly string[];
}

/** What CSV and JSON lines differ in. Refusals are thrown without a place: the caller knows the line. */
interface Format {
  /** Lines before the first record. */
  readonly headerLines: 0 | 1;
  /** Whether a line that is safe as it stands can still mean an unsafe text. */
  mayHide(line: string): boolean;
  columnsOf(line: string): readonly string[];
  rowOf(line: string, columns: readonly string[]): Row;
}

const formats: Readonly<Record<string, Format>> = {
  '.csv': { headerLines: 1, mayHide: () => false, columnsOf: csvFields, rowOf: csvFields },
  '.jsonl': {
    headerLines: 0,
    mayHide: (line) => line.includes('\\'),
    columnsOf: (line) => jsonFields(line).keys,
    rowOf: jsonRow,
  },
};

interface RecordFile {
  readonly path: string;
  readonly name: string;
  readonly encoding: TextEncoding;
  readonly format: Format;
  readonly maxTextLength: number;
  /** When it was opened: a run reads it twice, and must print what it has checked. */
  readonly version: FileVersion | undefined;
}

const rowsPerBatch = 512;

/**
 * Records of a file: CSV (RFC 4180 with a header; LF or CRLF) or JSON lines (one flat object of strings a line), read in
 * constant memory. Every text went through `checkRow`. A file that is not wholly as it should be is refused with the
 * record's number, the line and the column, never with a value; and one that changes after it was opened, too.
 *
 * @throws Refusal at once for what the first line tells; while `batches()` is read for the rest, after the batches before it.
 */
export async function openRecords(path: string, options: RecordFileOptions = {}): Promise<RecordSource> {
  const file = { ...fileAt(path, options), version: await versionAt(path) };
  const columns = await readColumns(file);
  const source: RecordSource = { columns, batches: () => readBatches(file, columns) };
  return options.uniqueBy ? uniqueRecords(source, options.uniqueBy, file.name) : source;
}

function fileAt(path: string, options: RecordFileOptions): Omit<RecordFile, 'version'> {
  const { encoding = 'utf-8', maxTextLength = defaultMaxTextLength } = options;
  const name = basename(path);
  const ending = extname(path).toLowerCase();
  const format = formats[ending];
  if (format === undefined)
    throw new Refusal('records-file-unreadable', 'neither .csv nor .jsonl', { file: name });
  if (ending === '.jsonl' && encoding !== 'utf-8') {
    throw new Refusal('records-encoding-wrong', 'JSON lines are UTF-8', { file: name });
  }
  return { path, name, encoding, format, maxTextLength };
}

async function readColumns(file: RecordFile): Promise<readonly string[]> {
  for await (const { text } of linesOf(file)) {
    const place = { file: file.name, line: 1 };
    const line = lineAt(text, 0, text.indexOf('\n'));
    const columns = within(place, () => file.format.columnsOf(line));
    checkColumns(columns, place);
    return columns;
  }
  throw new Refusal('records-empty', 'the file is empty', { file: file.name });
}

async function* readBatches(file: RecordFile, columns: readonly string[]): AsyncGenerator<readonly Row[]> {
  let line = 1;
  for await (const { text, firstLine } of linesOf(file)) {
    const reader = new BlockReader(file, columns, { text, firstLine });
    for (let rows = reader.next(); rows.length > 0; rows = reader.next()) yield rows;
    line = reader.line;
  }
  if (line - 1 <= file.format.headerLines) {
    throw new Refusal('records-empty', 'there is nothing after the header', { file: file.name });
  }
}

/** Takes the records of one block of lines, a batch at a time. */
class BlockReader {
  /** The line that is read next. */
  line: number;
  readonly #file: RecordFile;
  readonly #columns: readonly string[];
  readonly #text: string;
  readonly #safe: boolean;
  #at = 0;

  constructor(file: RecordFile, columns: readonly string[], { text, firstLine }: TextBlock) {
    this.#file = file;
    this.#columns = columns;
    this.#text = text;
    this.#safe = linesAreSafe(text);
    this.line = firstLine;
    if (firstLine === 1 && file.format.headerLines === 1) this.#skipHeader();
  }

  next(): readonly Row[] {
    const rows: Row[] = [];
    try {
      while (rows.length < rowsPerBatch && this.#at < this.#text.length) rows.push(this.#row());
      return rows;
    } catch (error) {
      throw refusedAt(error, placeOfLine(this.#file, this.line));
    }
  }

  #row(): Row {
    const { format, maxTextLength } = this.#file;
    const columns = this.#columns;
    const feed = this.#text.indexOf('\n', this.#at);
    const line = lineAt(this.#text, this.#at, feed);
    if (line === '') throw new Refusal('record-malformed', 'the line is empty');
    const row = format.rowOf(line, columns);
    const known = this.#safe && line.length <= maxTextLength && !line.includes('\r') && !format.mayHide(line);
    if (!known || row.length !== columns.length) checkRow(row, columns, {}, maxTextLength);
    this.#at = feed < 0 ? this.#text.length : feed + 1;
    this.line++;
    return row;
  }

  #skipHeader(): void {
    const feed = this.#text.indexOf('\n');
    this.#at = feed < 0 ? this.#text.length : feed + 1;
    this.line++;
  }
}

function linesOf(file: RecordFile): AsyncGenerator<TextBlock> {
  return readTextLines(file.path, file.encoding, (line) => placeOfLine(file, line), file.version);
}

function placeOfLine({ name, format }: RecordFile, line: number): RefusalPlace {
  const recordNo = line - format.headerLines;
  return recordNo > 0 ? { file: name, recordNo, line } : { file: name, line };
}

/** The line from `start` to the line feed at `feed` (-1: to the end), without its line end. */
function lineAt(text: string, start: number, feed: number): string {
  const end = feed < 0 ? text.length : feed;
  return text.slice(start, end > start && text.charCodeAt(end - 1) === 0x0d ? end - 1 : end);
}

function within<Value>(place: RefusalPlace, work: () => Value): Value {
  try {
    return work();
  } catch (error) {
    throw refusedAt(error, place);
  }
}
