import { Refusal } from '../refusal.ts';
import { readCharacterMap } from './character-map.ts';
import { obstacleOf } from './drawable.ts';
import { toThousandths } from './metrics.ts';
import { outlinePath } from './outline.ts';
import type { TrueTypeFont } from './true-type-font.ts';
import type { Typeface } from './typeface.ts';

/**
 * The characters of a font that can be drawn alone. Its glyphs are numbered 1, 2, 3, … by code point, not as in the file:
 * where two characters share an outline (⼀ and 一, space and no-break space) each has a number of its own, so that a
 * PDF's text is exactly the text that was drawn; and pages, widths and ToUnicode hold long ascending runs.
 *
 * Left out, so that asking for them gives 0 and never a box or a gap: characters that need shaping (`obstacleOf`),
 * those whose glyph is the box of the missing glyph, and those that are not blank and have a blank glyph.
 *
 * Kerning is not applied: of a million records each would be set to other widths, digits would not stand under digits,
 * and a dummy would not be as wide as the secret that it stands for.
 */
export class TrueTypeFace implements Typeface {
  readonly name: string;
  readonly font: TrueTypeFont;
  readonly glyphCount: number;
  readonly ascent: number;
  readonly descent: number;
  readonly capHeight: number;
  /** By code point, for the first plane: 128 kB, against a search for each character of each card. */
  readonly #firstPlane = new Uint16Array(0x10000);
  /** Index 0 is for no glyph. Ascending. */
  readonly #codePoints: Uint32Array;
  readonly #fontGlyphs: Uint16Array;
  readonly #advances: Float64Array;
  readonly #beyondFirstPlane: number;
  readonly #outlines = new Map<number, string>();

  constructor(name: string, font: TrueTypeFont) {
    this.name = name;
    this.font = font;
    this.ascent = font.metrics.ascent;
    this.descent = font.metrics.descent;
    this.capHeight = font.metrics.capHeight;
    const pairs = drawablePairs(font);
    this.glyphCount = pairs.length + 1;
    this.#codePoints = new Uint32Array(this.glyphCount);
    this.#fontGlyphs = new Uint16Array(this.glyphCount);
    this.#advances = new Float64Array(this.glyphCount);
    for (let glyph = 1; glyph < this.glyphCount; glyph++) {
      const pair = pairs[glyph - 1]!;
      const codePoint = Math.floor(pair / 0x10000);
      this.#codePoints[glyph] = codePoint;
      this.#fontGlyphs[glyph] = pair % 0x10000;
      this.#advances[glyph] = toThousandths(font.advanceOf(pair % 0x10000), font.unitsPerEm);
      if (codePoint <= 0xffff) this.#firstPlane[codePoint] = glyph;
    }
    const beyond = this.#codePoints.findIndex((codePoint) => codePoint > 0xffff);
    this.#beyondFirstPlane = beyond < 0 ? this.glyphCount : beyond;
  }

  glyphOf(codePoint: number): number {
    if (codePoint <= 0xffff) return this.#firstPlane[codePoint] ?? 0;
    const codePoints = this.#codePoints;
    let low = this.#beyondFirstPlane;
    let high = this.glyphCount;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (codePoints[middle]! < codePoint) low = middle + 1;
      else high = middle;
    }
    return codePoints[low] === codePoint ? low : 0;
  }

  advanceOf(glyph: number): number {
    return this.#advances[glyph]!;
  }

  /** Kept once it was made: previews draw the same digits again and again. */
  outlineOf(glyph: number): string {
    let path = this.#outlines.get(glyph);
    if (path === undefined) {
      path = outlinePath(this.font, this.#fontGlyphs[glyph]!);
      this.#outlines.set(glyph, path);
    }
    return path;
  }

  /** The glyph's number in the font file. */
  fontGlyphOf(glyph: number): number {
    return this.#fontGlyphs[glyph]!;
  }

  codePointOf(glyph: number): number {
    return this.#codePoints[glyph]!;
  }
}

const blanks = /^[\p{White_Space}\u2800]$/u;

/** Each `code point × 2¹⁶ + glyph`, ascending: sorted as numbers, which is ten times as fast as sorting pairs. */
function drawablePairs(font: TrueTypeFont): Float64Array {
  const pairs: number[] = [];
  readCharacterMap(font.tables, (codePoint, glyph) => {
    if (glyph >= font.glyphCount || font.isMissingBox(glyph) || obstacleOf(codePoint) !== undefined) return;
    if (font.isBlank(glyph) && !blanks.test(String.fromCodePoint(codePoint))) return;
    pairs.push(codePoint * 0x10000 + glyph);
  });
  const sorted = Float64Array.from(pairs).sort();
  const once = sorted.filter(
    (pair, index) => index === 0 || Math.floor(pair / 0x10000) !== Math.floor(sorted[index - 1]! / 0x10000),
  );
  if (once.length === 0) throw new Refusal('font-unreadable', 'it has no character that can be drawn');
  if (once.length > 0xffff) throw new Refusal('font-unreadable', 'it has more than 65,535 characters');
  return once;
}
