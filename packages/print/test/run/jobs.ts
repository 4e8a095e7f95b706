import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  bundledChains,
  bundledFontPath,
  bundledTypefaceNames,
  readFontFile,
} from '../../src/font/bundled.ts';
import { parseLayout } from '../../src/layout/parse.ts';
import type { Layout } from '../../src/layout/schema.ts';
import { parsePress } from '../../src/press/parse.ts';
import type { RecordSource, Row } from '../../src/records/record.ts';
import { type PrintJob, type PrintOptions, type PrintReport, printRun } from '../../src/run/print-run.ts';
import type { NamedBytes } from '../../src/run/setup.ts';

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const readJson = (path: string): Record<string, unknown> => JSON.parse(readFileSync(at(path), 'utf8'));

export type SampleLayoutName = 'gift-card' | 'code-card' | 'minimal';
export type SamplePressName = 'card-printer-300dpi' | 'digital-sra3' | 'offset-8x3' | 'one-up-600dpi';

/** The sample with some properties replaced; `undefined` takes one away. */
export function sampleLayout(name: SampleLayoutName, changes: Record<string, unknown> = {}): Layout {
  return parseLayout(JSON.parse(JSON.stringify({ ...readJson(`samples/layouts/${name}.json`), ...changes })));
}

export function samplePress(name: SamplePressName, changes: Record<string, unknown> = {}): PrintJob['press'] {
  return parsePress(JSON.parse(JSON.stringify({ ...readJson(`samples/presses/${name}.json`), ...changes })));
}

/** A press that prints a card a page, and as many in a file as it is told. */
export function onePage(cardsPerFile: number): PrintJob['press'] {
  return samplePress('one-up-600dpi', { cardsPerFile });
}

export function sampleRecords(count = 100): {
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
} {
  const [header, ...lines] = readFileSync(at('samples/records/sample-100.csv'), 'utf8').trimEnd().split('\n');
  return { columns: header!.split(','), rows: lines.slice(0, count).map((line) => line.split(',')) };
}

/** A source of these rows in batches of another size than the package's own reader has. */
export function recordsOf(
  columns: readonly string[],
  rows: readonly Row[],
  rowsPerBatch = 100,
): RecordSource {
  return {
    columns,
    count: rows.length,
    async *batches() {
      for (let first = 0; first < rows.length; first += rowsPerBatch)
        yield rows.slice(first, first + rowsPerBatch);
    },
  };
}

const fonts: readonly NamedBytes[] = bundledTypefaceNames.map((name) => ({
  name,
  bytes: readFontFile(bundledFontPath(name)),
}));
const background: NamedBytes = {
  name: 'background',
  bytes: readFileSync(at('samples/layouts/background.jpg')),
};
const outputProfile = readFileSync(at('icc/cardwright-fogra39l-coated.icc'));

type GivenParts = Pick<PrintJob, 'layout' | 'press' | 'records' | 'folder'> & Partial<PrintJob>;

/** A job with the package's fonts, the samples' picture and profile, and a date that stands still. */
export function jobOf(parts: GivenParts): PrintJob {
  return {
    jobName: '试印 trial run',
    dateText: '2026-11-24',
    createdAt: '2026-11-24T08:00:00+08:00',
    fonts,
    fontChains: bundledChains,
    markTypeface: 'sans',
    artworks: parts.layout.artworks === undefined ? [] : [background],
    isProof: false,
    outputProfile,
    ...parts,
  };
}

/** One typeface, for the many small runs of a property. */
export const sansOnly: Pick<PrintJob, 'fonts' | 'fontChains'> = {
  fonts: fonts.filter(({ name }) => name === 'sans'),
  fontChains: { sans: ['sans'] },
};

export async function inNewFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'cardwright-print-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export interface Printed extends PrintReport {
  /** All files of the folder by name. */
  readonly files: ReadonlyMap<string, Buffer>;
}

/** Prints into a folder of its own and reads what came of it. */
export async function printed(
  parts: Omit<GivenParts, 'folder'>,
  options: PrintOptions = {},
): Promise<Printed> {
  return inNewFolder(async (folder) => {
    const report = await printRun(jobOf({ ...parts, folder }), options);
    return { ...report, files: await filesIn(folder) };
  });
}

export async function filesIn(folder: string): Promise<Map<string, Buffer>> {
  const names = (await readdir(folder)).sort();
  return new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name))] as const)),
  );
}
