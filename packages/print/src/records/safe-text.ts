import { Refusal, type RefusalPlace } from '../refusal.ts';
import type { Row } from './record.ts';

/** In UTF-16 units. Far beyond what fits on a card, far below what slows a layout down. */
export const defaultMaxTextLength = 4096;

/**
 * What no card's text may hold, since it is not seen in proof and yet changes what is printed, compared or read back:
 * controls (NUL, tab, line breaks, DEL and C1 included), bidirectional and other format characters, all other code points
 * that Unicode says to ignore in display (zero width, soft hyphen, fillers, variation selectors, tags), line and paragraph
 * separators, lone surrogates, private use (its glyph depends on the font), noncharacters, and U+FFFC and U+FFFD, the
 * traces of a lost object or character.
 */
const unsafe =
  /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Cs}\p{Co}\p{Noncharacter_Code_Point}\ufffc\ufffd]/u;

/** Almost all texts hold only these; the regular expression without tables for planes runs several times faster. */
const beyondCommon = /[^ -~\u00a1-\u00ac\u00ae-\u02ff\u2010-\u2027\u3001-\u312f\u3400-\u9fff\uff01-\uff5e]/;
const beyondCommonLines =
  /[^\n\r -~\u00a1-\u00ac\u00ae-\u02ff\u2010-\u2027\u3001-\u312f\u3400-\u9fff\uff01-\uff5e]/;

/** Whether a text of many lines holds nothing unsafe, its CR and LF aside. One test for thousands of records. */
export function linesAreSafe(text: string): boolean {
  return !beyondCommonLines.test(text) || !unsafe.test(text.replace(/[\r\n]/g, ' '));
}

/**
 * The one door for the texts of records, from files and from callers alike: refuses unsafe characters and texts longer
 * than `maxTextLength` (UTF-16 units) with the place and the column. Never repeats the text.
 */
export function checkRow(
  row: Row,
  columns: readonly string[],
  place: RefusalPlace,
  maxTextLength: number = defaultMaxTextLength,
): void {
  if (row.length !== columns.length) {
    const detail = `it has ${row.length} fields, the header names ${columns.length}`;
    throw new Refusal('record-fields-uneven', detail, place);
  }
  for (let index = 0; index < row.length; index++) {
    const text = row[index] as string;
    if (text.length > maxTextLength || beyondCommon.test(text)) {
      checkText(text, { ...place, at: columns[index] as string }, maxTextLength);
    }
  }
}

function checkText(text: string, place: RefusalPlace, maxTextLength: number): void {
  if (text.length > maxTextLength) {
    throw new Refusal('record-text-too-long', `${text.length} characters, at most ${maxTextLength}`, place);
  }
  const found = unsafeCharacter(text);
  if (found !== undefined) throw new Refusal('record-text-unsafe', found, place);
}

/** `character 3 is U+202E` for the first unsafe one. */
export function unsafeCharacter(text: string): string | undefined {
  const found = unsafe.exec(text);
  if (found === null) return undefined;
  const codePoint = (found[0].codePointAt(0) as number).toString(16).toUpperCase().padStart(4, '0');
  return `character ${[...text.slice(0, found.index)].length + 1} is U+${codePoint}`;
}
