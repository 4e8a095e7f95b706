import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createCode128Encoder } from '../../src/code/code-128.ts';
import { ptPerMm } from '../../src/draw/pen.ts';
import { createBitmap, fillPolygons } from '../../src/paper/bitmap.ts';
import { DotPen } from '../../src/paper/dot-pen.ts';
import { polygonsOf } from '../../src/paper/outline.ts';
import { Page } from '../../src/paper/page.ts';
import { bundledPaperFonts } from '../../src/paper/paper-fonts.ts';
import { planPaper } from '../../src/paper/plan.ts';
import { renderPaper } from '../../src/paper/render.ts';
import type { PaperKind } from '../../src/paper/schema.ts';
import { Typesetter } from '../../src/paper/text.ts';
import { escaped, spellCode128, trueDpi, type ZplDpi, zplOf } from '../../src/paper/zpl.ts';
import { graphicFields } from '../../src/paper/zpl-graphic.ts';
import { decode } from './decode.ts';
import { sample } from './samples.ts';
import { readCode128Field, readCommands, readLabel } from './zpl-reader.ts';

const fonts = bundledPaperFonts();
const labelKinds: readonly PaperKind[] = ['bundle-label', 'box-label', 'carton-label', 'waybill'];

function zpl(kind: PaperKind, data: unknown, dotsPerInch: ZplDpi, codes: 'native' | 'bitmap'): string {
  const typesetter = new Typesetter(fonts, 1);
  return zplOf(planPaper(kind, data, typesetter), typesetter, { dotsPerInch, codes });
}

/** The same label drawn straight to dots, symbols included. */
function dots(kind: PaperKind, data: unknown, dotsPerInch: ZplDpi) {
  const typesetter = new Typesetter(fonts, 1);
  const paper = planPaper(kind, data, typesetter);
  const dpi = trueDpi(dotsPerInch);
  const pen = new DotPen(paper.widthMm * ptPerMm, paper.heightMm * ptPerMm, dpi / 72);
  const placeCode = (code: Parameters<ConstructorParameters<typeof Page>[0]['placeCode']>[0]): void =>
    pen.modules(code.modules, code.x, code.y, code.modulePt, code.rowPt);
  paper.pages[0]!(new Page({ pen, dotsPerInch: dpi, placeCode }, paper, typesetter));
  return pen.bitmap;
}

for (const kind of labelKinds)
  test(`${kind}: the graphics of the ZPL are the label's dots, and its codes are read from them`, async () => {
    // 600 dpi on the smallest label alone: the reader takes a second for the pixels of a large one.
    for (const dotsPerInch of kind === 'bundle-label' ? ([203, 300, 600] as const) : ([203, 300] as const)) {
      const { bitmap } = readLabel(zpl(kind, sample(kind), dotsPerInch, 'bitmap'));
      assert.deepEqual(bitmap, dots(kind, sample(kind), dotsPerInch));
      const id = kind === 'waybill' ? 'trackingNo' : 'containerId';
      assert.deepEqual(await decode(bitmap), [sample(kind)[id]], `${kind} at ${dotsPerInch} dpi`);
    }
  });

test('native symbols stand where their dots would, with the data of the label', () => {
  for (const symbology of ['code128', 'qr', 'datamatrix'] as const) {
    const data: Record<string, unknown> = { ...sample('box-label'), symbology };
    const { fields, bitmap, names } = readLabel(zpl('box-label', data, 203, 'native'));
    assert.equal(fields.length, 1);
    const [field] = fields;
    const whole = dots('box-label', data, 203);
    const rest = whole.bits.map((byte, index) => byte ^ bitmap.bits[index]!);
    const top = Math.floor(rest.findIndex((byte) => byte !== 0) / whole.rowBytes);
    const offset = symbology === 'qr' ? 1 : 0;
    assert.equal(field!.yDots + offset, top, `${symbology} begins where its dots did`);
    const text = symbology === 'code128' ? readCode128Field(field!.data) : field!.data.replace(/^MA,/u, '');
    assert.equal(text, data['containerId']);
    for (const name of names)
      assert.ok('^XA ^CI ^PW ^LL ^LH ^PO ^FO ^GF ^FS ^BY ^BC ^BQ ^BX ^FH ^FD ^PQ ^XZ'.includes(name), name);
  }
});

