import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import type { RunManifest } from '../../src/imposition/manifest.ts';
import { verifyManifest } from '../../src/imposition/verify.ts';
import { parseLayout } from '../../src/layout/parse.ts';
import { parsePress } from '../../src/press/parse.ts';
import { selectRecords } from '../../src/records/select.ts';
import { type PrintReport, printRun } from '../../src/run/print-run.ts';
import { inNewFolder, jobOf, recordsOf, sansOnly } from './jobs.ts';
import { gridOf, type PlacedText, placedTexts } from './reading.ts';

const text = {
  type: 'text',
  value: '{no}',
  xMm: 3,
  yMm: 4,
  widthMm: 14,
  align: 'center',
  font: 'sans',
  sizePt: 8,
};
/** A card that says its record's number on both sides. */
const layout = parseLayout({
  version: 1,
  name: 'numbers',
  card: { widthMm: 20, heightMm: 12 },
  fields: { no: {} },
  front: [text],
  back: [text],
});

interface Case {
  readonly columns: number;
  readonly rows: number;
  readonly sheetsPerFile: number;
  readonly turn: 'side' | 'head';
  readonly back: 'head-to-head' | 'head-to-foot';
  readonly cards: 'upright' | 'quarter-turn';
  readonly recordCount: number;
  /** Of these numbers, in any order; all unless given. */
  readonly remake: readonly number[] | undefined;
}

const anyCase: fc.Arbitrary<Case> = fc.integer({ min: 1, max: 90 }).chain((recordCount) =>
  fc.record({
    columns: fc.integer({ min: 1, max: 4 }),
    rows: fc.integer({ min: 1, max: 4 }),
    sheetsPerFile: fc.integer({ min: 1, max: 6 }),
    turn: fc.constantFrom('side' as const, 'head' as const),
    back: fc.constantFrom('head-to-head' as const, 'head-to-foot' as const),
    cards: fc.constantFrom('upright' as const, 'quarter-turn' as const),
    recordCount: fc.constant(recordCount),
    remake: fc.option(
      fc.uniqueArray(fc.integer({ min: 1, max: recordCount }), { minLength: 1, maxLength: recordCount }),
      { nil: undefined },
    ),
  }),
);

function pressOf({ columns, rows, sheetsPerFile, turn, back, cards }: Case) {
  const sheet = { widthMm: 150, heightMm: 150, columns, rows, gutterXMm: 4, gutterYMm: 4, cards };
  const marks = { crop: true };
  return parsePress({
    ...{ version: 1, name: 'small', dotsPerInch: 600, bleedMm: 1, sheet, duplex: { turn, back }, marks },
    sheetsPerFile,
  });
}

/** Where a number was found, all from 1, as the place map counts. */
interface Found {
  readonly recordNo: number;
  readonly file: number;
  readonly sheet: number;
  readonly row: number;
  readonly column: number;
}

interface Readback {
  readonly found: readonly Found[];
  readonly voids: number;
}

/** Reads every cell of every page of a run's files, and that each back has what its front has. */
async function readBack(
  folder: string,
  { files }: RunManifest,
  { columns, rows, turn }: Case,
): Promise<Readback> {
  const found: Found[] = [];
  let voids = 0;
  for (const { name, fileNo, sheets } of files) {
    const pages = placedTexts(await readFile(join(folder, name)));
    assert.equal(pages.length, 2 * sheets);
    for (let sheet = 1; sheet <= sheets; sheet++) {
      const [front, back] = [cellsOf(pages[2 * sheet - 2]!), cellsOf(pages[2 * sheet - 1]!)];
      for (let row = 0; row < rows; row++)
        for (let column = 0; column < columns; column++) {
          const said = front[row]![column]?.text;
          const behind = turn === 'side' ? back[row]![columns - 1 - column] : back[rows - 1 - row]![column];
          assert.ok(said !== undefined, `there is something at ${row}, ${column} of ${name}`);
          assert.equal(behind?.text, said, 'the back belongs to its front');
          if (said.startsWith('VOID')) voids += 1;
          else found.push({ recordNo: Number(said), file: fileNo, sheet, row: row + 1, column: column + 1 });
        }
    }
  }
  return { found, voids };

  function cellsOf(page: readonly PlacedText[]): (PlacedText | undefined)[][] {
    return gridOf(page, columns, rows);
  }
}

async function printCase(folder: string, given: Case): Promise<PrintReport> {
  const rows = Array.from({ length: given.recordCount }, (_, index) => [String(index + 1)]);
  const all = recordsOf(['no'], rows, 7);
  const records = given.remake === undefined ? all : selectRecords(all, { recordNos: given.remake });
  return printRun(jobOf({ ...sansOnly, layout, press: pressOf(given), records, folder }), { threads: 0 });
}

const upwards = (one: number, other: number): number => one - other;

suite('sheets, read back from their files', () => {
  test('hold each asked record once, stacks in order, and VOID in the rest', async () => {
    await fc.assert(
      fc.asyncProperty(anyCase, (given) =>
        inNewFolder(async (folder) => {
          const { manifest, manifestPath } = await printCase(folder, given);
          const { found, voids } = await readBack(folder, manifest, given);
          const asked =
            given.remake?.toSorted(upwards) ?? Array.from({ length: given.recordCount }, (_, no) => no + 1);
          assert.deepEqual(found.map(({ recordNo }) => recordNo).toSorted(upwards), asked);

          const { totals } = manifest;
          assert.deepEqual([totals.records, totals.voids], [asked.length, voids]);
          assert.equal(totals.records + totals.voids, totals.sheets * given.columns * given.rows);
          assertStacksAscend(found, asked, given);
          assert.deepEqual(
            await placeMap(folder),
            found.toSorted((one, other) => one.recordNo - other.recordNo),
          );
          assert.deepEqual(await verifyManifest(manifestPath), []);
        }),
      ),
      { numRuns: 40 },
    );
  });
});

/** Cut stacks of a file laid one on another give the file's records in order; files one after another give all. */
function assertStacksAscend(found: readonly Found[], asked: readonly number[], { columns }: Case): void {
  const stackOf = ({ row, column }: Found): number => (row - 1) * columns + column;
  const collated = found.toSorted(
    (one, other) => one.file - other.file || stackOf(one) - stackOf(other) || one.sheet - other.sheet,
  );
  assert.deepEqual(
    collated.map(({ recordNo }) => recordNo),
    asked,
  );
}

async function placeMap(folder: string): Promise<Found[]> {
  const [header, ...lines] = (await readFile(join(folder, 'places.csv'), 'utf8')).trimEnd().split('\r\n');
  assert.equal(header, 'recordNo,file,sheet,row,column,stack,heightInStack');
  return lines.map((line) => {
    const [recordNo, file, sheet, row, column, , height] = line.split(',').map(Number) as number[];
    assert.equal(height, sheet);
    return { recordNo: recordNo!, file: file!, sheet: sheet!, row: row!, column: column! };
  });
}
