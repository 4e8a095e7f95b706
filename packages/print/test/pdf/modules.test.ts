import assert from 'node:assert/strict';
import test from 'node:test';
import type { Modules } from '../../src/code/modules.ts';
import { ContentBuffer } from '../../src/pdf/content-buffer.ts';
import { RectangleWriter } from '../../src/pdf/module-drawing.ts';
import { type GreyPage, renderers } from './render.ts';
import { black, pdfOf } from './sample-file.ts';

/** xorshift: the same symbols in every run. */
function randomBytes(count: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(count);
  let state = seed | 1;
  for (let at = 0; at < count; at++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[at] = state;
  }
  return bytes;
}

function symbol(width: number, height: number, seed: number): Modules {
  const rowBytes = (width + 7) >> 3;
  const bits = randomBytes(rowBytes * height, seed);
  for (let row = 0; row < height; row++)
    bits[row * rowBytes + rowBytes - 1]! &= 0xff << (rowBytes * 8 - width);
  return { width, height, bits, quiet: 4 };
}

function isDark({ width, bits }: Modules, column: number, row: number): boolean {
  return (bits[row * ((width + 7) >> 3) + (column >> 3)]! & (0x80 >> (column & 7))) !== 0;
}

/** Symbols of a whole number of bytes a row, with words in them that a reader may take for the data's end. */
function treacherousSymbols(): Modules[] {
  const words = [
    ' EI ',
    '\nEI\n',
    ' EI Q\n',
    '\nEI\nQ\n',
    'EI',
    '>EI\n',
    '\0EI\0',
    'endstream',
    ' Q q BT (',
    'ID ',
    '\r\nEI\r\n',
  ];
  return words.flatMap((word) =>
    [0, 5, 116 - word.length].map((at) => {
      const bits = randomBytes(116, at + word.length);
      Buffer.from(word, 'latin1').copy(bits, at);
      return { width: 32, height: 29, bits, quiet: 4 };
    }),
  );
}

const columns = 20;
const cell = 34;
const side = columns * cell;

/** Symbols in a grid, one point a module, with a rectangle between them that shows where a reader lost its way. */
function grid(symbols: readonly Modules[], codes: 'mask' | 'rectangles'): Promise<Buffer> {
  return pdfOf(
    ({ pen, addPage }) => {
      for (let start = 0; start < symbols.length; start += columns * columns) {
        pen.ink(black);
        for (const [index, code] of symbols.slice(start, start + columns * columns).entries()) {
          const x = (index % columns) * cell;
          const top = side - Math.floor(index / columns) * cell;
          pen.modules(code, x, top - code.height, 1, 1);
          pen.rect(x, top - cell, 1, 1);
        }
        addPage([0, 0, side, side]);
      }
    },
    { codes },
  );
}

/** How many symbols, with the dot below each, are not what was drawn. */
function wrongSymbols(symbols: readonly Modules[], pages: readonly GreyPage[]): number {
  let wrong = 0;
  for (const [number, code] of symbols.entries()) {
    const page = pages[Math.floor(number / columns ** 2)]!;
    const left = (number % columns) * cell;
    const top = Math.floor((number % columns ** 2) / columns) * cell;
    const darkAt = (x: number, y: number) => page.grey[(top + y) * page.width + left + x]! < 128;
    let isRight = darkAt(0, cell - 1);
    for (let row = 0; row < code.height; row++)
      for (let column = 0; column < code.width; column++)
        if (darkAt(column, row) !== isDark(code, column, row)) isRight = false;
    if (!isRight) wrong++;
  }
  return wrong;
}

const symbols = [
  ...treacherousSymbols(),
  ...Array.from({ length: 1500 }, (_, index) => symbol(21 + (index % 13), 17 + (index % 15), index + 1)),
];

for (const codes of ['mask', 'rectangles'] as const) {
  for (const [name, render] of Object.entries(renderers)) {
    test(`${name} draws every module of ${symbols.length} symbols as ${codes}`, async () => {
      const pages = render(await grid(symbols, codes), 72);
      assert.equal(pages.length, Math.ceil(symbols.length / columns ** 2));
      assert.equal(wrongSymbols(symbols, pages), 0);
    });
  }
}

/** Modules of 4 dots at 300 dpi, the least that presses hold, seen at the press's dots and between them. */
const moduleWidthPt = (4 * 72) / 300;

for (const codes of ['mask', 'rectangles'] as const) {
  for (const dpi of [225, 300, 400, 600]) {
    test(`${codes} of 4 dots at 300 dpi are right at ${dpi} dpi`, async () => {
      const code = symbol(33, 33, 99);
      const pdf = await pdfOf(
        ({ pen, addPage }) => {
          pen.ink(black);
          pen.modules(code, 10 * moduleWidthPt, 20 * moduleWidthPt, moduleWidthPt, moduleWidthPt);
          addPage([0, 0, 60 * moduleWidthPt, 60 * moduleWidthPt]);
        },
        { codes },
      );
      for (const [name, render] of Object.entries(renderers)) {
        const [page] = render(pdf, dpi);
        const dots = (moduleWidthPt * dpi) / 72;
        for (let row = 0; row < code.height; row++) {
          for (let column = 0; column < code.width; column++) {
            const x = Math.floor((10.5 + column) * dots);
            const y = Math.floor((60 - 20 - code.height + row + 0.5) * dots);
            const found = page!.grey[y * page!.width + x]! < 128;
            assert.equal(found, isDark(code, column, row), `${name}: module ${column}, ${row}`);
          }
        }
      }
    });
  }
}

test('rectangles cover each dark module once and nothing else', () => {
  const writer = new RectangleWriter();
  const buffer = new ContentBuffer();
  for (let seed = 1; seed < 400; seed++) {
    const code = symbol(1 + (seed % 60), 1 + (seed % 37), seed);
    buffer.clear();
    writer.write(buffer, code);
    const covered = new Map<string, number>();
    for (const [, x, y, width, height] of rectanglesIn(buffer)) {
      for (let dx = 0; dx < width!; dx++)
        for (let dy = 0; dy < height!; dy++) {
          const key = `${x! + dx},${code.height - 1 - (y! + dy)}`;
          covered.set(key, (covered.get(key) ?? 0) + 1);
        }
    }
    for (let row = 0; row < code.height; row++)
      for (let column = 0; column < code.width; column++)
        assert.equal(covered.get(`${column},${row}`) ?? 0, isDark(code, column, row) ? 1 : 0);
    assert.equal([...covered.values()].length, darkCount(code));
  }
});

test('runs are joined across and down: a solid block is one rectangle', () => {
  const buffer = new ContentBuffer();
  new RectangleWriter().write(buffer, {
    width: 16,
    height: 9,
    bits: new Uint8Array(18).fill(0xff),
    quiet: 4,
  });
  assert.equal(Buffer.from(buffer.bytes()).toString('latin1'), '0 0 16 9 re\nf\n');
});

function rectanglesIn(buffer: ContentBuffer): number[][] {
  const text = Buffer.from(buffer.bytes()).toString('latin1');
  return [...text.matchAll(/(\d+) (\d+) (\d+) (\d+) re/g)].map((match) => [0, ...match.slice(1).map(Number)]);
}

function darkCount(code: Modules): number {
  let count = 0;
  for (let row = 0; row < code.height; row++)
    for (let column = 0; column < code.width; column++) if (isDark(code, column, row)) count++;
  return count;
}
