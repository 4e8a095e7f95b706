import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as mupdf from 'mupdf';
import { prepareZXingModule, readBarcodes } from 'zxing-wasm/reader';
import { openArtwork } from '../../src/image/open.ts';
import { dummyRow } from '../../src/layout/dummy.ts';
import { parseLayout } from '../../src/layout/parse.ts';
import { checkPictures } from '../../src/layout/pictures.ts';
import { previewPng, previewSvg } from '../../src/layout/preview.ts';
import { SvgPen } from '../../src/layout/svg-pen.ts';
import { compiledOf, layoutOf, refused } from './compiled.ts';

const wasm = readFileSync(fileURLToPath(import.meta.resolve('zxing-wasm/reader/zxing_reader.wasm')));
prepareZXingModule({ overrides: { wasmBinary: new Uint8Array(wasm).buffer } });

const sample = (name: string) =>
  parseLayout(
    JSON.parse(readFileSync(new URL(`../../samples/layouts/${name}.json`, import.meta.url), 'utf8')),
  );

const background = openArtwork(
  'background',
  readFileSync(new URL('../../samples/layouts/background.jpg', import.meta.url)),
);

const artworks = new Map([['background', background]]);

async function codesIn(png: Uint8Array) {
  const found = await readBarcodes(new Uint8Array(png), { tryHarder: true });
  return found.filter(({ isValid }) => isValid).map(({ format, text }) => [format, text]);
}

