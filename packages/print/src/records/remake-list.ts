import { basename } from 'node:path';
import { Refusal, type RefusalPlace } from '../refusal.ts';
import { checkRow } from './safe-text.ts';
import { readTextLines, type TextEncoding } from './text-lines.ts';

/**
 * A remake list (补打清单): one record number or one key a line, no header, as text. Throws for an empty line, an unsafe
 * character, or more than `maxEntries`, with the line.
 */
export async function readRemakeList(
  path: string,
  { encoding = 'utf-8' as TextEncoding, maxEntries = 1_000_000 } = {},
): Promise<readonly string[]> {
  const entries: string[] = [];
  const file = basename(path);
  const placeOfLine = (line: number): RefusalPlace => ({ file, line });
  for await (const { text, firstLine } of readTextLines(path, encoding, placeOfLine)) {
    const lines = text.split('\n');
    if (lines.at(-1) === '') lines.pop();
    for (const [index, line] of lines.entries()) {
      const place = placeOfLine(firstLine + index);
      const entry = line.endsWith('\r') ? line.slice(0, -1) : line;
      if (entry === '') throw new Refusal('selection-malformed', 'the line is empty', place);
      if (entries.length === maxEntries)
        throw new Refusal('selection-malformed', `more than ${maxEntries}`, place);
      checkRow([entry], ['entry'], place);
      entries.push(entry);
    }
  }
  if (entries.length === 0) throw new Refusal('selection-malformed', 'the list is empty', { file });
  return entries;
}

/** Entries of a list as record numbers. Throws `selection-malformed` for what is none. */
export function recordNosOf(entries: readonly string[]): readonly number[] {
  return entries.map((entry, index) => {
    if (!/^[1-9]\d{0,9}$/.test(entry)) {
      throw new Refusal('selection-malformed', `entry ${index + 1} is not a record number`);
    }
    return Number(entry);
  });
}
