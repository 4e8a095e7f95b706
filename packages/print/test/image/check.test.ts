import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Artwork } from '../../src/image/artwork.ts';
import { type ArtworkUse, checkArtwork } from '../../src/image/check.ts';
import { openArtwork } from '../../src/image/open.ts';
import { encodePng } from './sample-png.ts';
import { sampleProfile } from './sample-profile.ts';

const fixture = (name: string): Artwork =>
  openArtwork('front', readFileSync(new URL(`fixtures/${name}`, import.meta.url)));
const picture = (colourType: 0 | 2): Artwork =>
  openArtwork(
    'front',
    encodePng({ width: 300, height: 150, colourType, bitDepth: 8, sample: (x) => x % 256 }),
  );

const inch: ArtworkUse = { widthMm: 25.4, heightMm: 12.7, maxInkPercent: 300, minDpi: 300 };
const codes = (artwork: Artwork, use: ArtworkUse): string[] =>
  checkArtwork(artwork, use).map(({ code }) => code);

test('a picture that fits has no warnings', () => {
  assert.deepEqual(codes(picture(0), inch), []);
});

test('resolution and proportions', () => {
  const [low] = checkArtwork(picture(0), { ...inch, widthMm: 50.8, heightMm: 25.4 });
  assert.equal(low?.code, 'resolution-low');
  assert.equal(low?.figures['dpi'], 150);
  assert.match(low?.zh ?? '', /150 dpi.*至少 300 dpi/);
  assert.match(low?.en ?? '', /150 dpi.*at least 300 dpi/);
  assert.deepEqual(codes(picture(0), { ...inch, widthMm: 2.54, heightMm: 1.27 }), ['resolution-excessive']);
  const [stretched] = checkArtwork(picture(0), { ...inch, heightMm: 12 });
  assert.equal(stretched?.figures['stretchPercent'], 5.8);
});

test('ink above the limit: how much, how large a part, and where', () => {
  const [ink] = checkArtwork(fixture('cmyk.jpg'), { ...inch, widthMm: 5, heightMm: 3.75, minDpi: 100 });
  assert.equal(ink?.code, 'ink-excessive');
  assert.deepEqual(ink?.figures, {
    highestPercent: 360,
    sharePercent: 25,
    maxInkPercent: 300,
    xMm: 2.5,
    yMm: 0,
  });
  assert.deepEqual(
    codes(fixture('cmyk.jpg'), { ...inch, widthMm: 5, heightMm: 3.75, maxInkPercent: 365 }),
    [],
  );
});

test('profiles that are missing or of another press', () => {
  assert.deepEqual(codes(picture(2), inch), ['profile-missing']);
  const cmyk = fixture('cmyk.jpg');
  const profiled: Artwork = { ...cmyk, pdf: { ...cmyk.pdf, icc: sampleProfile('CMYK', 'Newsprint') } };
  const use = { ...inch, widthMm: 5, heightMm: 3.75, maxInkPercent: 400 };
  const [differs] = checkArtwork(profiled, { ...use, pressIcc: sampleProfile('CMYK', 'Coated') });
  assert.deepEqual(differs?.figures, { madeFor: 'Newsprint', press: 'Coated' });
  assert.deepEqual(codes(profiled, { ...use, pressIcc: sampleProfile('CMYK', 'Newsprint') }), []);
});

test('a picture that is meant to run off the card must fill the bleed', () => {
  const card = { cardWidthMm: 85.6, cardHeightMm: 53.98, bleedMm: 1.5 };
  const at = (xMm: number, yMm: number, widthMm: number, heightMm: number): readonly unknown[] =>
    checkArtwork(picture(0), { ...inch, minDpi: 1, widthMm, heightMm, placement: { xMm, yMm, ...card } })
      .filter(({ code }) => code === 'bleed-unreached')
      .map(({ figures }) => figures);
  assert.deepEqual(at(-1.5, -1.5, 88.6, 56.98), []);
  assert.deepEqual(at(10, 10, 20, 20), []);
  assert.deepEqual(at(0, 0, 85.6, 53.98), [{ bleedMm: 1.5, reachMm: 0, sides: 'left,top,right,bottom' }]);
  assert.deepEqual(at(-1, -1.5, 88.1, 56.98), [{ bleedMm: 1.5, reachMm: 1, sides: 'left' }]);
});