test('no data can begin a command', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), (text) => {
      const data = escaped(text);
      assert.match(data, /^[ -~]*$/u);
      const [, , field, end] = readCommands(`^XA^FH_^FD${data}^XZ`);
      assert.equal(end!.name, '^XZ');
      assert.equal(field!.parameters, data);
      const bytes = data.replaceAll(/_([0-9A-F]{2})/gu, (_, hex: string) =>
        String.fromCharCode(Number.parseInt(hex, 16)),
      );
      assert.equal(Buffer.from(bytes, 'latin1').toString('utf8'), text.toWellFormed());
    }),
  );
});

test('hostile names stay graphics', async () => {
  const data = { ...sample('box-label'), templateName: '^XZ^XA~JA卡^FD>' };
  const text = Buffer.from(
    await renderPaper('box-label', data, { format: 'zpl', fonts, createdAt: '2026-11-24T08:00:00+08:00' }),
  ).toString('utf8');
  const names = readCommands(text).map(({ name }) => name);
  assert.equal(names.filter((name) => name === '^XA').length, 1);
  assert.equal(names.filter((name) => name === '^XZ').length, 1);
  assert.ok(!names.some((name) => name.startsWith('~')));
});

test('Code 128 is spelled as the symbol that was measured', () => {
  const encoder = createCode128Encoder();
  const text = fc.string({
    unit: fc.constantFrom(...'0123456789012345ABXZabz-./:_>^~ '),
    minLength: 1,
    maxLength: 24,
  });
  fc.assert(
    fc.property(text, (value) => {
      const spelled = spellCode128(encoder.encode(value));
      assert.ok(spelled !== undefined);
      assert.equal(readCode128Field(spelled), value);
    }),
    { numRuns: 2_000 },
  );
  assert.equal(spellCode128(encoder.encode('\u0001\u0002AB')), undefined);
});

test('run lengths give any bitmap back', () => {
  const bytes = fc.array(fc.constantFrom(0, 0, 0, 255, 255, 0x0f, 0xa5), { minLength: 1, maxLength: 900 });
  fc.assert(
    fc.property(bytes, fc.integer({ min: 1, max: 300 }), (values, rowBytes) => {
      const heightDots = Math.ceil(values.length / rowBytes);
      const bitmap = createBitmap(rowBytes * 8, heightDots);
      bitmap.bits.set(values);
      const label = `^XA^PW${rowBytes * 8}\n^LL${heightDots}\n${graphicFields(bitmap)}^XZ`;
      assert.deepEqual(readLabel(label).bitmap.bits, bitmap.bits);
    }),
  );
});

test('outlines are filled by the non-zero rule, to half a dot', () => {
  const bitmap = createBitmap(16, 16);
  const ring = 'M2 2L14 2L14 14L2 14ZM5 5L5 11L11 11L11 5Z';
  fillPolygons(
    bitmap,
    polygonsOf(ring, (x, y) => [x, y]),
  );
  const isBlack = (x: number, y: number): boolean =>
    ((bitmap.bits[y * 2 + (x >> 3)]! << (x & 7)) & 0x80) !== 0;
  for (let y = 0; y < 16; y++)
    for (let x = 0; x < 16; x++) {
      const inOuter = x >= 2 && x < 14 && y >= 2 && y < 14;
      const inInner = x >= 5 && x < 11 && y >= 5 && y < 11;
      assert.equal(isBlack(x, y), inOuter && !inInner, `${x},${y}`);
    }
});
