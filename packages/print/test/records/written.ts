import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { openRecords, type RecordFileOptions } from '../../src/records/open.ts';
import type { RecordSource, Row } from '../../src/records/record.ts';

const folder = mkdtempSync(join(tmpdir(), 'records-'));
after(() => rmSync(folder, { recursive: true }));

let written = 0;

/** A new file with these contents. */
export function fileOf(ending: string, contents: string | Uint8Array): string {
  const path = join(folder, `${++written}.${ending}`);
  writeFileSync(path, contents);
  return path;
}

export async function rowsIn(source: RecordSource): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const batch of source.batches()) rows.push(...batch);
  return rows;
}

/** All that the file holds: its columns, then its rows. */
export async function readBack(
  ending: string,
  contents: string | Uint8Array,
  options?: RecordFileOptions,
): Promise<(readonly string[])[]> {
  const source = await openRecords(fileOf(ending, contents), options);
  return [source.columns, ...(await rowsIn(source))];
}
