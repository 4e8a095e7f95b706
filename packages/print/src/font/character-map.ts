import { Refusal } from '../refusal.ts';
import { type SfntTables, tableOf } from './sfnt.ts';

/** Takes each character of a font with its glyph, in no particular order. */
type TakePair = (codePoint: number, glyph: number) => void;

/** Of several maps the one with most characters: all of Unicode before its first plane. */
const ranking = ['3.10', '0.6', '0.4', '3.1', '0.3', '0.2', '0.1', '0.0'];

/**
 * Reads the Unicode character map. Formats 4 and 12 are what fonts have for Unicode; others are for other encodings.
 * @throws Refusal `font-unreadable`
 * @see OpenType 1.9.1, "cmap"
 */
export function readCharacterMap(tables: SfntTables, take: TakePair): void {
  const cmap = tableOf(tables, 'cmap', 4);
  try {
    const offsets = new Map<string, number>();
    for (let at = 4; at < 4 + 8 * cmap.getUint16(2); at += 8)
      offsets.set(`${cmap.getUint16(at)}.${cmap.getUint16(at + 2)}`, cmap.getUint32(at + 4));
    const best = ranking.find((encoding) => offsets.has(encoding));
    if (best === undefined) throw new Refusal('font-unreadable', 'it has no Unicode character map');
    const offset = offsets.get(best)!;
    const format = cmap.getUint16(offset);
    if (format === 4) readSegments(cmap, offset, take);
    else if (format === 12) readGroups(cmap, offset, take);
    else
      throw new Refusal('font-unreadable', `its Unicode character map is of format ${format}, not 4 or 12`);
  } catch (error) {
    if (error instanceof RangeError) throw new Refusal('font-unreadable', 'its character map is cut off');
    throw error;
  }
}

function readSegments(cmap: DataView, offset: number, take: TakePair): void {
  const doubled = cmap.getUint16(offset + 6);
  const ends = offset + 14;
  const starts = ends + doubled + 2;
  let next = 0;
  for (let at = 0; at < doubled; at += 2) {
    const end = cmap.getUint16(ends + at);
    const start = cmap.getUint16(starts + at);
    const delta = cmap.getUint16(starts + doubled + at);
    const rangeAt = starts + 2 * doubled + at;
    const rangeOffset = cmap.getUint16(rangeAt);
    // Fonts that end with two marks of the end are common.
    if ((start < next || end < start) && start !== 0xffff)
      throw new Refusal('font-unreadable', 'the segments of its character map are out of order');
    next = end + 1;
    for (let codePoint = start; codePoint <= end && codePoint !== 0xffff; codePoint++) {
      const glyph =
        rangeOffset === 0 ? codePoint : cmap.getUint16(rangeAt + rangeOffset + 2 * (codePoint - start));
      if (glyph !== 0 || rangeOffset === 0) take(codePoint, (glyph + delta) & 0xffff);
    }
  }
}

function readGroups(cmap: DataView, offset: number, take: TakePair): void {
  let next = 0;
  for (let at = offset + 16, groups = cmap.getUint32(offset + 12); groups > 0; groups--, at += 12) {
    const start = cmap.getUint32(at);
    const end = cmap.getUint32(at + 4);
    if (start < next || end < start || end > 0x10ffff)
      throw new Refusal('font-unreadable', 'the groups of its character map are out of order');
    next = end + 1;
    const glyph = cmap.getUint32(at + 8);
    for (let codePoint = start; codePoint <= end; codePoint++) take(codePoint, glyph + codePoint - start);
  }
}
