import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import fc from 'fast-check';
import * as fontkit from 'fontkit';
import * as mupdf from 'mupdf';
import {
  type BundledTypefaceName,
  bundledFontPath,
  bundledFontStack,
  bundledTypeface,
} from '../../src/font/bundled.ts';
import type { FontStack } from '../../src/font/font-stack.ts';
import { subsetTypeface } from '../../src/font/subset.ts';
import type { Typeface } from '../../src/font/typeface.ts';
import { embedFont } from '../../src/pdf/embed-font.ts';
import { black, checkWithQpdf, inFolder, pdfOf } from '../pdf/sample-file.ts';

const stack = bundledFontStack('mono');

function bitset(typeface: Typeface, glyphs: Iterable<number>): Uint8Array<ArrayBuffer> {
  const used = new Uint8Array((typeface.glyphCount + 7) >> 3);
  for (const glyph of glyphs) used[glyph >> 3]! |= 1 << (glyph & 7);
  return used;
}

function glyphsOf(typeface: Typeface, text: string): number[] {
  return [...text].map((character) => typeface.glyphOf(character.codePointAt(0)!));
}

/** A page of lines in 10 pt type, its fonts embedded. */
function pdfOfLines(lines: readonly string[], fonts: FontStack): Promise<Buffer> {
  return pdfOf(
    ({ file, pen, resources, addPage }) => {
      pen.ink(black);
      for (const [index, line] of lines.entries()) {
        let x = 10;
        for (const { typeface, glyphs, widthPer1000 } of fonts.shape(line, index + 1, 'text')) {
          pen.text(typeface, 10, x, 20 * (lines.length - index), glyphs, 0);
          x += widthPer1000 / 100;
        }
      }
      addPage([0, 0, 800, 20 * lines.length + 30]);
      const sorted = [...fonts.typefaces].sort((one, other) => (one.name < other.name ? -1 : 1));
      for (const [index, typeface] of sorted.entries())
        embedFont(file, resources.fonts[index]!, subsetTypeface(typeface, pen.usedGlyphs[index]!));
    },
    { lists: { typefaces: fonts.typefaces } },
  );
}

/** Lines as people would read them, and traps: characters that share one outline, compatibility forms, plane 2. */
const lines = [
  '面值 100 元 Face value ¥100.00',
  '张㛃 䶮 𠮷田 𫘧 𬭊 𪨶 𬎆 𰻝 喆 龘',
  '一⼀ 人⼈ 龙⻰ 车車⾞ 金⾦',
  '\uf900\uf901\uf902 ﹅ Ⅷ VIII ㎏ ℃ \u212b\u00c5 \u2126\u03a9 \u00b5\u03bc \u00a0',
  '한국어 かな ㄅㄆㄇ ０１２３ ０O1lI',
];

test('text taken out of a PDF by two readers is the text of the records', async () => {
  const pdf = await pdfOfLines(lines, stack);
  checkWithQpdf(pdf);
  inFolder((folder) => {
    const path = join(folder, 'a.pdf');
    writeFileSync(path, pdf);
    const found = execFileSync('pdftotext', ['-layout', path, '-'], { encoding: 'utf8' });
    assert.deepEqual(linesOf(found), lines.map(withoutSpaces));
    const fonts = execFileSync('pdffonts', [path], { encoding: 'utf8' }).trim().split('\n').slice(2);
    assert.equal(fonts.length, stack.typefaces.length);
    for (const font of fonts) assert.match(font, /^[A-Z]{6}\+\S+ +CID TrueType +Identity-H +yes yes yes /);
  });
  const page = mupdf.Document.openDocument(pdf, 'application/pdf').loadPage(0);
  assert.deepEqual(linesOf(page.toStructuredText('').asText()), lines.map(withoutSpaces));
});

/** Readers see gaps between runs and take them for spaces, or not. */
function withoutSpaces(text: string): string {
  return text.replace(/\s/g, '');
}

function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map(withoutSpaces)
    .filter((line) => line !== '');
}

test('characters that share an outline keep their own numbers and code points', () => {
  const sans = bundledTypeface('sans');
  const [one, radical] = glyphsOf(sans, '一⼀') as [number, number];
  assert.notEqual(one, radical);
  assert.equal(sans.outlineOf(one), sans.outlineOf(radical));
  const { glyphs } = subsetTypeface(sans, bitset(sans, [one, radical]));
  assert.deepEqual(new Set(glyphs.map(({ codePoint }) => codePoint)), new Set([0x4e00, 0x2f00]));
  assert.equal(new Set(glyphs.map(({ fontGlyph }) => fontGlyph)).size, 1);
});

