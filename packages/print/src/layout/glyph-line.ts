import type { Pen } from '../draw/pen.ts';
import { isVariationSelector } from '../font/drawable.ts';
import type { Typeface } from '../font/typeface.ts';

/**
 * One line of text as glyphs, in runs of one typeface each. Filled anew for every card: its arrays are kept, so pens must
 * have read the glyphs when `text` returns.
 */
export class GlyphLine {
  readonly #chain: readonly Typeface[];
  readonly #typefaces: Typeface[] = [];
  readonly #glyphs: number[][] = [];
  readonly #advances: number[] = [];
  #runs = 0;
  #glyphCount = 0;
  #width = 0;

  /** Typefaces in the order in which they are asked for a glyph. */
  constructor(chain: readonly Typeface[]) {
    this.#chain = chain;
  }

  /**
   * Takes `text` from `start` to `end`. Returns the index of the first character without a glyph, or -1. A variation
   * selector after a character is passed over, as `FontStack` does.
   */
  set(text: string, start = 0, end = text.length): number {
    const [first] = this.#chain;
    this.#runs = this.#glyphCount = this.#width = 0;
    let last: Typeface | undefined;
    let wasSelector = false;
    next: for (let i = start; i < end; i++) {
      const at = i;
      let codePoint = text.charCodeAt(i);
      if (codePoint >= 0xd800 && codePoint < 0xdc00) {
        codePoint = text.codePointAt(i) as number;
        if (codePoint > 0xffff) i++;
      }
      let typeface = first as Typeface;
      let glyph = typeface.glyphOf(codePoint);
      for (let next = 1; glyph === 0; next++) {
        const fallback = this.#chain[next];
        if (fallback === undefined) {
          if (!isVariationSelector(codePoint) || wasSelector || at === start) return at;
          wasSelector = true;
          continue next;
        }
        typeface = fallback;
        glyph = fallback.glyphOf(codePoint);
      }
      wasSelector = false;
      if (typeface !== last) this.#startRun(typeface);
      last = typeface;
      this.#push(glyph, typeface.advanceOf(glyph));
    }
    return -1;
  }

  #startRun(typeface: Typeface): void {
    const run = this.#runs++;
    this.#typefaces[run] = typeface;
    const glyphs = this.#glyphs[run];
    if (glyphs === undefined) this.#glyphs[run] = [];
    else glyphs.length = 0;
    this.#advances[run] = 0;
  }

  #push(glyph: number, advance: number): void {
    const run = this.#runs - 1;
    (this.#glyphs[run] as number[]).push(glyph);
    (this.#advances[run] as number) += advance;
    this.#width += advance;
    this.#glyphCount++;
  }

  /** Without spacing after the last glyph. */
  widthPt(sizePt: number, spacingPt: number): number {
    return (this.#width * sizePt) / 1000 + spacingPt * Math.max(0, this.#glyphCount - 1);
  }

  /** The largest size at which the line is `widthPt` wide; spacing keeps its length. */
  sizeForWidthPt(widthPt: number, spacingPt: number): number {
    const glyphsPt = widthPt - spacingPt * Math.max(0, this.#glyphCount - 1);
    return this.#width === 0 ? Number.POSITIVE_INFINITY : (glyphsPt * 1000) / this.#width;
  }

  draw(pen: Pen, sizePt: number, x: number, y: number, spacingPt: number): void {
    let left = x;
    for (let run = 0; run < this.#runs; run++) {
      const glyphs = this.#glyphs[run] as number[];
      pen.text(this.#typefaces[run] as Typeface, sizePt, left, y, glyphs, spacingPt);
      left += ((this.#advances[run] as number) * sizePt) / 1000 + spacingPt * glyphs.length;
    }
  }
}
