import type { FontSubset } from '../../src/font/subset.ts';
import type { Typeface } from '../../src/font/typeface.ts';

/** [code point, glyph in the whole font]: far apart, and one beyond the BMP. */
export const squareGlyphs: readonly (readonly [number, number])[] = [
  [0x41, 5],
  [0x42, 6],
  [0x5361, 0x2829],
  [0x20bb7, 0xfffe],
];

const squareWidths = [600, 700, 1000, 1000];

/** A font whose glyphs are squares of 100, 200, … thousandths: nobody's work, and every one can be told apart. */
export const squareTypeface: Typeface = {
  name: 'square',
  glyphCount: 0xffff,
  ascent: 800,
  descent: -200,
  capHeight: 700,
  glyphOf: (codePoint) => squareGlyphs.find(([known]) => known === codePoint)?.[1] ?? 0,
  advanceOf: () => 1000,
  outlineOf: () => '',
};

export function squareFont(): FontSubset {
  return {
    postScriptName: 'ABCDEF+Square',
    fontFile: trueType(squareGlyphs.length + 1),
    glyphs: squareGlyphs.map(([codePoint, cid], index) => ({
      cid,
      fontGlyph: index + 1,
      widthPer1000: squareWidths[index]!,
      codePoint,
    })),
    metrics: {
      bbox: [0, 0, 1000, 1000],
      ascent: 800,
      descent: -200,
      capHeight: 700,
      italicAngle: 0,
      stemV: 80,
      flags: 4,
    },
  };
}

function trueType(glyphCount: number): Uint8Array {
  const glyphs = Array.from({ length: glyphCount }, (_, glyph) => square(glyph * 100));
  const lengths = glyphs.map(({ length }) => length);
  const offsets = [
    0,
    ...lengths.map((_, index) => lengths.slice(0, index + 1).reduce((sum, length) => sum + length, 0)),
  ];
  const tables: readonly (readonly [string, Buffer])[] = [
    ['glyf', Buffer.concat(glyphs)],
    [
      'head',
      shorts([
        1, 0, 1, 0, 0, 0, 0x5f0f, 0x3cf5, 0, 1000, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1000, 1000, 0, 8, 2, 1, 0,
      ]),
    ],
    ['hhea', shorts([1, 0, 800, -200, 0, 1000, 0, 0, 1000, 1, 0, 0, 0, 0, 0, 0, 0, glyphCount])],
    ['hmtx', shorts(glyphs.flatMap((_, glyph) => [[500, ...squareWidths][glyph]!, 0]))],
    ['loca', Buffer.concat(offsets.map((offset) => shorts([offset >>> 16, offset & 0xffff])))],
    ['maxp', shorts([1, 0, glyphCount, 4, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0])],
  ];
  let at = 12 + 16 * tables.length;
  const directory = tables.map(([name, table]) => {
    const entry = Buffer.concat([Buffer.from(name), checksum(table), word(at), word(table.length)]);
    at += table.length + (-table.length & 3);
    return entry;
  });
  const bodies = tables.map(([, table]) => Buffer.concat([table, Buffer.alloc(-table.length & 3)]));
  return Buffer.concat([shorts([1, 0, tables.length, 64, 2, 32]), ...directory, ...bodies]);
}

/** One contour of four points on the curve. */
function square(side: number): Buffer {
  if (side === 0) return Buffer.alloc(0);
  const flags = Buffer.from([1, 1, 1, 1]);
  return Buffer.concat([
    shorts([1, 0, 0, side, side, 3, 0]),
    flags,
    shorts([0, 0, side, 0, 0, side, 0, -side]),
  ]);
}

function shorts(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(2 * values.length);
  for (const [index, value] of values.entries()) bytes.writeUInt16BE(value & 0xffff, 2 * index);
  return bytes;
}

function word(value: number): Buffer {
  return shorts([value >>> 16, value & 0xffff]);
}

function checksum(table: Buffer): Buffer {
  const padded = Buffer.concat([table, Buffer.alloc(-table.length & 3)]);
  let sum = 0;
  for (let at = 0; at < padded.length; at += 4) sum = (sum + padded.readUInt32BE(at)) >>> 0;
  return word(sum);
}
