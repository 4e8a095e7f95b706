import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateSync } from 'node:zlib';
import { openArtwork } from '../../src/image/open.ts';
import { Refusal, type RefusalCode } from '../../src/refusal.ts';
import { judged } from './judged.ts';
import { chunk, encodePng, headerChunk, pngOf, type SamplePng } from './sample-png.ts';
import { sampleProfile } from './sample-profile.ts';

const width = 23;
const height = 17;
const palette = [255, 0, 0, 0, 255, 0, 0, 0, 255, 17, 34, 51];

function refused(code: RefusalCode, bytes: Uint8Array, detail?: RegExp): void {
  assert.throws(
    () => openArtwork('front', bytes),
    (error: unknown) => {
      assert.ok(error instanceof Refusal, String(error));
      assert.equal(error.code, code);
      assert.equal(error.place.at, 'front');
      if (detail) assert.match(error.detail, detail);
      return true;
    },
  );
}

/** The picture's pixels as RGB, as the standard says. */
function expected(png: SamplePng): number[] {
  const most = 2 ** png.bitDepth - 1;
  const pixels: number[] = [];
  for (let y = 0; y < png.height; y++) {
    for (let x = 0; x < png.width; x++) {
      for (let channel = 0; channel < 3; channel++) {
        const index = png.colourType === 3 ? png.sample(x, y, 0) : 0;
        const sample = png.sample(x, y, png.colourType === 2 || png.colourType === 6 ? channel : 0);
        pixels.push(png.colourType === 3 ? (palette[index * 3 + channel] as number) : (sample * 255) / most);
      }
    }
  }
  return pixels;
}

function assertNear(found: Uint8Array, wanted: readonly number[], about: string): void {
  assert.equal(found.length, wanted.length, about);
  const worst = Math.max(...wanted.map((value, index) => Math.abs(value - (found[index] as number))));
  assert.ok(worst <= 1.01, `${about}: off by ${worst}`);
}

const kinds: readonly (readonly [SamplePng['colourType'], SamplePng['bitDepth']])[] = [
  [0, 1],
  [0, 2],
  [0, 4],
  [0, 8],
  [0, 16],
  [2, 8],
  [2, 16],
  [3, 1],
  [3, 2],
  [3, 4],
  [3, 8],
  [4, 8],
  [4, 16],
  [6, 8],
  [6, 16],
];

for (const [colourType, bitDepth] of kinds) {
  for (const interlaced of [false, true]) {
    test(`colour type ${colourType}, ${bitDepth} bits${interlaced ? ', interlaced' : ''}: two renderers see the pixels`, () => {
      const most = 2 ** bitDepth - 1;
      const colours = colourType === 3 ? Math.min(4, most + 1) : most + 1;
      const alpha = colourType === 4 ? 1 : colourType === 6 ? 3 : -1;
      const png: SamplePng = {
        width,
        height,
        colourType,
        bitDepth,
        interlaced,
        ...(colourType === 3 ? { palette: palette.slice(0, colours * 3) } : {}),
        sample: (x, y, channel) =>
          channel === alpha ? most : (x * 7919 + y * 104729 + channel * 31 + x * y) % colours,
      };
      const artwork = openArtwork('front', encodePng(png));
      const seen = judged(artwork);
      assertNear(seen.poppler, expected(png), 'poppler');
      assertNear(seen.mupdf, expected(png), 'mupdf');
      assert.equal(artwork.colour, colourType === 0 || colourType === 4 ? 'grey' : 'rgb');
    });
  }
}

const grey: SamplePng = { width, height, colourType: 0, bitDepth: 8, sample: (x, y) => x * 9 + y };

test('one pixel that is not opaque refuses the picture, wherever the PNG says so', () => {
  const veiled = (x: number, y: number): boolean => x === 22 && y === 16;
  const at = /pixel 23, 17 /;
  for (const bitDepth of [8, 16] as const) {
    const most = 2 ** bitDepth - 1;
    const alpha = (x: number, y: number): number => (veiled(x, y) ? most - 1 : most);
    for (const [colourType, channel] of [
      [4, 1],
      [6, 3],
    ] as const) {
      const sample = (x: number, y: number, c: number): number => (c === channel ? alpha(x, y) : x);
      refused('artwork-transparent', encodePng({ width, height, colourType, bitDepth, sample }), at);
    }
  }
  const indexed = { width, height, colourType: 3, bitDepth: 2, palette, transparency: [255, 254] } as const;
  refused('artwork-transparent', encodePng({ ...indexed, sample: (x, y) => (veiled(x, y) ? 1 : 0) }), at);
  openArtwork('front', encodePng({ ...indexed, sample: () => 3 }));
  const keyed = { ...grey, transparency: [0, 7] };
  refused('artwork-transparent', encodePng({ ...keyed, sample: (x, y) => (veiled(x, y) ? 7 : 8) }), at);
  openArtwork('front', encodePng({ ...keyed, sample: () => 8 }));
});

