/**
 * C40 prefers capitals, Text small letters, X12 knows only capitals, digits and four signs. All three write three values
 * of 0 to 39 in two codewords.
 */
export type TripleSet = 'c40' | 'text' | 'x12';
export const tripleSets: readonly TripleSet[] = ['c40', 'text', 'x12'];

const shift1 = 0;
const shift2 = 1;
const shift3 = 2;
const carriageReturn = 13;
const fnc1: Readonly<Record<TripleSet, readonly number[]>> = {
  c40: [shift2, 27],
  text: [shift2, 27],
  x12: [],
};
const upperShift = [shift2, 30] as const;

const values: Readonly<Record<TripleSet, readonly (readonly number[])[]>> = {
  c40: Array.from({ length: 256 }, (_, code) => shiftedValues(65, code)),
  text: Array.from({ length: 256 }, (_, code) => shiftedValues(97, code)),
  x12: Array.from({ length: 256 }, (_, code) => x12Values(code)),
};

/** The values of one byte (ISO/IEC 16022:2006, annex C), or of FNC1; none where the set has no way to write it. */
export function triplesOf(set: TripleSet, byte: number, isFnc1: boolean): readonly number[] {
  return isFnc1 ? fnc1[set] : values[set][byte]!;
}

function shiftedValues(firstLetter: number, code: number): readonly number[] {
  if (code > 127) return [...upperShift, ...shiftedValues(firstLetter, code - 128)];
  const plain = plainValue(firstLetter, code);
  if (plain !== undefined) return [plain];
  if (code < 32) return [shift1, code];
  if (code < 48) return [shift2, code - 33];
  if (code >= 58 && code <= 64) return [shift2, code - 58 + 15];
  if (code >= 91 && code <= 95) return [shift2, code - 91 + 22];
  return [shift3, code & 31];
}

function x12Values(code: number): readonly number[] {
  const special = [carriageReturn, 42, 62].indexOf(code);
  const value = special >= 0 ? special : plainValue(65, code);
  return value === undefined ? [] : [value];
}

function plainValue(firstLetter: number, code: number): number | undefined {
  if (code === 32) return 3;
  if (code >= 48 && code <= 57) return code - 48 + 4;
  return code >= firstLetter && code < firstLetter + 26 ? code - firstLetter + 14 : undefined;
}
