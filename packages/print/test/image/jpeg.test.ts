import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { encode } from 'jpeg-js';
import { inkSums } from '../../src/image/jpeg-inks.ts';
import { openArtwork } from '../../src/image/open.ts';
import { Refusal, type RefusalCode } from '../../src/refusal.ts';
import { inksByGhostscript, judged, type Pixels } from './judged.ts';
import { sampleProfile } from './sample-profile.ts';

const fixture = (name: string): Buffer => readFileSync(new URL(`fixtures/${name}`, import.meta.url));

function refused(code: RefusalCode, bytes: Uint8Array, detail: RegExp): void {
  assert.throws(
    () => openArtwork('front', bytes),
    (error: unknown) => {
      assert.ok(error instanceof Refusal, String(error));
      assert.equal(error.code, code, error.message);
      assert.match(error.detail, detail);
      return true;
    },
  );
}

/** A baseline RGB picture of ours, 4:4:4. */
function sampleJpeg(width = 40, height = 24): Buffer {
  const data = Buffer.alloc(width * height * 4);
  for (let index = 0; index < width * height; index++) {
    data.set([(index % width) * 5, Math.floor(index / width) * 9, 128, 255], index * 4);
  }
  return Buffer.from(encode({ width, height, data }, 90).data);
}

/** With a segment just after the start of the image. */
function withSegment(jpeg: Buffer, marker: number, body: Uint8Array): Buffer {
  const head = Buffer.of(0xff, marker, (body.length + 2) >> 8, (body.length + 2) & 255);
  return Buffer.concat([jpeg.subarray(0, 2), head, body, jpeg.subarray(2)]);
}

function segmentStart(jpeg: Buffer, marker: number): number {
  const at = jpeg.indexOf(Buffer.of(0xff, marker));
  assert.ok(at > 0);
  return at;
}

function meanDifference(one: Pixels, other: Pixels): number {
  assert.equal(one.length, other.length);
  return one.reduce((sum, value, index) => sum + Math.abs(value - (other[index] as number)), 0) / one.length;
}

for (const [name, colour] of [
  ['rgb-progressive-420.jpg', 'rgb'],
  ['rgb-restarts-422.jpg', 'rgb'],
  ['grey-progressive.jpg', 'grey'],
] as const) {
  test(`${name}: embedded as it is, two renderers see what it shows`, () => {
    const artwork = openArtwork('front', fixture(name));
    assert.equal(artwork.colour, colour);
    assert.deepEqual([artwork.widthPx, artwork.heightPx], [61, 43]);
    assert.deepEqual(Buffer.from(artwork.pdf.data), fixture(name));
    const drawn = Array.from({ length: 61 * 43 }, (_, index) => {
      const [x, y] = [index % 61, Math.floor(index / 61)];
      const [red, green, blue] = [x * 4, y * 5, ((x * y) % 97) * 2];
      const grey = 0.299 * red + 0.587 * green + 0.114 * blue;
      return colour === 'rgb' ? [red, green, blue] : [grey, grey, grey];
    }).flat();
    const seen = judged(artwork);
    for (const pixels of [seen.poppler, seen.mupdf]) {
      const far = meanDifference(pixels, Uint8Array.from(drawn));
      assert.ok(far < 20, `${far}`);
    }
    // Poppler and MuPDF enlarge halved colour differently.
    assert.ok(meanDifference(seen.poppler, seen.mupdf) < 5);
  });
}

for (const name of ['cmyk.jpg', 'cmyk-progressive.jpg']) {
  test(`${name}: inverted inks are turned back`, () => {
    const artwork = openArtwork('front', fixture(name));
    assert.equal(artwork.colour, 'cmyk');
    const { widthPx, heightPx } = artwork;
    const seen = judged(artwork);
    const at = (pixels: Pixels, right: number, down: number): string => {
      const start = (Math.floor(heightPx * down) * widthPx + Math.floor(widthPx * right)) * 3;
      const bright = [...pixels.subarray(start, start + 3)].map((value) => (value > 128 ? '1' : '0'));
      return bright.join('');
    };
    const fields = name === 'cmyk.jpg' ? ['110', '000', '011', '101'] : ['011', '101', '110', '000'];
    for (const pixels of [seen.poppler, seen.mupdf]) {
      const found = [
        at(pixels, 0.25, 0.25),
        at(pixels, 0.75, 0.25),
        at(pixels, 0.25, 0.75),
        at(pixels, 0.75, 0.75),
      ];
      assert.deepEqual(found, fields);
    }
  });

  for (const transform of [0, 2]) {
    test(`${name}, Adobe transform ${transform}: ink sums are those of another decoder`, () => {
      const jpeg = fixture(name);
      jpeg[segmentStart(jpeg, 0xee) + 4 + 11] = transform;
      const artwork = openArtwork('front', jpeg);
      const inks = inksByGhostscript(artwork);
      const sums = Array.from({ length: inks.length / 4 }, (_, index) =>
        inks.subarray(index * 4, index * 4 + 4).reduce((sum, ink) => sum + (ink * 100) / 255, 0),
      );
      const highest = Math.max(...sums);
      const limit = highest - 30;
      const found = inkSums(jpeg, limit);
      assert.ok(Math.abs(found.highestPercent - highest) < 2, `${found.highestPercent} ${highest}`);
      const above = sums.filter((sum) => sum > limit).length / sums.length;
      assert.ok(Math.abs(found.partAbove - above) < 0.005, `${found.partAbove} ${above}`);
    });
  }
}

