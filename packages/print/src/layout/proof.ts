import type { Ink } from '../draw/ink.ts';
import { type Pen, ptPerMm } from '../draw/pen.ts';
import type { Typeface } from '../font/typeface.ts';
import type { CompiledFace } from './compile.ts';
import { dummyRow } from './dummy.ts';
import { GlyphLine } from './glyph-line.ts';
import type { Layout } from './schema.ts';

/** So many records are proofed: the first, one after it, and one more to see what changes. */
export const proofRecords = 3;

const proofMarks = ['样张 PROOF', 'PROOF'];
/**
 * Light enough to read through, too dark to be taken for a production card. A grey without black: it overprints, and
 * black texts below keep their plate as it is.
 */
const markInk: Ink = { kind: 'cmyk', cmyk: [0.25, 0.19, 0.19, 0], overprint: true };
/** Of the card's diagonal. */
const markLength = 0.6;

/**
 * A face that cannot show a secret: whatever row it is given, it draws `dummyRow` of it, and 样张 PROOF across the card,
 * below whatever differs from card to card, so that codes can still be read. `chain` are the typefaces of that mark.
 */
export function proofFace(
  face: CompiledFace,
  layout: Layout,
  columns: readonly string[],
  chain: readonly Typeface[],
): CompiledFace {
  return {
    hasStatic: face.hasStatic,
    hasVariable: true,
    drawStatic: (pen) => face.drawStatic(pen),
    drawVariable: (pen, row, recordNo) => {
      drawProofMark(pen, layout.card, chain);
      if (face.hasVariable) face.drawVariable(pen, dummyRow(layout, columns, row), recordNo);
    },
  };
}

/** Writes 样张 PROOF along the card's diagonal, or PROOF alone where no typeface has the characters. */
export function drawProofMark(pen: Pen, card: Layout['card'], chain: readonly Typeface[]): void {
  const line = new GlyphLine(chain);
  if (!proofMarks.some((mark) => line.set(mark) < 0)) return;
  const [width, height] = [card.widthMm * ptPerMm, card.heightMm * ptPerMm];
  const length = markLength * Math.hypot(width, height);
  const sizePt = line.sizeForWidthPt(length, 0);
  const angle = Math.atan2(height, width);
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  pen.within([cos, sin, -sin, cos, width / 2, height / 2], () => {
    pen.ink(markInk);
    line.draw(pen, sizePt, -length / 2, -sizePt * 0.35, 0);
  });
}
