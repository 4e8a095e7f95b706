/**
 * An opened font as layouts see it. All measures in thousandths of the type size. Immutable.
 *
 * A glyph's number stands for one character: 1, 2, 3, … by code point, not the number in the font file.
 */
export interface Typeface {
  /** Its name in layouts: `sans`, `mono`, … or the file's stem. Unique among those of one document. */
  readonly name: string;
  readonly glyphCount: number;
  readonly ascent: number;
  readonly descent: number;
  readonly capHeight: number;
  /** 0 where the font has no glyph for this code point, or one that may not be drawn alone (`obstacleOf`). */
  glyphOf(codePoint: number): number;
  advanceOf(glyph: number): number;
  /** SVG path data (M L Q C Z) in font units of 1/1000, y upwards; '' for blanks. For previews. */
  outlineOf(glyph: number): string;
}
