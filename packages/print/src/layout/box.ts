import type { LayoutElement } from './schema.ts';

/** A box on the card in millimetres from the trim's top left corner. */
export interface BoxMm {
  readonly xMm: number;
  readonly yMm: number;
  readonly widthMm: number;
  readonly heightMm: number;
}

/** What an element may cover; a text without height has the height of its lines at most. */
export function boxOf(element: LayoutElement): BoxMm {
  if (element.type === 'line') {
    const half = ((element.widthPt / 2) * 25.4) / 72;
    const xMm = Math.min(element.x1Mm, element.x2Mm) - half;
    const yMm = Math.min(element.y1Mm, element.y2Mm) - half;
    const widthMm = Math.abs(element.x1Mm - element.x2Mm) + 2 * half;
    return { xMm, yMm, widthMm, heightMm: Math.abs(element.y1Mm - element.y2Mm) + 2 * half };
  }
  const { xMm, yMm } = element;
  if ('sizeMm' in element) return { xMm, yMm, widthMm: element.sizeMm, heightMm: element.sizeMm };
  if (element.type !== 'text' && element.type !== 'password')
    return { xMm, yMm, widthMm: element.widthMm, heightMm: element.heightMm };
  const lines = element.type === 'text' && element.overflow === 'wrap' ? (element.maxLines ?? 2) : 1;
  const lineMm = (element.sizePt * 25.4) / 72;
  const spacing = element.type === 'text' ? (element.lineHeight ?? usualLineHeight) : 1;
  const linesMm = lineMm * (1 + (lines - 1) * spacing);
  const above = element.anchor === 'baseline' ? lineMm : 0;
  return { xMm, yMm: yMm - above, widthMm: element.widthMm, heightMm: element.heightMm ?? linesMm };
}

/** From baseline to baseline, of the type size. */
export const usualLineHeight = 1.3;
