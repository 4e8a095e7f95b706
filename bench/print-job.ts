import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readFonts, readPress } from '../packages/print/src/cli/inputs.ts';
import { parseLayout } from '../packages/print/src/layout/parse.ts';
import { openRecords } from '../packages/print/src/records/open.ts';
import { printRun } from '../packages/print/src/run/print-run.ts';
import type { Way } from './print-way.ts';

export interface PrintedFiles {
  readonly cards: number;
  /** Of the PDFs alone. */
  readonly bytes: number;
}

/**
 * Prints a CSV file of the peers' cards as the command line does, with the fonts that come with the package: read twice,
 * every text checked, each PDF hashed and on the disk (fsync) before it gets its name, with manifest and map of places.
 */
export async function printOurs(
  way: Way,
  recordsPath: string,
  background: Buffer,
  folder: string,
): Promise<PrintedFiles> {
  const { press, outputProfile } = readPress(
    way === 'sheets' ? 'sample:digital-sra3' : 'sample:one-up-600dpi',
  );
  const shared = new Uint8Array(new SharedArrayBuffer(background.length));
  shared.set(background);
  const { manifest } = await printRun({
    jobName: 'bench',
    dateText: '2026-11-24',
    layout: parseLayout(layout),
    press: way === 'rectangles' ? { ...press, codes: 'rectangles', compress: true } : press,
    ...readFonts(),
    artworks: [{ name: 'background', bytes: shared }],
    isProof: false,
    records: await openRecords(recordsPath),
    folder: join(folder, way),
    createdAt: '2026-11-24T00:00:00+08:00',
    outputProfile,
  });
  const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0);
  return { cards: manifest.totals.records, bytes };
}

/** Of the background, which lies beside the records. */
export const readBackground = (folder: string): Promise<Buffer> => readFile(join(folder, 'background.jpg'));

/** The peers' card; they count from the page's corner, which lies 1.5 mm of bleed outside of the card. */
const layout = {
  version: 1,
  name: 'bench',
  card: { widthMm: 85.6, heightMm: 53.98 },
  fields: { card_no: { dummy: 'digits' }, password: { secret: true }, url: { secret: true } },
  artworks: { background: { file: 'background.jpg' } },
  front: [
    {
      type: 'image',
      artwork: 'background',
      ...{ xMm: -1.5, yMm: -1.5, widthMm: 88.6, heightMm: 56.98 },
    },
    { type: 'text', value: 'Gift Card', xMm: 4.5, yMm: 6, widthMm: 50, sizePt: 10 },
    { type: 'text', value: '100 yuan', xMm: 4.5, yMm: 14, widthMm: 50, sizePt: 10 },
    { type: 'text', value: '{card_no}', font: 'mono', xMm: 4.5, yMm: 34, widthMm: 50, sizePt: 9 },
    {
      type: 'password',
      value: '{password}',
      group: 4,
      length: 16,
      xMm: 4.5,
      yMm: 42,
      widthMm: 50,
      sizePt: 9,
    },
    { type: 'code', symbology: 'qr', level: 'M', value: '{url}', xMm: 58.5, yMm: 8.5, sizeMm: 18 },
  ],
};
