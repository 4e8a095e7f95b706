import { ptPerMm } from '../draw/pen.ts';
import { refusalOf } from '../font/font-stack.ts';
import type { Typeface } from '../font/typeface.ts';
import { Refusal } from '../refusal.ts';
import { boxOf, usualLineHeight } from './box.ts';
import {
  type BoxPt,
  boxInPoints,
  type Compiling,
  chainOf,
  type DrawElement,
  inkOf,
  placeOf,
  textOf,
  usualFont,
} from './compiling.ts';
import { GlyphLine } from './glyph-line.ts';
import { breakLines } from './line-breaks.ts';
import type { ElementOf } from './schema.ts';

/** Type is not shrunk further than this unless the layout says so: below it Chinese characters close up. */
const usualMinSizePt = 6;
const usualMaxLines = 2;

type Align = 'left' | 'center' | 'right';
type TextElement = ElementOf<'text'>;

/** Draws one text. All that does not depend on the record is computed here; the closure keeps one `GlyphLine`. */
export function compileText(compiling: Compiling, element: TextElement): DrawElement {
  const chain = chainOf(compiling, element.font ?? usualFont.text);
  if (element.overflow === 'wrap') return compileWrapped(compiling, element, chain);
  const { at } = compiling;
  const { fill, isSecret } = textOf(compiling, element.value);
  const { sizePt, letterSpacingPt = 0, align = 'left', overflow = 'refuse' } = element;
  const minSizePt = overflow === 'shrink' ? (element.minSizePt ?? Math.min(usualMinSizePt, sizePt)) : sizePt;
  const box = boxInPoints(compiling, boxOf(element));
  const widthPt = box.right - box.left;
  const baselineOf = baseline(compiling, element, chain[0] as Typeface, box);
  const usualY = baselineOf(sizePt);
  const ink = inkOf(compiling.layout, element.ink);
  const line = new GlyphLine(chain);

  return (pen, row, recordNo) => {
    const text = fill(row);
    const missing = line.set(text);
    if (missing >= 0) throw refusalOf({ text, place: placeOf(at, recordNo), isSecret }, missing);
    let size = sizePt;
    let y = usualY;
    let lineWidthPt = line.widthPt(size, letterSpacingPt);
    if (lineWidthPt > widthPt + roundingPt) {
      size = Math.min(size, Math.floor(line.sizeForWidthPt(widthPt, letterSpacingPt) * 100) / 100);
      if (size < minSizePt) refuseWidth(lineWidthPt, widthPt, sizePt, size, at, recordNo);
      y = element.anchor === 'middle' ? baselineOf(size) : usualY;
      lineWidthPt = line.widthPt(size, letterSpacingPt);
    }
    pen.ink(ink);
    line.draw(pen, size, startOf(align, box, lineWidthPt), y, letterSpacingPt);
  };
}

const roundingPt = 1e-6;

function startOf(align: Align, box: BoxPt, lineWidthPt: number): number {
  if (align === 'left') return box.left;
  return align === 'right' ? box.right - lineWidthPt : (box.left + box.right - lineWidthPt) / 2;
}

/**
 * The baseline of the first of `lines` lines. A line is one em high (font files disagree about more), divided by the
 * baseline in the proportion of the typeface's ascent and descent.
 */
export function baseline(
  { layout }: Compiling,
  element: ElementOf<'text' | 'password'>,
  { ascent, descent }: Typeface,
  box: BoxPt,
): (sizePt: number, lines?: number, lineHeightPt?: number) => number {
  const above = ascent / (ascent + Math.abs(descent));
  const anchor = element.anchor ?? 'top';
  if (anchor === 'baseline') {
    const y = (layout.card.heightMm - element.yMm) * ptPerMm;
    return () => y;
  }
  return (sizePt, lines = 1, lineHeightPt = 0) => {
    const blockPt = sizePt + (lines - 1) * lineHeightPt;
    const spare = box.top - box.bottom - blockPt;
    const top = anchor === 'top' ? 0 : anchor === 'middle' ? spare / 2 : spare;
    return box.top - top - sizePt * above;
  };
}

function compileWrapped(compiling: Compiling, element: TextElement, chain: readonly Typeface[]): DrawElement {
  const { at } = compiling;
  const { fill, isSecret } = textOf(compiling, element.value);
  const { sizePt, letterSpacingPt = 0, align = 'left', lineHeight = usualLineHeight } = element;
  const box = boxInPoints(compiling, boxOf(element));
  const widthPt = box.right - box.left;
  const lineHeightPt = sizePt * lineHeight;
  const inHeight = Math.floor((box.top - box.bottom - sizePt) / lineHeightPt + 1 + roundingPt);
  const maxLines =
    element.heightMm === undefined
      ? (element.maxLines ?? usualMaxLines)
      : Math.min(element.maxLines ?? inHeight, inHeight);
  const baselineOf = baseline(compiling, element, chain[0] as Typeface, box);
  const ink = inkOf(compiling.layout, element.ink);
  const line = new GlyphLine(chain);
  const widthOf = (character: string): number =>
    line.set(character) < 0 ? line.widthPt(sizePt, 0) + letterSpacingPt : 0;

  return (pen, row, recordNo) => {
    const text = fill(row);
    const spans = breakLines(text, widthPt, widthOf, letterSpacingPt);
    if (spans === undefined)
      refuseOverflow('a piece that may not be broken is wider than its box', at, recordNo);
    if (spans.length > maxLines)
      refuseOverflow(`it takes ${spans.length} lines, there is room for ${maxLines}`, at, recordNo);
    pen.ink(ink);
    let y = baselineOf(sizePt, spans.length, lineHeightPt);
    for (const [start, end] of spans) {
      const missing = line.set(text, start, end);
      if (missing >= 0) throw refusalOf({ text, place: placeOf(at, recordNo), isSecret }, missing);
      const lineWidthPt = line.widthPt(sizePt, letterSpacingPt);
      line.draw(pen, sizePt, startOf(align, box, lineWidthPt), y, letterSpacingPt);
      y -= lineHeightPt;
    }
  };
}

/** A static text that does not fit is the layout's mistake, a record's text the record's. */
function refuseOverflow(detail: string, at: string, recordNo: number): never {
  throw new Refusal(
    recordNo > 0 ? 'record-text-too-long' : 'layout-malformed',
    detail,
    placeOf(at, recordNo),
  );
}

function refuseWidth(
  neededPt: number,
  widthPt: number,
  sizePt: number,
  fittingPt: number,
  at: string,
  recordNo: number,
): never {
  const mm = (points: number): string => (points / ptPerMm).toFixed(2);
  const needs = `it needs ${mm(neededPt)} mm at ${sizePt} pt, its box gives ${mm(widthPt)} mm`;
  refuseOverflow(`${needs}, room for ${Math.max(0, fittingPt).toFixed(2)} pt`, at, recordNo);
}
