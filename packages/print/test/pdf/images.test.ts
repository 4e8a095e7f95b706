import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import * as mupdf from 'mupdf';
import type { Artwork } from '../../src/image/artwork.ts';
import { openProfile } from '../../src/image/icc.ts';
import { openOutputIntent } from '../../src/pdf/output-intent.ts';
import { srgbProfile } from '../../src/pdf/srgb-profile.ts';
import { Refusal } from '../../src/refusal.ts';
import { readPdf } from './read-pdf.ts';
import { checkWithQpdf, outputIntent, pdfOf, profileFile } from './sample-file.ts';

type PictureData = Partial<Artwork['pdf']>;

/** Two by one pixels. */
function picture(
  name: string,
  colour: Artwork['colour'],
  samples: readonly number[],
  more: PictureData = {},
): Artwork {
  return {
    name,
    colour,
    widthPx: 2,
    heightPx: 1,
    sha256: name,
    mime: 'image/png',
    file: new Uint8Array(0),
    pdf: { filter: 'FlateDecode', bitsPerComponent: 8, data: deflateSync(Uint8Array.from(samples)), ...more },
  };
}

async function shown(artworks: readonly Artwork[]): Promise<{ pdf: Buffer; rgbAt(x: number): number[] }> {
  const pdf = await pdfOf(
    ({ pen, addPage }) => {
      for (const [index, artwork] of artworks.entries()) pen.artwork(artwork, 20 * index, 0, 20, 10);
      addPage([0, 0, 20 * artworks.length, 10]);
    },
    { lists: { artworks } },
  );
  checkWithQpdf(pdf);
  const page = mupdf.Document.openDocument(pdf, 'application/pdf').loadPage(0);
  const pixmap = page.toPixmap(mupdf.Matrix.identity, mupdf.ColorSpace.DeviceRGB, false);
  const at = (x: number) => 5 * pixmap.getStride() + x * 3;
  return { pdf, rgbAt: (x) => [...pixmap.getPixels().subarray(at(x), at(x) + 3)] };
}

test('pictures show their colours: RGB as sRGB, palettes, grey, decode arrays', async () => {
  const palette = Uint8Array.of(250, 120, 10, 10, 20, 200);
  const { rgbAt } = await shown([
    picture('a-rgb', 'rgb', [200, 100, 50, 20, 160, 60]),
    picture('b-palette', 'rgb', [0b0100_0000], { bitsPerComponent: 1, palette }),
    picture('c-grey', 'grey', [0, 255]),
    picture('d-inverted', 'grey', [0, 255], { decode: [1, 0] }),
  ]);
  const expected: readonly [number, readonly number[]][] = [
    [5, [200, 100, 50]],
    [15, [20, 160, 60]],
    [25, [250, 120, 10]],
    [35, [10, 20, 200]],
  ];
  for (const [x, colour] of expected)
    for (const [channel, value] of colour.entries())
      assert.ok(Math.abs(rgbAt(x)[channel]! - value) <= 6, `at ${x}: ${rgbAt(x)} for ${colour}`);
  assert.ok(rgbAt(45)[1]! < 70 && rgbAt(55)[1]! > 240);
  assert.ok(rgbAt(65)[1]! > 240 && rgbAt(75)[1]! < 70);
});

test('one profile is embedded once; the profile of the press means device CMYK', async () => {
  const press = new Uint8Array(readFileSync(profileFile));
  const { pdf } = await shown([
    picture('a', 'rgb', [1, 2, 3, 4, 5, 6]),
    picture('b', 'rgb', [1, 2, 3, 4, 5, 6], { icc: srgbProfile() }),
    picture('c', 'cmyk', [0, 0, 0, 0, 9, 9, 9, 9], { icc: press }),
  ]);
  const read = readPdf(pdf);
  const spaces = [...read.objects.values()]
    .filter(
      (value) =>
        typeof value === 'object' &&
        value !== null &&
        !Array.isArray(value) &&
        value['/Subtype'] === '/Image',
    )
    .map((value) => read.dictionary(value)['/ColorSpace']);
  assert.deepEqual(spaces[0], spaces[1]);
  assert.equal(spaces[2], '/DeviceCMYK');
});

