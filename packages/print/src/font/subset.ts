import { createHash } from 'node:crypto';
import { buildTrueType } from './build-true-type.ts';
import type { FontMetrics } from './metrics.ts';
import { TrueTypeFace } from './true-type-face.ts';
import type { Typeface } from './typeface.ts';

/** One character of a document: what its CID shows, how wide it is, and what it says. */
export interface SubsetGlyph {
  /** The number that pages draw: `Typeface.glyphOf` of the character. */
  readonly cid: number;
  /** The glyph's number in `fontFile`: several characters may share it. */
  readonly fontGlyph: number;
  readonly widthPer1000: number;
  /** For ToUnicode: no two CIDs of a typeface have the same, and every CID has one. */
  readonly codePoint: number;
}

/** A typeface cut down to the characters that a document uses, ready to be embedded as CIDFontType2. */
export interface FontSubset {
  /** With the tag of a subset: `ABCDEF+NotoSansSC-Regular` (ISO 32000-1, 9.6.4). */
  readonly postScriptName: string;
  /** TrueType with the tables that PDF asks for (ISO 32000-1, 9.9), for FontFile2. */
  readonly fontFile: Uint8Array;
  /** By ascending CID. Empty where nothing was drawn. */
  readonly glyphs: readonly SubsetGlyph[];
  readonly metrics: FontMetrics;
}

/**
 * The subset for the glyphs in `used` (bit g & 7 of byte g >> 3 stands for glyph g). The bytes depend on that set
 * alone, not on the order in which glyphs were drawn.
 */
export function subsetTypeface(typeface: Typeface, used: Uint8Array): FontSubset {
  if (!(typeface instanceof TrueTypeFace))
    throw new Error(`${typeface.name} was not opened from a font file`);
  const cids = glyphsIn(used);
  const { font } = typeface;
  if ((cids.at(-1) ?? 0) >= typeface.glyphCount)
    throw new RangeError(`${typeface.name}: no glyph ${cids.at(-1)}`);
  const { fontFile, newGlyphs } = buildTrueType(
    font,
    cids.map((cid) => typeface.fontGlyphOf(cid)),
  );
  const glyphs = cids.map((cid) => ({
    cid,
    fontGlyph: newGlyphs.get(typeface.fontGlyphOf(cid))!,
    widthPer1000: typeface.advanceOf(cid),
    codePoint: typeface.codePointOf(cid),
  }));
  return {
    postScriptName: `${tagOf(fontFile, cids)}+${font.postScriptName}`,
    fontFile,
    glyphs,
    metrics: font.metrics,
  };
}

/** Ascending; 0 stands for no glyph and is never drawn. */
function glyphsIn(used: Uint8Array): number[] {
  const glyphs: number[] = [];
  for (let byte = 0; byte < used.length; byte++)
    for (let bits = used[byte]!, glyph = byte << 3; bits !== 0; bits >>= 1, glyph++)
      if (bits & 1 && glyph > 0) glyphs.push(glyph);
  return glyphs;
}

/** Six letters; different subsets of one font have different ones, as viewers that cache fonts by name need. */
function tagOf(fontFile: Uint8Array, cids: readonly number[]): string {
  const hash = createHash('sha256').update(fontFile).update(Uint16Array.from(cids)).digest();
  return String.fromCharCode(...hash.subarray(0, 6).map((byte) => 65 + (byte % 26)));
}
