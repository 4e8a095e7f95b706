import { readFileSync } from 'node:fs';
import type { Typeface } from '../../src/font/typeface.ts';

/** Sets of characters that records may hold, as standards count them; counted from the standards' own ranges. */
export const characterSets: ReadonlyMap<string, readonly number[]> = new Map<string, readonly number[]>([
  ['GB 2312-1980, 汉字 of levels 1 and 2', doubleBytes(0xb0, 0xf7, 0xa1)],
  ['GBK, the two-byte part of GB 18030', doubleBytes(0x81, 0xfe, 0x40)],
  ['GB 18030-2022, implementation level 1', levelOne()],
  ['通用规范汉字表 (2013), added by level 2', generalStandard()],
  ['汉字 of level 3', levelThree()],
  ['CJK Unified Ideographs', range(0x4e00, 0x9fff)],
  ['CJK Extension A', range(0x3400, 0x4dbf)],
  ['CJK Extension B', range(0x20000, 0x2a6df)],
  ['CJK Extension C', range(0x2a700, 0x2b73f)],
  ['CJK Extension D', range(0x2b740, 0x2b81d)],
  ['CJK Extension E', range(0x2b820, 0x2cead)],
  ['CJK Extension F', range(0x2ceb0, 0x2ebe0)],
  ['CJK Extension G', range(0x30000, 0x3134a)],
  ['CJK Extension H', range(0x31350, 0x323af)],
  ['CJK Extension I', range(0x2ebf0, 0x2ee5d)],
  ['Hangul syllables', range(0xac00, 0xd7a3)],
]);

export function countIn(typefaces: readonly Typeface[], characters: readonly number[]): number {
  return characters.filter((codePoint) => typefaces.some((typeface) => typeface.glyphOf(codePoint) !== 0))
    .length;
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

/** What two bytes decode to, without the user-defined areas and places that no standard fills. */
function doubleBytes(firstLead: number, lastLead: number, firstTrail: number): number[] {
  const decoder = new TextDecoder('gbk');
  const found = new Set<number>();
  for (let lead = firstLead; lead <= lastLead; lead++)
    for (let trail = firstTrail; trail <= 0xfe; trail++) {
      if (trail === 0x7f) continue;
      const text = decoder.decode(Uint8Array.of(lead, trail));
      const codePoint = text.codePointAt(0)!;
      const isOne = text.length === String.fromCodePoint(codePoint).length && codePoint > 0x7f;
      if (isOne && codePoint !== 0xfffd && !(codePoint >= 0xe000 && codePoint <= 0xf8ff))
        found.add(codePoint);
    }
  return [...found];
}

/** Two-byte characters, CJK Extension A and U+9FA6 to U+9FEF. */
function levelOne(): number[] {
  return [...new Set([...doubleBytes(0x81, 0xfe, 0x40), ...range(0x3400, 0x4db5), ...range(0x9fa6, 0x9fef)])];
}

/** CJK Unified Ideographs and Extensions A to F. */
function levelThree(): number[] {
  return [
    ...range(0x3400, 0x4db5),
    ...range(0x4e00, 0x9fef),
    ...range(0x20000, 0x2a6d6),
    ...range(0x2a700, 0x2b734),
    ...range(0x2b740, 0x2b81d),
    ...range(0x2b820, 0x2cea1),
    ...range(0x2ceb0, 0x2ebe0),
  ];
}

function generalStandard(): number[] {
  const file = readFileSync(new URL('general-standard-characters.txt', import.meta.url), 'utf8');
  const lines = file.split('\n').filter((line) => !line.startsWith('#'));
  return [...lines.join('')].map((character) => character.codePointAt(0)!);
}