test('our sRGB profile is one', () => {
  const { bytes, ...facts } = openProfile(srgbProfile());
  assert.deepEqual(facts, {
    majorVersion: 4,
    deviceClass: 'mntr',
    connectionSpace: 'XYZ ',
    colour: 'rgb',
    description: 'sRGB',
  });
  assert.ok(new mupdf.ColorSpace(srgbProfile(), 'sRGB').isRGB());
});

test('the bundled profile is a press, by its own words and to a colour engine', () => {
  assert.equal(outputIntent.description, 'Cardwright FOGRA39L Coated');
  assert.equal(outputIntent.condition, 'FOGRA39');
  assert.ok(new mupdf.ColorSpace(outputIntent.profile, 'press').isCMYK());
  assert.equal(openOutputIntent(outputIntent.profile).condition, 'Cardwright FOGRA39L Coated');
});

const pressProfile = readFileSync(profileFile);

function changed(at: number, bytes: string): Uint8Array {
  const profile = Buffer.from(pressProfile);
  profile.write(bytes, at, 'latin1');
  return profile;
}

const unusable: Readonly<Record<string, Uint8Array>> = {
  'an empty file': new Uint8Array(0),
  'a text': Buffer.from('not a profile '.repeat(20)),
  'a profile cut short': pressProfile.subarray(0, 5000),
  'a display profile': srgbProfile(),
  'a press of other inks': changed(16, 'RGB '),
  'a device link': changed(12, 'link'),
  'a profile of version 5': changed(8, '\x05'),
  'a profile with a strange connection space': changed(20, 'CMYK'),
  'a profile whose tags point nowhere': changed(132 + 4, '\xff\xff\xff\xf0'),
  'a profile with more tags than bytes': changed(128, '\xff\xff\xff\xff'),
};

for (const [what, profile] of Object.entries(unusable)) {
  test(`${what} is refused as output intent`, () => {
    assert.throws(
      () => openOutputIntent(profile, undefined, 'press.icc'),
      (error) =>
        error instanceof Refusal &&
        error.code === 'output-profile-unusable' &&
        error.place.file === 'press.icc',
    );
  });
}

test('a damaged profile is refused or opened, and never read beyond its end', () => {
  const changes = fc.array(fc.tuple(fc.oneof(fc.nat(160), fc.nat(pressProfile.length - 1)), fc.nat(255)), {
    maxLength: 6,
  });
  fc.assert(
    fc.property(changes, fc.integer({ min: 132, max: pressProfile.length }), (damage, length) => {
      const profile = Buffer.from(pressProfile.subarray(0, length));
      profile.writeUInt32BE(length, 0);
      for (const [at, value] of damage) if (at < length) profile[at] = value;
      try {
        openOutputIntent(profile);
      } catch (error) {
        assert.ok(error instanceof Refusal, String((error as Error).stack));
      }
    }),
    { numRuns: 500 },
  );
});

test('a description that is cut in the middle of a character is read as far as it goes, or not at all', () => {
  const mluc = Buffer.from('mluc\0\0\0\0\0\0\0\x01\0\0\0\x0cenUS\0\0\0\x08\0\0\0\x1c\0P\0', 'latin1');
  const profile = Buffer.concat([pressProfile.subarray(0, 132), Buffer.from('desc'), Buffer.alloc(8), mluc]);
  profile.writeUInt32BE(profile.length, 0);
  profile.writeUInt32BE(1, 128);
  profile.writeUInt32BE(144, 136);
  profile.writeUInt32BE(mluc.length, 140);
  assert.equal(openOutputIntent(profile).description, 'CMYK');
});