suite('previews', () => {
  test('show the dummy’s codes, read back from the PNG', async () => {
    const gift = sample('gift-card');
    const columns = Object.keys(gift.fields ?? {});
    const row = ['6200000000000042', '9876000154320001', 'https://pay.test.cn/secret?k=12345', '100', '张三'];
    const dummies = dummyRow(gift, columns, row);
    const svg = previewSvg(compiledOf(gift, { artworks }), 'back', dummies, 1, { layers: ['print'] });
    assert.deepEqual(await codesIn(await previewPng(svg, 300)), [['QRCode', dummies[2]]]);
    assert.match(dummies[2] ?? '', /^https:\/\/example\.invalid\//);

    const codes = sample('code-card');
    const svgOfCodes = previewSvg(compiledOf(codes), 'back', dummyRow(codes, ['card_no', 'password'], 0), 1);
    assert.deepEqual((await codesIn(await previewPng(svgOfCodes, 600))).sort(), [
      ['Code128', '6200000000000001'],
      ['DataMatrix', '6200000000000001'],
    ]);
  });

  test('hold nothing of a record’s text, only outlines', () => {
    const hostile = '"/><script>alert(1)</script>&<!--';
    const layout = layoutOf([{ type: 'text', value: '{t}', xMm: 5, yMm: 5, widthMm: 75, sizePt: 8 }]);
    const svg = previewSvg(compiledOf(layout), 'front', [hostile], 1);
    assert.doesNotMatch(svg, /script|alert|text|href|on\w+=/);
    assert.deepEqual(
      new Set(svg.match(/<\/?\w+/g)),
      new Set(['<svg', '<clipPath', '<path', '</clipPath', '<g', '</g', '</svg']),
    );
  });

  test('take no markup from fonts, paths and ids', () => {
    assert.throws(() => new SvgPen('a"><script>'), RangeError);
    assert.throws(() => new SvgPen().path('M0 0"/>'), SyntaxError);
    assert.throws(() => new SvgPen().rect(Number.NaN, 0, 1, 1), RangeError);
  });

  test('are cut at the card’s round corners, or show the bleed', async () => {
    const rect = {
      type: 'rect',
      xMm: -1.5,
      yMm: -1.5,
      widthMm: 88.6,
      heightMm: 56.98,
      ink: { cmyk: [0, 1, 1, 0] },
    };
    const compiled = compiledOf(layoutOf([rect]));
    const corner = async (bleedMm: number) =>
      pixel(await previewPng(previewSvg(compiled, 'front', [], 1, { bleedMm }), 100), 1, 1);
    assert.deepEqual(await corner(0), [0, 0, 0, 0]);
    assert.deepEqual(await corner(1.5), [255, 0, 0, 255]);
  });

  test('multiply inks that overprint, and cover with those that do not', async () => {
    const ink = (cmyk: number[], overprint: boolean) => ({
      type: 'rect',
      xMm: 20,
      yMm: 20,
      widthMm: 40,
      heightMm: 20,
      ink: { cmyk, overprint },
    });
    const colour = async (overprint: boolean) => {
      const layout = layoutOf([ink([0, 1, 0, 0], false), ink([0, 0, 1, 0], overprint)]);
      return pixel(await previewPng(previewSvg(compiledOf(layout), 'front', [], 1), 100), 160, 110);
    };
    assert.deepEqual(await colour(true), [255, 0, 0, 255]);
    assert.deepEqual(await colour(false), [255, 255, 0, 255]);
  });

  test('show pictures in process inks as a screen can', async () => {
    const gift = sample('gift-card');
    const columns = Object.keys(gift.fields ?? {});
    const svg = previewSvg(compiledOf(gift, { artworks, columns }), 'front', dummyRow(gift, columns, 0), 1);
    const [red = 0, green = 0, blue = 0] = pixel(await previewPng(svg, 100), 20, 10);
    // 62 % magenta and 55 % yellow at that corner of the background.
    assert.ok(
      Math.abs(red - 255) < 8 && Math.abs(green - 97) < 12 && Math.abs(blue - 115) < 12,
      `${red} ${green} ${blue}`,
    );
  });

  test('of the samples: their picture is what pre-press wants, and a larger print of it is not', () => {
    const gift = sample('gift-card');
    assert.deepEqual(checkPictures(gift, { artworks }), []);
    const warnings = checkPictures(gift, { artworks, minImageDpi: 400, bleedMm: 3 });
    assert.deepEqual(
      warnings.map(({ code, at }) => [code, at]),
      [
        ['resolution-low', 'front[0]'],
        ['bleed-unreached', 'front[0]'],
      ],
    );
  });

  test('have a size limit', async () => {
    const svg = previewSvg(
      compiledOf(layoutOf([{ type: 'rect', xMm: 1, yMm: 1, widthMm: 9, heightMm: 9 }])),
      'front',
      [],
      1,
    );
    await assert.rejects(previewPng(svg, 2400), refused('preview-too-large', /8088 × 5100 pixels/));
    await assert.rejects(previewPng(svg, Number.NaN), refused('preview-too-large'));
  });

  test('have ids of their own where a page holds several', () => {
    const layout = layoutOf([{ type: 'rect', xMm: 1, yMm: 1, widthMm: 9, heightMm: 9 }]);
    const svg = previewSvg(compiledOf(layout), 'front', [], 1, {
      idPrefix: 'card-7',
      showTrim: true,
      showSafe: true,
    });
    assert.match(svg, /id="card-7-card"/);
    assert.equal(svg.match(/stroke-dasharray/g)?.length, 2);
  });

  /** RGBA of a pixel, as MuPDF reads the PNG. */
  function pixel(png: Uint8Array, x: number, y: number): number[] {
    const pixmap = new mupdf.Image(png).toPixmap();
    const samples = pixmap.getPixels();
    const from = y * pixmap.getStride() + x * pixmap.getNumberOfComponents();
    return [...samples.slice(from, from + pixmap.getNumberOfComponents())];
  }
});

test('corners are as round as the card has room for', () => {
  const card = { widthMm: 20, heightMm: 10, cornerRadiusMm: 50 };
  const svg = previewSvg(compiledOf(layoutOf([], { card })), 'front', [], 1);
  const [, paper = ''] = /<clipPath id="card-card"><path d="([^"]+)"/.exec(svg) ?? [];
  const numbers = paper.match(/-?[\d.]+/g)?.map(Number) ?? [];
  assert.ok(numbers.length > 20 && numbers.every((number) => number >= 0 && number <= 20 * (72 / 25.4)));
});
