import { encodings, isAscii } from './encoding.ts';
import type { PersoProfile } from './profile.ts';

/** The cells of a line as they were before quotes; undefined where the line is not of the profile's form. */
type SplitLine = (line: string) => readonly string[] | undefined;

export function lineSplitter(profile: PersoProfile): SplitLine {
  switch (profile.format) {
    case 'csv':
      return csvSplitter(profile.separator ?? ',', profile.quotes ?? 'never');
    case 'fixed-width':
      return fixedSplitter(profile);
    case 'jsonl':
      return jsonSplitter(profile.fields.map(({ name }) => name));
  }
}

function csvSplitter(separator: string, quotes: NonNullable<PersoProfile['quotes']>): SplitLine {
  if (quotes === 'never') return (line) => (line.includes('"') ? undefined : line.split(separator));
  return (line) => {
    if (quotes === 'where-needed' && !line.includes('"')) return line.split(separator);
    const cells: string[] = [];
    for (let at = 0; ; ) {
      const end = cellEnd(line, at, separator);
      if (end < 0) return undefined;
      const isQuoted = line[at] === '"';
      if (!isQuoted && quotes === 'always') return undefined;
      cells.push(isQuoted ? line.slice(at + 1, end - 1).replaceAll('""', '"') : line.slice(at, end));
      if (end === line.length) return cells;
      if (line[end] !== separator) return undefined;
      at = end + 1;
    }
  };
}

/** Where the cell that begins at `start` ends, its quotes included; -1 if a quote is where none may be. */
function cellEnd(line: string, start: number, separator: string): number {
  if (line[start] !== '"') {
    const found = line.indexOf(separator, start);
    const end = found < 0 ? line.length : found;
    return line.slice(start, end).includes('"') ? -1 : end;
  }
  let quote = line.indexOf('"', start + 1);
  while (quote >= 0 && line[quote + 1] === '"') quote = line.indexOf('"', quote + 2);
  return quote < 0 ? -1 : quote + 1;
}

function fixedSplitter({ fields, widthIn, encoding }: PersoProfile): SplitLine {
  const widths = fields.map(({ width = 0 }) => width);
  const total = widths.reduce((sum, width) => sum + width, 0);
  const { byteLength } = encodings[encoding];
  const take = widthIn === 'bytes' ? byteLength : (): number => 1;
  return (line) => {
    const cells: string[] = [];
    let at = 0;
    if (isAscii(line)) {
      if (line.length !== total) return undefined;
      for (const width of widths) {
        cells.push(line.slice(at, at + width));
        at += width;
      }
      return cells;
    }
    const characters = [...line];
    for (const width of widths) {
      let cell = '';
      let taken = 0;
      while (taken < width && at < characters.length) {
        const character = characters[at++] as string;
        cell += character;
        taken += take(character);
      }
      if (taken !== width) return undefined;
      cells.push(cell);
    }
    return at === characters.length ? cells : undefined;
  };
}

/** Only as the writer wrote it: keys in order, nothing doubled, no blanks. */
function jsonSplitter(names: readonly string[]): SplitLine {
  return (line) => {
    let parsed: unknown;
    try {
      parsed = JSON.parse(line);
    } catch {
      return undefined;
    }
    if (typeof parsed !== 'object' || parsed === null || JSON.stringify(parsed) !== line) return undefined;
    const entries = Object.entries(parsed);
    if (entries.length !== names.length) return undefined;
    const isOurs = entries.every(([key, cell], index) => key === names[index] && typeof cell === 'string');
    return isOurs ? entries.map(([, cell]) => cell as string) : undefined;
  };
}
