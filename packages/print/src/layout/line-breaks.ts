/**
 * Where a line of Chinese or Latin text may end (避头尾, after GB/T 15834—2011, 5.1, and W3C "Requirements for Chinese Text
 * Layout", 3.1.3): closing marks never start a line, opening marks never end one, dashes and ellipses stay in one piece.
 */
const neverFirst = new Set(
  '，。、；：？！）》」』】〕〉〗〙〛”’…—～·％‰℃％々〻ーゝゞヽヾぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ,.;:?!)]}%\'"',
);
/** A straight quote after a space opens. */
const closing = new Set([...neverFirst].filter((mark) => mark !== '"' && mark !== "'"));
const neverLast = new Set('（《「『【〔〈〖〘〚“‘￥＄£¥$#＃([{');
const inOnePiece = new Set('—…─⋯');
/** Han, kana, bopomofo, Hangul and full-width forms: these break on either side. */
const wide =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Bopomofo}\p{Script=Hangul}\u3000-\u303f\uff01-\uffef]/u;

function mayBreak(before: string, after: string): boolean {
  if (after === ' ' || (closing.has(after) && before === ' ')) return false;
  if (before === ' ') return true;
  if (neverFirst.has(after) || neverLast.has(before)) return false;
  if (inOnePiece.has(before) && before === after) return false;
  return before === '-' || wide.test(before) || wide.test(after);
}

/** A line as [start, end) of the text; spaces at its end are left out. */
export type LineSpan = readonly [start: number, end: number];

/**
 * Breaks a text into lines of `widthPt` at most; a line feed always breaks. `widthOf` measures one code point with its
 * spacing, `spacingPt` of which counts not at a line's end. Returns `undefined` where a piece without a break is wider than
 * a line.
 */
export function breakLines(
  text: string,
  widthPt: number,
  widthOf: (character: string) => number,
  spacingPt = 0,
): LineSpan[] | undefined {
  const lines: LineSpan[] = [];
  let start = 0;
  for (const paragraph of text.split('\n')) {
    if (!breakParagraph(text, start, start + paragraph.length, widthPt + spacingPt, widthOf, lines))
      return undefined;
    start += paragraph.length + 1;
  }
  return lines;
}

function breakParagraph(
  text: string,
  from: number,
  to: number,
  widthPt: number,
  widthOf: (character: string) => number,
  lines: LineSpan[],
): boolean {
  let start = from;
  let breakAt = -1;
  let width = 0;
  let widthAtBreak = 0;
  let before = '';
  for (let at = from; at < to; ) {
    const character = String.fromCodePoint(text.codePointAt(at) as number);
    if (before !== '' && mayBreak(before, character)) {
      breakAt = at;
      widthAtBreak = width;
    }
    width += widthOf(character);
    if (width > widthPt + roundingPt && character !== ' ') {
      if (breakAt < 0) return false;
      lines.push([start, withoutSpaces(text, start, breakAt)]);
      start = breakAt;
      width -= widthAtBreak;
      breakAt = -1;
      if (width > widthPt + roundingPt) return false;
    }
    before = character;
    at += character.length;
  }
  lines.push([start, withoutSpaces(text, start, to)]);
  return true;
}

/** Sums of widths differ in their last bits from the product that a box was made for. */
const roundingPt = 1e-6;

function withoutSpaces(text: string, start: number, end: number): number {
  let last = end;
  while (last > start && text[last - 1] === ' ') last--;
  return last;
}
