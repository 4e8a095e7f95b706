/** What a made-up font differs in from one with the letters A, B, C, … on square glyphs. */
export interface TinyFont {
  /** Of each glyph; number 0 is the missing glyph. */
  readonly outlines?: readonly Buffer[];
  /** The whole table. */
  readonly cmap?: Buffer;
  readonly name?: Buffer;
  readonly ascent?: number;
  readonly descent?: number;
}

/** A TrueType file by its tables (OpenType 1.9.1): 1,000 units in an em, every glyph as wide as that. */
export function tinyFont(font: TinyFont = {}): Buffer {
  const { outlines = [square(500), square(600), square(700)], ascent = 800, descent = -200 } = font;
  const loca = Buffer.alloc(4 * (outlines.length + 1));
  let end = 0;
  for (const [glyph, outline] of outlines.entries()) {
    end += outline.length;
    loca.writeUInt32BE(end, 4 * glyph + 4);
  }
  const tables: Record<string, Buffer> = {
    cmap: font.cmap ?? lettersMap(outlines.length - 1),
    glyf: Buffer.concat(outlines),
    head: words(54, { 18: 1000, 50: 1 }),
    hhea: words(36, { 4: ascent, 6: descent & 0xffff, 34: outlines.length }),
    hmtx: Buffer.concat(outlines.map(() => words(4, { 0: 1000 }))),
    loca,
    maxp: words(6, { 4: outlines.length }),
    ...(font.name === undefined ? {} : { name: font.name }),
  };
  return file(tables);
}

/** One square contour. */
export function square(size: number): Buffer {
  const points = [size, 0, 0, size, -size & 0xffff, 0, 0, -size & 0xffff];
  const outline = Buffer.alloc(34);
  outline.writeInt16BE(1, 0);
  outline.writeUInt16BE(3, 10);
  outline.fill(1, 14, 18);
  for (const [index, at] of [0, 2, 4, 6].entries()) outline.writeUInt16BE(points[at]!, 18 + 2 * index);
  for (const [index, at] of [1, 3, 5, 7].entries()) outline.writeUInt16BE(points[at]!, 26 + 2 * index);
  return outline;
}

/** A glyph put together of others. */
export function composite(parts: readonly number[]): Buffer {
  const outline = Buffer.alloc((10 + 6 * parts.length + 3) & ~3);
  outline.writeInt16BE(-1, 0);
  for (const [index, part] of parts.entries()) {
    outline.writeUInt16BE(index < parts.length - 1 ? 0x22 : 0x02, 10 + 6 * index);
    outline.writeUInt16BE(part, 12 + 6 * index);
  }
  return outline;
}

/** A Unicode character map of format 4 with these segments; each character has glyph 1. */
export function segmentsMap(segments: readonly (readonly [start: number, end: number])[]): Buffer {
  const count = segments.length;
  const header = words(26, { 2: 1, 4: 3, 6: 1, 10: 12, 12: 4, 18: 2 * count });
  const numbers = Buffer.alloc(8 * count + 4);
  for (const [index, [start, end]] of segments.entries()) {
    numbers.writeUInt16BE(end, 2 * index);
    numbers.writeUInt16BE(start, 2 * count + 2 + 2 * index);
    // From the field of the range offset to the two bytes after the last: all read the same glyph there.
    numbers.writeUInt16BE(0, 4 * count + 2 + 2 * index);
    numbers.writeUInt16BE(0, 6 * count + 2 + 2 * index);
  }
  return Buffer.concat([header, numbers]);
}

/** A to Z as far as there are glyphs, from glyph 1 on (format 12). */
function lettersMap(letters: number): Buffer {
  const map = Buffer.alloc(12 + 16 + 12);
  map.writeUInt16BE(1, 2);
  map.writeUInt16BE(3, 4);
  map.writeUInt16BE(10, 6);
  map.writeUInt32BE(12, 8);
  map.writeUInt16BE(12, 12);
  map.writeUInt32BE(1, 24);
  map.writeUInt32BE(0x41, 28);
  map.writeUInt32BE(0x41 + Math.min(letters, 26) - 1, 32);
  map.writeUInt32BE(1, 36);
  return map;
}

function words(length: number, values: Readonly<Record<number, number>>): Buffer {
  const table = Buffer.alloc(length);
  for (const [at, value] of Object.entries(values)) table.writeUInt16BE(value, Number(at));
  return table;
}

function file(tables: Readonly<Record<string, Buffer>>): Buffer {
  const tags = Object.keys(tables).sort();
  const directory = Buffer.alloc(12 + 16 * tags.length);
  directory.writeUInt32BE(0x00010000, 0);
  directory.writeUInt16BE(tags.length, 4);
  let end = directory.length;
  for (const [index, tag] of tags.entries()) {
    const { length } = tables[tag]!;
    directory.write(tag, 12 + 16 * index, 'latin1');
    directory.writeUInt32BE(end, 20 + 16 * index);
    directory.writeUInt32BE(length, 24 + 16 * index);
    end += length;
  }
  return Buffer.concat([directory, ...tags.map((tag) => tables[tag]!)]);
}
