import { Refusal } from '../refusal.ts';
import { type Component, readComponents } from './composite.ts';
import { type FontMetrics, readMetrics, refuseUnlessEmbeddable } from './metrics.ts';
import { readPostScriptName } from './post-script-name.ts';
import { bytesOf, readTables, type SfntTables, tableOf } from './sfnt.ts';

/**
 * A TrueType file, checked so far that no later read leaves its tables: outlines and advances of glyphs by their number
 * in the file. Outlines stay where they are in the file's bytes, which threads may share.
 */
export class TrueTypeFont {
  readonly tables: SfntTables;
  readonly glyphCount: number;
  readonly unitsPerEm: number;
  readonly postScriptName: string;
  readonly metrics: FontMetrics;
  /** Where each glyph begins in `glyf`; one more at the end. */
  readonly #offsets: Uint32Array;
  readonly #glyf: DataView;
  readonly #hmtx: DataView;
  readonly #fullMetrics: number;
  readonly #missingBoxes: ReadonlySet<number>;

  /** @throws Refusal `font-…`: what is wrong with the file, or why it may not be used. */
  constructor(bytes: Uint8Array, face?: number) {
    const tables = readTables(bytes, face);
    this.tables = tables;
    if (!tables.has('glyf'))
      throw new Refusal('font-outlines-unsupported', 'it has no TrueType outlines (no table glyf)');
    if (tables.has('fvar')) throw new Refusal('font-variable', `it varies (table fvar)`);
    refuseUnlessEmbeddable(tables);
    this.glyphCount = tableOf(tables, 'maxp', 6).getUint16(4);
    const head = tableOf(tables, 'head', 54);
    this.unitsPerEm = head.getUint16(18);
    if (this.unitsPerEm < 16 || this.unitsPerEm > 16384)
      throw new Refusal('font-unreadable', `${this.unitsPerEm} units in an em`);
    this.metrics = readMetrics(tables, this.unitsPerEm);
    this.postScriptName = readPostScriptName(tables);
    this.#glyf = tableOf(tables, 'glyf', 0);
    this.#offsets = readOffsets(tables, this.glyphCount, head.getInt16(50) !== 0, this.#glyf.byteLength);
    this.#fullMetrics = Math.min(tableOf(tables, 'hhea', 36).getUint16(34), this.glyphCount);
    if (this.#fullMetrics === 0) throw new Refusal('font-unreadable', 'it has no advances');
    this.#hmtx = tableOf(tables, 'hmtx', 4 * this.#fullMetrics + 2 * (this.glyphCount - this.#fullMetrics));
    refuseBrokenComposites(this);
    this.#missingBoxes = missingBoxesOf(this);
  }

  /** Of other glyphs, instead of an outline of its own. */
  isComposite(glyph: number): boolean {
    return this.outlineBytes(glyph) >= leastOutlineBytes && this.#contoursOf(glyph) < 0;
  }

  /** The glyphs of a composite; none for others. */
  componentsOf(glyph: number): readonly Component[] {
    return this.isComposite(glyph) ? readComponents(this.outlineData(glyph)) : [];
  }

  /** In units of the font. */
  advanceOf(glyph: number): number {
    return this.#hmtx.getUint16(4 * Math.min(glyph, this.#fullMetrics - 1));
  }

  leftBearingOf(glyph: number): number {
    const after = glyph - this.#fullMetrics;
    return this.#hmtx.getInt16(after < 0 ? 4 * glyph + 2 : 4 * this.#fullMetrics + 2 * after);
  }

  /** Without a contour. */
  isBlank(glyph: number): boolean {
    return this.outlineBytes(glyph) < leastOutlineBytes || this.#contoursOf(glyph) === 0;
  }

  /** The size of the glyph's part of `glyf`. */
  outlineBytes(glyph: number): number {
    return this.#offsets[glyph + 1]! - this.#offsets[glyph]!;
  }

  /** The glyph's part of `glyf`; no bytes for a blank. */
  outlineData(glyph: number): DataView {
    const start = this.#glyf.byteOffset + this.#offsets[glyph]!;
    return new DataView(this.#glyf.buffer, start, this.outlineBytes(glyph));
  }

  isMissingBox(glyph: number): boolean {
    return this.#missingBoxes.has(glyph);
  }

  /** -1 for a composite. */
  #contoursOf(glyph: number): number {
    return this.#glyf.getInt16(this.#offsets[glyph]!);
  }
}

/** A glyph's header: contours and bounds. */
const leastOutlineBytes = 10;

/** Some fonts have the box of the missing glyph under other numbers too. */
function missingBoxesOf(font: TrueTypeFont): ReadonlySet<number> {
  const box = bytesOf(font.outlineData(0));
  const boxes = new Set([0]);
  for (let glyph = 1; glyph < font.glyphCount && box.length > 0; glyph++) {
    const isAlike =
      font.outlineBytes(glyph) === box.length && Buffer.compare(bytesOf(font.outlineData(glyph)), box) === 0;
    if (isAlike) boxes.add(glyph);
  }
  return boxes;
}

/** Far more than the strokes of any character; a glyph that is part of itself has more than any number. */
const mostParts = 200;

/** Looks at every composite now: a font found damaged after a million cards were drawn is found too late. */
function refuseBrokenComposites(font: TrueTypeFont): void {
  const known = new Uint8Array(font.glyphCount);
  for (let glyph = 0; glyph < font.glyphCount; glyph++) partsOf(font, glyph, known, 1);
}

/** Of how many glyphs one is made, itself included. Each is counted once, whatever it is part of. */
function partsOf(font: TrueTypeFont, glyph: number, known: Uint8Array, depth: number): number {
  if (known[glyph] !== 0) return known[glyph]!;
  let parts = 1;
  for (const component of font.componentsOf(glyph)) {
    if (component.glyph >= font.glyphCount)
      throw new Refusal('font-unreadable', `glyph ${glyph} is made of one that does not exist`);
    if (depth < mostParts) parts += partsOf(font, component.glyph, known, depth + 1);
    if (depth >= mostParts || parts > mostParts)
      throw new Refusal('font-unreadable', `glyph ${glyph} is made of more than ${mostParts} parts`);
  }
  known[glyph] = parts;
  return parts;
}

function readOffsets(tables: SfntTables, glyphCount: number, isLong: boolean, end: number): Uint32Array {
  const loca = tableOf(tables, 'loca', (glyphCount + 1) * (isLong ? 4 : 2));
  const offsets = new Uint32Array(glyphCount + 1);
  let last = 0;
  for (let glyph = 0; glyph <= glyphCount; glyph++) {
    const offset = isLong ? loca.getUint32(4 * glyph) : 2 * loca.getUint16(2 * glyph);
    if (offset < last || offset > end)
      throw new Refusal('font-unreadable', `glyph ${glyph} lies outside of its table`);
    offsets[glyph] = last = offset;
  }
  return offsets;
}
