import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { prepareZXingModule, readBarcodes } from 'zxing-wasm/reader';
import { createCode128Encoder } from '../../src/code/code-128.ts';
import { k100 } from '../../src/draw/ink.ts';
import { type Pen, ptPerMm } from '../../src/draw/pen.ts';
import { type Geometry, geometryOf, type SideGeometry } from '../../src/imposition/geometry.ts';
import { drawStaticMarks } from '../../src/imposition/marks.ts';
import { drawSlug, type SheetSlug } from '../../src/imposition/slug.ts';
import { drawVoid } from '../../src/imposition/void.ts';
import { parsePressText } from '../../src/press/parse.ts';
import type { PressProfile } from '../../src/press/schema.ts';
import { type GreyPage, renderers } from '../pdf/render.ts';
import { pdfOf, scratch } from '../pdf/sample-file.ts';
import { cr80 } from './presses.ts';
import { plainTypeface } from './recording-pen.ts';

const wasm = readFileSync(fileURLToPath(import.meta.resolve('zxing-wasm/reader/zxing_reader.wasm')));
prepareZXingModule({ overrides: { wasmBinary: new Uint8Array(wasm).buffer } });

const dotsPerInch = 200;
const slug: SheetSlug = {
  jobName: 'job',
  dateText: '2026-11-24',
  fileNo: 1,
  fileCount: 1,
  sheetNo: 1,
  sheetsInFile: 1,
  firstRecordNo: 1,
  lastRecordNo: 9,
  sheetId: '0123abcd-1-1F',
};

/** Letters as blocks of their size: fonts are another room's. */
function withBlocksForText(pen: Pen): Pen {
  const text: Pen['text'] = (typeface, sizePt, x, y, glyphs) =>
    pen.rect(
      x,
      y,
      glyphs.reduce((sum, glyph) => sum + typeface.advanceOf(glyph), 0) * sizePt * 0.001,
      sizePt * 0.7,
    );
  return new Proxy(pen, {
    get: (target, key) => {
      if (key === 'text') return text;
      const member = target[key as keyof Pen] as unknown;
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}

/** Cards are filled to where they may be inked, the last position is VOID. */
function drawSheet(pen: Pen, press: PressProfile, geometry: Geometry, side: SideGeometry): void {
  drawStaticMarks(pen, geometry, side, press.marks!, { process: true, spots: [scratch] }, plainTypeface);
  for (const { matrix, clip, position } of side.cells) {
    const isVoid = position === geometry.positions - 1;
    pen.within(
      matrix,
      () => {
        if (isVoid) return drawVoid(pen, cr80, plainTypeface);
        pen.ink({ kind: 'cmyk', cmyk: [0.4, 0.1, 0, 0] });
        pen.rect(-20, -20, cr80.widthMm * ptPerMm + 40, cr80.heightMm * ptPerMm + 40);
        pen.ink(k100);
        pen.rect(10, cr80.heightMm * ptPerMm - 30, 40, 20);
      },
      clip,
    );
  }
  drawSlug(pen, geometry, side, slug, plainTypeface, createCode128Encoder());
}

async function renderedSheet(name: string): Promise<{ pages: GreyPage[]; geometry: Geometry }> {
  const press = parsePressText(
    readFileSync(new URL(`../../samples/presses/${name}.json`, import.meta.url), 'utf8'),
  );
  const geometry = geometryOf(press, cr80, 2);
  const pdf = await pdfOf(({ pen, addPage }) => {
    for (const side of [geometry.front, geometry.back!]) {
      drawSheet(withBlocksForText(pen), press, geometry, side);
      addPage(side.mediaBox);
    }
  });
  return { pages: renderers.mupdf(pdf, dotsPerInch), geometry };
}

async function codeOn({ width, height, grey }: GreyPage): Promise<string | undefined> {
  const pixels = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let at = 0; at < grey.length; at++) pixels.fill(grey[at]!, at * 4, at * 4 + 3);
  const image = { width, height, data: pixels, colorSpace: 'srgb' } as Parameters<typeof readBarcodes>[0];
  return (await readBarcodes(image, { formats: ['Code128'], tryRotate: true }))[0]?.text;
}

describe('a rendered sheet', () => {
  for (const name of ['digital-sra3', 'offset-8x3']) {
    const rendered = renderedSheet(name);
    it(`of ${name} has its number as a code that another reader reads, on both sides`, async () => {
      const { pages } = await rendered;
      assert.equal(pages.length, 2);
      for (const page of pages) assert.equal(await codeOn(page), slug.sheetId);
    });

    it(`of ${name} has each head where it belongs, and white between the bleeds`, async () => {
      const { pages, geometry } = await rendered;
      const perPt = dotsPerInch / 72;
      for (const [index, side] of [geometry.front, geometry.back!].entries()) {
        const { width, height, grey } = pages[index]!;
        const greyAt = (x: number, y: number): number =>
          grey[(height - 1 - Math.floor(y * perPt)) * width + Math.floor(x * perPt)]!;
        for (const {
          matrix: [a, b, c, d, e, f],
        } of side.cells.slice(0, -1)) {
          const at = (x: number, y: number): number => greyAt(a * x + c * y + e, b * x + d * y + f);
          const [w, h] = [cr80.widthMm * ptPerMm, cr80.heightMm * ptPerMm];
          assert.ok(at(30, h - 20) < 100, 'the head of the card');
          for (const [x, y] of [
            [w - 30, h - 20],
            [30, 20],
            [w - 30, 20],
            [-2, h / 2],
            [w + 2, h / 2],
          ] as const)
            assert.ok(at(x, y) > 100 && at(x, y) < 250, 'the rest of it, and the bleed');
          if (geometry.gutterXMm > 2 * geometry.bleedMm)
            for (const [x, y] of [
              [-5.8, 30],
              [w / 2, -6],
            ] as const)
              assert.ok(at(x, y) > 250, 'beyond the bleed');
        }
      }
    });
  }
});
