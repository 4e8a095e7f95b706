import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { inkSums } from '../../src/image/jpeg-inks.ts';
import { openArtwork } from '../../src/image/open.ts';
import { Refusal } from '../../src/refusal.ts';
import { encodePng } from './sample-png.ts';

const jpegs = [
  'cmyk.jpg',
  'cmyk-progressive.jpg',
  'rgb-progressive-420.jpg',
  'rgb-restarts-422.jpg',
  'grey-progressive.jpg',
].map((name) => readFileSync(new URL(`fixtures/${name}`, import.meta.url)));
const pngs = ([0, 2, 6] as const).map((colourType) =>
  encodePng({
    width: 19,
    height: 11,
    colourType,
    bitDepth: 8,
    interlaced: colourType === 6,
    sample: (x, _, c) => (c === 3 ? 255 : x),
  }),
);
const samples = [...jpegs, ...pngs];

/** True when it opened; anything but a refusal is thrown. */
function opens(bytes: Buffer): boolean {
  try {
    const artwork = openArtwork('front', bytes);
    if (artwork.colour === 'cmyk') inkSums(artwork.file, 300);
    return true;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}

test('every picture that ends early is refused', () => {
  for (const sample of samples) {
    assert.ok(opens(sample));
    for (let length = 0; length < sample.length; length++) {
      assert.equal(opens(sample.subarray(0, length)), false, `${length} of ${sample.length}`);
    }
  }
});

test('a JPEG cut within its pixels and closed with an end marker is refused', () => {
  for (const sample of jpegs) {
    const pixels = sample.indexOf(Buffer.of(0xff, 0xda)) + 14;
    for (let length = pixels; length < sample.length - 3; length += 7) {
      assert.equal(
        opens(Buffer.concat([sample.subarray(0, length), Buffer.of(0xff, 0xd9)])),
        false,
        `${length}`,
      );
    }
  }
});

test('every bit of a PNG counts', () => {
  for (const sample of pngs) {
    for (let at = 0; at < sample.length; at++) {
      const copy = Buffer.from(sample);
      copy[at] = (copy[at] as number) ^ (1 << (at % 8));
      assert.equal(opens(copy), false, `byte ${at}`);
    }
  }
});

test('flipped, cut and doubled bytes end in a refusal or a picture, soon', () => {
  const change = fc.record({
    at: fc.nat({ max: 4000 }),
    kind: fc.constantFrom('flip', 'set', 'cut', 'double'),
    value: fc.integer({ min: 0, max: 255 }),
  });
  fc.assert(
    fc.property(
      fc.constantFrom(...samples),
      fc.array(change, { minLength: 1, maxLength: 6 }),
      (sample, changes) => {
        let bytes = Buffer.from(sample);
        for (const { at, kind, value } of changes) {
          const place = at % bytes.length;
          if (kind === 'flip') bytes[place] = (bytes[place] as number) ^ (1 << (value & 7));
          else if (kind === 'set') bytes[place] = value;
          else {
            const rest = kind === 'cut' ? place + value : Math.max(0, place - value);
            bytes = Buffer.concat([bytes.subarray(0, place), bytes.subarray(rest)]);
          }
          if (bytes.length === 0) return;
        }
        const start = performance.now();
        opens(bytes);
        assert.ok(performance.now() - start < 2000);
      },
    ),
    { numRuns: 3000 },
  );
});
