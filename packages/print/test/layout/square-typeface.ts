import type { Typeface } from '../../src/font/typeface.ts';

export interface SquareOptions {
  /** Advance of a code point, in thousandths. */
  readonly advance?: (codePoint: number) => number;
  readonly has?: (codePoint: number) => boolean;
}

/**
 * A typeface of squares whose measures are known by heart: a glyph's number is its code point, ASCII is half as wide as
 * all others, ascent and descent divide the em by 8 to 2.
 */
export function squareTypeface(name: string, options: SquareOptions = {}): Typeface {
  const { advance = (codePoint) => (codePoint < 0x80 ? 500 : 1000), has = () => true } = options;
  return {
    name,
    glyphCount: 0x110000,
    ascent: 800,
    descent: -200,
    capHeight: 700,
    glyphOf: (codePoint) => (has(codePoint) ? codePoint : 0),
    advanceOf: advance,
    outlineOf: (glyph) =>
      glyph === 0x20 ? '' : `M50 0L${advance(glyph) - 50} 0L${advance(glyph) - 50} 700L50 700Z`,
  };
}
