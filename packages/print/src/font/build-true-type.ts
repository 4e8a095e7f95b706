import { bytesOf, tableOf } from './sfnt.ts';
import type { TrueTypeFont } from './true-type-font.ts';

export interface BuiltTrueType {
  readonly fontFile: Uint8Array<ArrayBuffer>;
  /** Number in the whole font → number in `fontFile`. */
  readonly newGlyphs: ReadonlyMap<number, number>;
}

/** Programs that shape outlines: old Chinese fonts put their strokes together with them. Copied as they are. */
const copiedTables = ['cvt ', 'fpgm', 'prep'];

/**
 * A font file of some glyphs of a font, those that they are composed of and the box of the missing glyph as number 0,
 * which every font must have; with the tables that PDF wants (ISO 32000-1, 9.9), and no others.
 */
export function buildTrueType(font: TrueTypeFont, wanted: readonly number[]): BuiltTrueType {
  const glyphs = withComponents(font, wanted);
  const newGlyphs = new Map(glyphs.map((glyph, index) => [glyph, index]));
  const { glyf, loca } = glyphTables(font, glyphs, newGlyphs);
  const tables = new Map<string, Buffer>([
    ['glyf', glyf],
    ['head', copy(font, 'head', 54, withLongOffsets)],
    ['hhea', copy(font, 'hhea', 36, (hhea) => hhea.writeUInt16BE(glyphs.length, 34))],
    ['hmtx', metricsTable(font, glyphs)],
    ['loca', loca],
    ['maxp', copy(font, 'maxp', 6, (maxp) => maxp.writeUInt16BE(glyphs.length, 4))],
  ]);
  for (const tag of copiedTables) if (font.tables.has(tag)) tables.set(tag, copy(font, tag, 0));
  return { fontFile: assemble(tables), newGlyphs };
}

/** Offsets in `loca` are of 32 bits; the checksum of the whole file is filled in when the file is there. */
function withLongOffsets(head: Buffer): void {
  head.writeUInt32BE(0, 8);
  head.writeInt16BE(1, 50);
}

/** Ascending, so that bytes do not depend on the order of asking. */
function withComponents(font: TrueTypeFont, wanted: readonly number[]): number[] {
  const glyphs = new Set([0, ...wanted]);
  for (const glyph of glyphs) for (const part of font.componentsOf(glyph)) glyphs.add(part.glyph);
  return [...glyphs].sort((one, other) => one - other);
}

function glyphTables(
  font: TrueTypeFont,
  glyphs: readonly number[],
  newGlyphs: ReadonlyMap<number, number>,
): { glyf: Buffer; loca: Buffer } {
  const parts: Buffer[] = [];
  const loca = Buffer.alloc(4 * (glyphs.length + 1));
  let end = 0;
  for (const [index, glyph] of glyphs.entries()) {
    const part = padded(bytesOf(font.outlineData(glyph)));
    for (const { glyph: old, at } of font.componentsOf(glyph)) part.writeUInt16BE(newGlyphs.get(old)!, at);
    parts.push(part);
    end += part.length;
    loca.writeUInt32BE(end, 4 * index + 4);
  }
  return { glyf: Buffer.concat(parts, end), loca };
}

function metricsTable(font: TrueTypeFont, glyphs: readonly number[]): Buffer {
  const hmtx = Buffer.alloc(4 * glyphs.length);
  for (const [index, glyph] of glyphs.entries()) {
    hmtx.writeUInt16BE(font.advanceOf(glyph), 4 * index);
    hmtx.writeInt16BE(font.leftBearingOf(glyph), 4 * index + 2);
  }
  return hmtx;
}

function copy(font: TrueTypeFont, tag: string, leastBytes: number, change?: (table: Buffer) => void): Buffer {
  const table = Buffer.from(bytesOf(tableOf(font.tables, tag, leastBytes)));
  change?.(table);
  return table;
}

/** Tables and glyphs begin at multiples of four. A copy. */
function padded(bytes: Uint8Array): Buffer {
  const whole = Buffer.alloc((bytes.length + 3) & ~3);
  whole.set(bytes);
  return whole;
}

const wholeFileChecksum = 0xb1b0afba;

/** Table directory and checksums as in OpenType 1.9.1, "Organization of an OpenType Font"; tables sorted by tag. */
function assemble(tables: ReadonlyMap<string, Buffer>): Uint8Array<ArrayBuffer> {
  const tags = [...tables.keys()].sort();
  const log = Math.floor(Math.log2(tags.length));
  const directory = Buffer.alloc(12 + 16 * tags.length);
  directory.writeUInt32BE(0x00010000, 0);
  directory.writeUInt16BE(tags.length, 4);
  directory.writeUInt16BE(16 << log, 6);
  directory.writeUInt16BE(log, 8);
  directory.writeUInt16BE(16 * (tags.length - (1 << log)), 10);
  const parts: Uint8Array[] = [directory];
  let end = directory.length;
  for (const [index, tag] of tags.entries()) {
    const table = tables.get(tag)!;
    const part = padded(table);
    const at = 12 + 16 * index;
    directory.write(tag, at, 'latin1');
    directory.writeUInt32BE(checksum(part), at + 4);
    directory.writeUInt32BE(end, at + 8);
    directory.writeUInt32BE(table.length, at + 12);
    parts.push(part);
    end += part.length;
  }
  const file = new Uint8Array(end);
  let at = 0;
  for (const part of parts) {
    file.set(part, at);
    at += part.length;
  }
  const view = new DataView(file.buffer);
  const headAt = view.getUint32(12 + 16 * tags.indexOf('head') + 8);
  view.setUint32(headAt + 8, (wholeFileChecksum - checksum(file)) >>> 0);
  return file;
}

/** The sum of 32-bit words, modulo 2³². */
function checksum(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 4) sum = (sum + view.getUint32(at)) | 0;
  return sum >>> 0;
}
