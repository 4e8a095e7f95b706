import { Refusal, type RefusalPlace } from '../refusal.ts';
import type { Row } from './record.ts';

/** A text and where the scan goes on. */
interface Scanned {
  readonly text: string;
  readonly end: number;
}

/**
 * The keys and texts of one flat JSON object of strings (RFC 8259), in its own order. `JSON.parse` would hide a key that
 * stands twice and would lose digits of numbers, so that the line is walked here and only escapes are left to it.
 */
export function jsonFields(line: string): { keys: string[]; texts: string[] } {
  const keys: string[] = [];
  const texts: string[] = [];
  let at = blanksEnd(line, 0);
  if (line[at] !== '{') throw malformed('not a JSON object');
  at = blanksEnd(line, at + 1);
  if (line[at] === '}') return finished(at + 1);
  for (;;) {
    const key = jsonString(line, at);
    if (key === undefined) throw malformed('a key is missing');
    at = blanksEnd(line, key.end);
    if (line[at] !== ':') throw malformed('a colon is missing');
    at = blanksEnd(line, at + 1);
    const value = jsonString(line, at);
    if (value === undefined) throw notText(line, at);
    keys.push(key.text);
    texts.push(value.text);
    at = blanksEnd(line, value.end);
    if (line[at] === '}') return finished(at + 1);
    if (line[at] !== ',') throw malformed('a comma is missing');
    at = blanksEnd(line, at + 1);
  }

  function finished(end: number): { keys: string[]; texts: string[] } {
    if (blanksEnd(line, end) !== line.length) throw malformed('text after the object');
    return { keys, texts };
  }
}

/** The texts of one line in the order of `columns`, which must be exactly its keys, in any order. */
export function jsonRow(line: string, columns: readonly string[]): Row {
  const { keys, texts } = jsonFields(line);
  if (keys.length === columns.length && keys.every((key, index) => key === columns[index])) return texts;
  const placed = new Array<string | undefined>(columns.length).fill(undefined);
  for (const [index, key] of keys.entries()) {
    const column = columns.indexOf(key);
    if (column < 0) throw uneven(`key ${index + 1} is not one of the first record`);
    if (placed[column] !== undefined) throw uneven('a key stands twice', { at: key });
    placed[column] = texts[index];
  }
  const missing = placed.indexOf(undefined);
  if (missing >= 0) throw uneven('the key is missing', { at: columns[missing] as string });
  return placed as string[];
}

function jsonString(line: string, start: number): Scanned | undefined {
  if (line.charCodeAt(start) !== 0x22) return undefined;
  let quote = line.indexOf('"', start + 1);
  while (quote >= 0 && isEscaped(line, quote)) quote = line.indexOf('"', quote + 1);
  if (quote < 0) throw malformed('a string is not closed');
  const text = line.slice(start + 1, quote);
  return { text: text.includes('\\') ? unescaped(text) : text, end: quote + 1 };
}

function isEscaped(line: string, quote: number): boolean {
  let backslashes = 0;
  while (line.charCodeAt(quote - 1 - backslashes) === 0x5c) backslashes++;
  return backslashes % 2 === 1;
}

function unescaped(text: string): string {
  try {
    return JSON.parse(`"${text}"`) as string;
  } catch {
    throw malformed('an escape or a control character is wrong');
  }
}

function blanksEnd(line: string, start: number): number {
  let at = start;
  while (line.charCodeAt(at) === 0x20 || line.charCodeAt(at) === 0x09) at++;
  return at;
}

function uneven(what: string, place: RefusalPlace = {}): Refusal {
  return new Refusal('record-fields-uneven', what, place);
}

function malformed(what: string): Refusal {
  return new Refusal('record-malformed', what);
}

function notText(line: string, at: number): Refusal {
  const starts = { '{': 'an object', '[': 'a list', t: 'a boolean', f: 'a boolean', n: 'null' } as const;
  const first = line.charAt(at);
  const kind = /[-0-9]/.test(first) ? 'a number' : starts[first as keyof typeof starts];
  if (kind === undefined) return malformed('a value is missing');
  return new Refusal('record-value-not-text', kind);
}
