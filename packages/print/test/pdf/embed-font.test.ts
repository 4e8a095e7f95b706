import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import * as mupdf from 'mupdf';
import { embedFont } from '../../src/pdf/embed-font.ts';
import { toUnicodeMap } from '../../src/pdf/to-unicode.ts';
import { readPdf } from './read-pdf.ts';
import { renderers } from './render.ts';
import { black, checkWithQpdf, inFolder, pdfOf } from './sample-file.ts';
import { squareFont, squareGlyphs, squareTypeface } from './square-font.ts';

const text = String.fromCodePoint(...squareGlyphs.map(([codePoint]) => codePoint));

function squares(): Promise<Buffer> {
  return pdfOf(
    ({ file, pen, resources, addPage }) => {
      pen.ink(black);
      pen.text(
        squareTypeface,
        100,
        0,
        0,
        squareGlyphs.map(([, glyph]) => glyph),
        10,
      );
      addPage([0, 0, 400, 60]);
      embedFont(file, resources.fonts[0]!, squareFont());
    },
    { lists: { typefaces: [squareTypeface] } },
  );
}

test('text comes back from two readers, a character beyond the BMP included', async () => {
  const pdf = await squares();
  checkWithQpdf(pdf);
  inFolder((folder) => {
    writeFileSync(join(folder, 'a.pdf'), pdf);
    const found = execFileSync('pdftotext', [join(folder, 'a.pdf'), '-'], { encoding: 'utf8' });
    assert.equal(found.replace(/\s/g, ''), text);
    const fonts = execFileSync('pdffonts', [join(folder, 'a.pdf')], { encoding: 'utf8' });
    assert.match(fonts, /^ABCDEF\+Square +CID TrueType +Identity-H +yes yes yes /m);
  });
  const page = mupdf.Document.openDocument(pdf, 'application/pdf').loadPage(0);
  assert.equal(page.toStructuredText('').asText().replace(/\s/g, ''), text);
});

test('each code draws its own glyph at its own place', async () => {
  const pdf = await squares();
  // Advances 600, 700, 1000, 1000 at 100 pt, and 10 pt after each: squares of 10, 20, 30, 40 pt.
  const lefts = [0, 70, 150, 260];
  for (const [name, render] of Object.entries(renderers)) {
    const [page] = render(pdf, 72);
    for (const [index, left] of lefts.entries()) {
      const side = 10 * (index + 1);
      const darkAt = (x: number, y: number) => page!.grey[(page!.height - 1 - y) * page!.width + x]! < 128;
      assert.ok(
        darkAt(left + 1, 1) && darkAt(left + side - 2, side - 2),
        `${name}: glyph ${index} is not there`,
      );
      assert.ok(
        !darkAt(left + side + 1, 1) && !darkAt(left + 1, side + 1),
        `${name}: glyph ${index} is too large`,
      );
    }
  }
});

test('the widths in the file are those of the font, with the em as default', async () => {
  const pdf = readPdf(await squares());
  const fonts = [...pdf.objects.values()].filter(
    (value) =>
      typeof value === 'object' &&
      value !== null &&
      !Array.isArray(value) &&
      value['/Subtype'] === '/CIDFontType2',
  );
  assert.equal(fonts.length, 1);
  const font = pdf.dictionary(fonts[0]);
  assert.equal(font['/DW'], 1000);
  assert.deepEqual(font['/W'], [5, [600, 700]]);
});

test('a map to Unicode has blocks of at most 100 entries and pairs of surrogates', () => {
  const map = toUnicodeMap([
    ...Array.from({ length: 150 }, (_, cid) => ({ cid, codePoint: 0x4e00 + cid })),
    { cid: 200, codePoint: 0x2a6d6 },
  ]);
  assert.deepEqual(map.match(/\d+ beginbfchar/g), ['100 beginbfchar', '51 beginbfchar']);
  assert.match(map, /<00C8><D869DED6>\nendbfchar/);
});
