import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, suite, test } from 'node:test';
import * as mupdf from 'mupdf';
import type { Layout } from '../../src/layout/schema.ts';
import { inNewFolder, printed, recordsOf, sampleLayout, samplePress, sampleRecords } from '../run/jobs.ts';

const dotsPerInch = 100;
const bleedMm = 1.5;
const { columns, rows } = sampleRecords(1);

/** One ink of a page: 255 where it is not. */
interface Plate {
  readonly width: number;
  readonly height: number;
  readonly ink: Uint8Array;
}

/** The plates of a card's back as Ghostscript separates them, by the names of their inks. */
async function platesOfBack(layout: Layout): Promise<Map<string, Plate>> {
  const run = await printed({
    layout,
    press: samplePress('one-up-600dpi'),
    records: recordsOf(columns, rows),
  });
  return inNewFolder(async (folder) => {
    await writeFile(join(folder, 'a.pdf'), run.files.get('0001-print.pdf')!);
    const options = `-q -dBATCH -dNOPAUSE -dSAFER -sDEVICE=tiffsep -r${dotsPerInch} -dFirstPage=2 -dLastPage=2`;
    execFileSync('gs', [...options.split(' '), '-o', join(folder, 'p.tif'), join(folder, 'a.pdf')]);
    const files = (await readdir(folder)).filter((name) => /^p\(.*\)\.tif$/.test(name));
    return new Map(
      await Promise.all(
        files.map(
          async (name) =>
            [decodeURIComponent(name.slice(2, -5)), plateOf(await readFile(join(folder, name)))] as const,
        ),
      ),
    );
  });
}

function plateOf(tiff: Uint8Array): Plate {
  const pixmap = new mupdf.Image(tiff).toPixmap();
  const [width, height, stride] = [pixmap.getWidth(), pixmap.getHeight(), pixmap.getStride()];
  const [pixels, samples] = [pixmap.getPixels(), pixmap.getNumberOfComponents()];
  const ink = Uint8Array.from(
    { length: width * height },
    (_, at) => pixels[Math.floor(at / width) * stride + (at % width) * samples]!,
  );
  return { width, height, ink };
}

/** The plate's values within a box of the card, in mm from its trim's upper left, a pixel's width from its edges. */
function within(
  { width, ink }: Plate,
  { xMm, yMm, widthMm, heightMm }: Record<'xMm' | 'yMm' | 'widthMm' | 'heightMm', number>,
): number[] {
  const dots = (mm: number): number => ((mm + bleedMm) / 25.4) * dotsPerInch;
  const values: number[] = [];
  for (let y = Math.ceil(dots(yMm)) + 1; y < dots(yMm + heightMm) - 2; y++)
    for (let x = Math.ceil(dots(xMm)) + 1; x < dots(xMm + widthMm) - 2; x++) values.push(ink[y * width + x]!);
  return values;
}

suite('plates of the gift card’s back', () => {
  const layout = sampleLayout('gift-card');
  const panel = layout.back!.find(({ type }) => type === 'panel') as Extract<
    NonNullable<Layout['back']>[number],
    { type: 'panel' }
  >;
  let plates: Map<string, Plate>;
  let withoutPanel: Map<string, Plate>;
  before(async () => {
    plates = await platesOfBack(layout);
    withoutPanel = await platesOfBack(
      sampleLayout('gift-card', { back: layout.back!.filter((part) => part !== panel), spots: [] }),
    );
  });

  test('have one for the scratch panel, by its name, and it holds the panel and nothing else', () => {
    assert.deepEqual(
      [...plates.keys()].filter((name) => !/^(Cyan|Magenta|Yellow|Black)$/.test(name)),
      [panel.spot],
    );
    const plate = plates.get(panel.spot)!;
    const inked = plate.ink.reduce((sum, value) => sum + (255 - value) / 255, 0);
    const [across, down] = [panel.widthMm, panel.heightMm].map((mm) => (mm / 25.4) * dotsPerInch);
    assert.ok(inked >= across! * down! - 1 && inked <= (across! + 2) * (down! + 2), `${inked} pixels`);
    assert.ok(
      within(plate, panel).every((value) => value === 0),
      'solid where the panel is',
    );
  });

  test('keep the password below the panel, which overprints', () => {
    const [black, bare] = [plates.get('Black')!, withoutPanel.get('Black')!];
    const below = within(black, panel);
    assert.ok(below.filter((value) => value < 100).length > 50, 'there is a password');
    assert.deepEqual(below, within(bare, panel));
    assert.deepEqual(black.ink, bare.ink);
  });

  test('have text and codes on the black plate alone', () => {
    for (const ink of ['Cyan', 'Magenta', 'Yellow'])
      assert.ok(
        plates.get(ink)!.ink.every((value) => value === 255),
        ink,
      );
    const code = { xMm: 61, yMm: 10, widthMm: 19, heightMm: 19 };
    const dark = within(plates.get('Black')!, code).filter((value) => value < 30).length;
    assert.ok(dark > 500, `${dark} dark pixels of a code`);
  });
});