/** As another program reads both fonts: outlines and advances, composite glyphs included. */
function assertSameGlyphs(name: BundledTypefaceName, text: string): void {
  const typeface = bundledTypeface(name);
  const whole = fontkit.openSync(bundledFontPath(name)) as fontkit.Font;
  const subset = subsetTypeface(typeface, bitset(typeface, glyphsOf(typeface, text)));
  const part = fontkit.create(Buffer.from(subset.fontFile)) as fontkit.Font;
  assert.equal(subset.glyphs.length, new Set(text).size);
  for (const { fontGlyph, codePoint, widthPer1000 } of subset.glyphs) {
    const expected = whole.glyphForCodePoint(codePoint);
    const found = part.getGlyph(fontGlyph);
    assert.equal(found.path.toSVG(), expected.path.toSVG());
    assert.equal(found.advanceWidth, expected.advanceWidth);
    assert.equal(widthPer1000, (expected.advanceWidth * 1000) / whole.unitsPerEm);
  }
}

test('glyphs of a subset are those of the whole font', () => {
  assertSameGlyphs('sans', '面值100元張㛃䶮𫘧Åé!½');
  assertSameGlyphs('rare-hei', '𠮷한국');
  assertSameGlyphs('rare-kai', '𬎆');
  assertSameGlyphs('mono', '0123456789ABCXYZabcÅéÃñ½…');
});

test('an outline for previews is what another program reads from the font', () => {
  for (const name of ['sans', 'mono'] as const) {
    const typeface = bundledTypeface(name);
    const whole = fontkit.openSync(bundledFontPath(name)) as fontkit.Font;
    for (const character of 'Åé0面i') {
      const expected = whole.glyphForCodePoint(character.codePointAt(0)!);
      if (expected.id === 0) continue;
      const svg = typeface.outlineOf(typeface.glyphOf(character.codePointAt(0)!));
      assert.deepEqual(boundsOf(svg), boundsOf(expected.path.toSVG()), character);
    }
  }
});

function boundsOf(path: string): number[] {
  const numbers = path.match(/-?\d+(\.\d+)?/g)!.map(Number);
  const xs = numbers.filter((_, index) => index % 2 === 0);
  const ys = numbers.filter((_, index) => index % 2 === 1);
  return [
    Math.min(...xs),
    Math.min(...ys),
    Math.max(...xs),
    Math.max(...ys),
    [...path].filter((c) => c === 'M').length,
  ];
}

test('a subset depends on the set of glyphs alone; another set has another name', () => {
  const sans = bundledTypeface('sans');
  const again = bundledTypeface('sans');
  const glyph = fc.integer({ min: 1, max: sans.glyphCount - 1 });
  const seen = new Map<string, string>();
  fc.assert(
    fc.property(fc.uniqueArray(glyph, { maxLength: 40 }), fc.nat(), (glyphs, turn) => {
      const at = glyphs.length === 0 ? 0 : turn % glyphs.length;
      const turned = [...glyphs.slice(at), ...glyphs.slice(0, at)];
      const one = subsetTypeface(sans, bitset(sans, glyphs));
      assert.deepEqual(subsetTypeface(again, bitset(again, turned)), one);
      const set = `${[...glyphs].sort((a, b) => a - b)}`;
      assert.equal(seen.get(one.postScriptName) ?? set, set);
      seen.set(one.postScriptName, set);
    }),
    { numRuns: 60 },
  );
});

test('a subset of nothing is still a font, one of everything has every character, and no more', () => {
  const mono = bundledTypeface('mono');
  assert.equal(fontkit.create(Buffer.from(subsetTypeface(mono, bitset(mono, [])).fontFile)).type, 'TTF');
  const everyGlyph = Array.from({ length: mono.glyphCount - 1 }, (_, index) => index + 1);
  const all = subsetTypeface(mono, bitset(mono, everyGlyph));
  assert.equal(all.glyphs.length, mono.glyphCount - 1);
  assert.ok(all.fontFile.length < readFileSync(bundledFontPath('mono')).length);
  const beyond = Uint8Array.of(...bitset(mono, []), 1);
  assert.throws(() => subsetTypeface(mono, beyond), RangeError);
});
