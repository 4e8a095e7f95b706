import type { Modules } from '../code/modules.ts';
import type { Typeface } from '../font/typeface.ts';
import type { Artwork } from '../image/artwork.ts';
import type { Ink } from './ink.ts';

/** [a b c d e f] as in PDF: x' = a·x + c·y + e, y' = b·x + d·y + f. */
export type Matrix = readonly [number, number, number, number, number, number];

/**
 * What a layout, a sheet or a paper is drawn with. Lengths are points (1/72 inch), the origin is at the lower left, y
 * runs upwards. One implementation writes PDF operators, one SVG.
 */
export interface Pen {
  /** The ink of all that follows, until the next call. A new drawing, and a block under `within`, starts with none set. */
  ink(ink: Ink): void;
  /** Fills a rectangle; (x, y) is its lower left corner. */
  rect(x: number, y: number, width: number, height: number): void;
  /** Fills a path of moves, lines and curves given as SVG path data (M L C Z, absolute, in points, y upwards). */
  path(data: string): void;
  /** Strokes a straight line. */
  line(x1: number, y1: number, x2: number, y2: number, widthPt: number): void;
  /** Glyphs of one typeface from (x, y) on the baseline; `spacingPt` is added after each glyph. */
  text(
    typeface: Typeface,
    sizePt: number,
    x: number,
    y: number,
    glyphs: readonly number[],
    spacingPt: number,
  ): void;
  /** Dark modules in the ink that is set; (x, y) is the lower left corner of the symbol without its quiet zone. */
  modules(code: Modules, x: number, y: number, moduleWidthPt: number, moduleHeightPt: number): void;
  /** A picture scaled to the box whose lower left corner is (x, y). */
  artwork(artwork: Artwork, x: number, y: number, width: number, height: number): void;
  /** What `draw` draws, transformed, optionally clipped to [x, y, width, height] in the inner coordinates. */
  within(matrix: Matrix, draw: () => void, clip?: readonly [number, number, number, number]): void;
}

/** Points in a millimetre. */
export const ptPerMm = 72 / 25.4;