test('a profile must fit the picture, sRGB is noted', () => {
  const chunkOf = (profile: Uint8Array): readonly [string, Buffer] => [
    'iCCP',
    Buffer.concat([Buffer.from('x\0\0'), deflateSync(profile)]),
  ];
  const rgb: SamplePng = { ...grey, colourType: 2 };
  const opened = openArtwork('front', encodePng({ ...rgb, extra: [chunkOf(sampleProfile('RGB '))] }));
  assert.deepEqual(Buffer.from(opened.pdf.icc as Uint8Array), sampleProfile('RGB '));
  assert.equal(opened.colourSaidBy, 'icc');
  assert.equal(openArtwork('a', encodePng({ ...rgb, extra: [['sRGB', Buffer.of(0)]] })).colourSaidBy, 'srgb');
  refused('artwork-profile-unfit', encodePng({ ...grey, extra: [chunkOf(sampleProfile('RGB '))] }), /grey/);
  refused(
    'artwork-profile-unfit',
    encodePng({ ...rgb, extra: [chunkOf(sampleProfile('RGB ').subarray(0, 90))] }),
  );
  refused('artwork-too-large', encodePng({ ...rgb, extra: [chunkOf(Buffer.alloc(9 * 1024 * 1024))] }));
});

test('bombs are refused by what they would take, before they take it', () => {
  const huge = { ...grey, width: 100_000, height: 100_000 };
  const little = chunk('IDAT', deflateSync(Buffer.alloc(100)));
  refused('artwork-too-large', pngOf([headerChunk(huge), little]));
  refused(
    'artwork-too-large',
    pngOf([headerChunk({ ...huge, width: 2 ** 31 - 1, height: 2 ** 31 - 1 }), little]),
  );
  refused('artwork-too-large', Buffer.alloc(21 * 1024 * 1024));
  const bomb = chunk('IDAT', deflateSync(Buffer.alloc(200 * 1024 * 1024)));
  const before = process.memoryUsage().rss;
  refused('artwork-damaged', pngOf([headerChunk(grey), bomb]), /more data than pixels/);
  assert.ok(process.memoryUsage().rss - before < 100e6);
});

test('damage is named', () => {
  const whole = encodePng(grey);
  const data = Buffer.concat(Array.from({ length: height }, () => Buffer.alloc(width + 1)));
  const withData = (body: Uint8Array): Buffer => pngOf([headerChunk(grey), chunk('IDAT', body)]);
  openArtwork('front', withData(deflateSync(data)));
  const flipped = Buffer.from(whole);
  flipped[20] = (flipped[20] as number) ^ 1;
  refused('artwork-damaged', flipped, /sum of a chunk/);
  refused('artwork-damaged', withData(deflateSync(data.subarray(1))), /within its pixels/);
  refused('artwork-damaged', withData(Buffer.concat([deflateSync(data), Buffer.of(0)])), /follow/);
  refused('artwork-damaged', withData(deflateSync(data.fill(5))), /unknown filter/);
  refused('artwork-damaged', encodePng({ ...grey, colourType: 3, palette, sample: () => 4 }), /no colour/);
  refused('artwork-damaged', encodePng({ ...grey, colourType: 3 }), /palette is missing/);
  refused('artwork-damaged', pngOf([headerChunk({ ...grey, bitDepth: 4, colourType: 2 })]), /no data/);
  refused('artwork-not-picture', Buffer.from('%PDF-1.6'));
  refused('artwork-not-picture', Buffer.alloc(0));
});

test('what follows the end goes nowhere', () => {
  const whole = encodePng(grey);
  const longer = openArtwork('front', Buffer.concat([whole, Buffer.from('PK secret')]));
  assert.deepEqual(Buffer.from(longer.file), whole);
});