test('a CMYK file without an Adobe segment is taken as it stands', () => {
  const given = fixture('cmyk.jpg');
  const at = segmentStart(given, 0xee);
  const bare = Buffer.concat([given.subarray(0, at), given.subarray(at + 2 + given.readUInt16BE(at + 2))]);
  assert.equal(openArtwork('front', bare).pdf.decode, undefined);
  assert.equal(Math.round(inkSums(bare, 300).highestPercent), 300);
});

test('metadata and what follows the end do not go to the press; the profile does, on its own', () => {
  const plain = sampleJpeg();
  const profile = sampleProfile('RGB ', 'x', 'mntr');
  const chunkOf = (no: number, of: number, part: Uint8Array): Buffer =>
    Buffer.concat([Buffer.from('ICC_PROFILE\0'), Buffer.of(no, of), part]);
  const exif = Buffer.from(
    'Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x01\0\0\0\0\0\0',
    'latin1',
  );
  let full = withSegment(plain, 0xe2, chunkOf(2, 2, profile.subarray(50)));
  full = withSegment(withSegment(full, 0xe1, exif), 0xe2, chunkOf(1, 2, profile.subarray(0, 50)));
  const artwork = openArtwork('front', Buffer.concat([full, Buffer.from('trailer')]));
  assert.deepEqual(Buffer.from(artwork.pdf.data), plain);
  assert.deepEqual(Buffer.from(artwork.pdf.icc as Uint8Array), profile);
  assert.deepEqual(Buffer.from(artwork.file), full);

  exif[exif.length - 7] = 6;
  refused('artwork-orientation', withSegment(plain, 0xe1, exif), /6/);
  refused('artwork-profile-unfit', withSegment(plain, 0xe2, chunkOf(1, 2, profile)), /missing/);
  const twice = withSegment(withSegment(plain, 0xe2, chunkOf(1, 2, profile)), 0xe2, chunkOf(1, 2, profile));
  refused('artwork-profile-unfit', twice, /numbered/);
  refused('artwork-profile-unfit', withSegment(plain, 0xe2, chunkOf(1, 1, sampleProfile('CMYK'))), /cmyk/);
  refused(
    'artwork-profile-unfit',
    withSegment(plain, 0xe2, chunkOf(1, 1, sampleProfile('RGB ', 'x', 'link'))),
    /class/,
  );
});

test('kinds that PDF or presses cannot take are refused by name', () => {
  const plain = sampleJpeg();
  const frame = segmentStart(plain, 0xc0);
  const changed = (at: number, value: number): Buffer => {
    const copy = Buffer.from(plain);
    copy[at] = value;
    return copy;
  };
  refused('artwork-kind-unsupported', changed(frame + 4, 12), /12 bits/);
  refused('artwork-kind-unsupported', changed(frame + 1, 0xc3), /lossless/);
  refused('artwork-kind-unsupported', changed(frame + 1, 0xc9), /arithmetic/);
  refused('artwork-kind-unsupported', changed(frame + 9, 2), /2 components/);
  refused('artwork-damaged', changed(frame + 6, 0), /no width or no height|more data/);
  const huge = Buffer.from(plain);
  huge.writeUInt32BE(0xffffffff, frame + 5);
  refused('artwork-too-large', huge, /65535 × 65535/);
});

test('a progressive picture that lacks its last scan is damaged, though it ends with its marker', () => {
  const whole = fixture('grey-progressive.jpg');
  const last = whole.lastIndexOf(Buffer.of(0xff, 0xda));
  const tables = whole.lastIndexOf(Buffer.of(0xff, 0xc4));
  const cut = Buffer.concat([whole.subarray(0, Math.min(last, tables)), Buffer.of(0xff, 0xd9)]);
  refused('artwork-damaged', cut, /scans is missing/);
});
