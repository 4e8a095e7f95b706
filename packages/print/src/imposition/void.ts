import { type Ink, k100 } from '../draw/ink.ts';
import { type Pen, ptPerMm } from '../draw/pen.ts';
import type { Typeface } from '../font/typeface.ts';
import type { CardSize } from '../press/fit.ts';
import { drawMarkText, markText, sizeWithin } from './mark-text.ts';

const strokePt = 1;
/** Of the card's width; the diagonals stop before the text. */
const textPart = 0.5;

/** Draws a place without a card, in card space: a cross from corner to corner and "VOID 作废". */
export function drawVoid(pen: Pen, card: CardSize, typeface: Typeface, ink: Ink = k100): void {
  const width = card.widthMm * ptPerMm;
  const height = card.heightMm * ptPerMm;
  const text = markText(typeface, 'VOID 作废');
  const size = sizeWithin(text, height / 4, width * textPart);
  pen.ink(ink);
  const besideText = 0.5 - (text.widthAt1Pt * size) / width / 2;
  const aboveText = 0.5 - size / height / 2;
  const inner = Math.max(besideText, aboveText) * 0.95;
  for (const x of [0, width]) {
    for (const y of [0, height])
      pen.line(x, y, x + (width - 2 * x) * inner, y + (height - 2 * y) * inner, strokePt);
  }
  drawMarkText(
    pen,
    typeface,
    text,
    size,
    (width - text.widthAt1Pt * size) / 2,
    (height - 0.7 * size) / 2,
    ink,
  );
}
