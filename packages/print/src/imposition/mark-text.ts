import { type Ink, k100 } from '../draw/ink.ts';
import type { Pen } from '../draw/pen.ts';
import type { Typeface } from '../font/typeface.ts';
import { Refusal } from '../refusal.ts';

/** Text of marks: its glyphs and its width at 1 pt. */
export interface MarkText {
  readonly glyphs: readonly number[];
  readonly widthAt1Pt: number;
}

/** Throws `slug-character-missing` with the code point: a box instead of a character would tell a press nothing. */
export function markText(typeface: Typeface, text: string): MarkText {
  const glyphs: number[] = [];
  let width = 0;
  for (const character of text) {
    const codePoint = character.codePointAt(0) as number;
    const glyph = typeface.glyphOf(codePoint);
    if (glyph === 0) {
      const name = `U+${codePoint.toString(16).toUpperCase().padStart(4, '0')}`;
      throw new Refusal('slug-character-missing', `${typeface.name} has no ${name}`);
    }
    glyphs.push(glyph);
    width += typeface.advanceOf(glyph);
  }
  return { glyphs, widthAt1Pt: width / 1000 };
}

/** The largest size up to `sizePt` at which the text is no wider than `widthPt`. */
export function sizeWithin({ widthAt1Pt }: MarkText, sizePt: number, widthPt: number): number {
  return widthAt1Pt * sizePt <= widthPt ? sizePt : widthPt / widthAt1Pt;
}

export function drawMarkText(
  pen: Pen,
  typeface: Typeface,
  { glyphs }: MarkText,
  sizePt: number,
  x: number,
  y: number,
  ink: Ink = k100,
): void {
  pen.ink(ink);
  pen.text(typeface, sizePt, x, y, glyphs, 0);
}
