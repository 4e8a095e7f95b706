import type { Typeface } from '../font/typeface.ts';
import { Refusal } from '../refusal.ts';
import { boxOf } from './box.ts';
import {
  boxInPoints,
  type Compiling,
  chainOf,
  type DrawElement,
  inkOf,
  placeOf,
  textOf,
  usualFont,
} from './compiling.ts';
import type { ElementOf } from './schema.ts';
import { baseline } from './text.ts';

const usualAlphabet = '0123456789';
const usualGap = 0.5;

/**
 * Draws a password in groups of a fixed-width typeface. Refuses `layout-font-uneven` here, and for each card a length or
 * a character that the layout does not know, by its position alone: a password is in no message.
 */
export function compilePassword(compiling: Compiling, element: ElementOf<'password'>): DrawElement {
  const { at } = compiling;
  const [typeface] = chainOf(compiling, element.font ?? usualFont.password) as readonly [Typeface];
  const { alphabet = usualAlphabet, sizePt, letterSpacingPt = 0, align = 'left', length } = element;
  const { glyphs, advance } = glyphsOfOneWidth(typeface, alphabet, at);
  const group = element.group ?? Number.MAX_SAFE_INTEGER;
  const gapPt = (element.gap ?? usualGap) * sizePt;
  const stepPt = (advance * sizePt) / 1000 + letterSpacingPt;
  const box = boxInPoints(compiling, boxOf(element));
  const widthOfPt = (characters: number): number =>
    characters * stepPt - letterSpacingPt + (Math.ceil(characters / group) - 1) * gapPt;
  const y = baseline(compiling, element, typeface, box)(sizePt);
  const ink = inkOf(compiling.layout, element.ink);
  const { fill } = textOf(compiling, element.value);
  const run: number[] = [];
  if (length !== undefined) refuseTooWide(widthOfPt(length), box.right - box.left, at, 0);

  return (pen, row, recordNo) => {
    const text = fill(row);
    const characters = text.length;
    if (characters === 0 || (length !== undefined && characters !== length))
      refusePassword(
        `${characters} characters${length === undefined ? '' : ` instead of ${length}`}`,
        at,
        recordNo,
      );
    const widthPt = widthOfPt(characters);
    refuseTooWide(widthPt, box.right - box.left, at, recordNo);
    pen.ink(ink);
    const spare = box.right - box.left - widthPt;
    let x = box.left + (align === 'left' ? 0 : align === 'right' ? spare : spare / 2);
    for (let i = 0; i < characters; ) {
      // Groups are mostly alike: an array that is emptied and filled again would be garbage four times a card.
      run.length = Math.min(group, characters - i);
      for (let inGroup = 0; inGroup < run.length; inGroup++, i++) {
        const glyph = glyphs[text.charCodeAt(i)] ?? 0;
        if (glyph === 0) refusePassword(`character ${i + 1} is not of the alphabet`, at, recordNo);
        run[inGroup] = glyph;
      }
      pen.text(typeface, sizePt, x, y, run, letterSpacingPt);
      x += run.length * stepPt + gapPt;
    }
  };
}

/** By UTF-16 unit: an alphabet of passwords has no character beyond U+FFFF. */
function glyphsOfOneWidth(
  typeface: Typeface,
  alphabet: string,
  at: string,
): { glyphs: Uint32Array; advance: number } {
  const units = [...alphabet].map((character) => character.charCodeAt(0));
  const glyphs = new Uint32Array(Math.max(...units) + 1);
  let advance = -1;
  for (const character of alphabet) {
    const glyph = typeface.glyphOf(character.codePointAt(0) as number);
    if (glyph === 0 || character.length > 1)
      throw new Refusal('layout-font-uneven', `${typeface.name} has no ${character}`, { at });
    const own = typeface.advanceOf(glyph);
    if (advance >= 0 && Math.abs(own - advance) > 0.5) {
      const detail = `in ${typeface.name} ${character} is ${own} wide and ${[...alphabet][0]} is ${advance}`;
      throw new Refusal('layout-font-uneven', detail, { at });
    }
    if (advance < 0) advance = own;
    glyphs[character.charCodeAt(0)] = glyph;
  }
  if (advance <= 0)
    throw new Refusal('layout-font-uneven', `in ${typeface.name} the alphabet has no width`, { at });
  return { glyphs, advance };
}

function refusePassword(detail: string, at: string, recordNo: number): never {
  throw new Refusal('password-unfit', detail, placeOf(at, recordNo));
}

function refuseTooWide(neededPt: number, widthPt: number, at: string, recordNo: number): void {
  if (neededPt <= widthPt + 1e-6) return;
  const mm = (points: number): string => ((points * 25.4) / 72).toFixed(2);
  const detail = `it needs ${mm(neededPt)} mm, its box gives ${mm(widthPt)} mm`;
  throw new Refusal(
    recordNo > 0 ? 'record-text-too-long' : 'layout-malformed',
    detail,
    placeOf(at, recordNo),
  );
}
