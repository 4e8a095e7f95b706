import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundledChains, bundledFontPath, bundledTypefaceNames, readFontFile } from '../font/bundled.ts';
import { parseLayout } from '../layout/parse.ts';
import type { Layout } from '../layout/schema.ts';
import { parsePressText } from '../press/parse.ts';
import type { PressProfile } from '../press/schema.ts';
import { openRecords } from '../records/open.ts';
import type { RecordSource } from '../records/record.ts';
import { readRemakeList, recordNosOf } from '../records/remake-list.ts';
import { selectRecords } from '../records/select.ts';
import type { TextEncoding } from '../records/text-lines.ts';
import { Refusal, refusedAt } from '../refusal.ts';
import type { NamedBytes } from '../run/setup.ts';

/** Files may be named `sample:NAME`: those that come with the package. */
const samplePrefix = 'sample:';

function pathOf(given: string, sampleFolder: string, ending: string): string {
  if (!given.startsWith(samplePrefix)) return given;
  const name = given.slice(samplePrefix.length);
  const file = name.endsWith(ending) || name.includes('.') ? name : `${name}${ending}`;
  if (!/^[\w.-]+$/.test(file)) throw new Refusal('input-unreadable', 'no such sample', { file: given });
  return fileURLToPath(new URL(`../../samples/${sampleFolder}/${file}`, import.meta.url));
}

export function readInput(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new Refusal('input-unreadable', String((error as NodeJS.ErrnoException).code), { file: path });
  }
}

export function readJson(
  given: string,
  sampleFolder: string,
): { readonly json: unknown; readonly path: string } {
  const path = pathOf(given, sampleFolder, '.json');
  const text = readInput(path).toString('utf8');
  try {
    return { json: JSON.parse(text), path };
  } catch (error) {
    throw new Refusal('input-unreadable', `not JSON: ${(error as Error).message.slice(0, 200)}`, {
      file: path,
    });
  }
}

export interface LayoutInput {
  readonly layout: Layout;
  /** The files of its artworks, which lie beside it. */
  readonly artworks: readonly NamedBytes[];
}

export function readLayout(given: string): LayoutInput {
  const { json, path } = readJson(given, 'layouts');
  const layout = at(path, () => parseLayout(json));
  const artworks = Object.entries(layout.artworks ?? {}).map(([name, { file }]) => ({
    name,
    bytes: shared(readInput(isAbsolute(file) ? file : join(dirname(path), file))),
  }));
  return { layout, artworks };
}

export interface PressInput {
  readonly press: PressProfile;
  readonly outputProfile: Uint8Array;
}

/** Without a profile of its own a press is taken to print on coated paper by FOGRA39. */
const usualProfile = new URL('../../icc/cardwright-fogra39l-coated.icc', import.meta.url);

export function readPress(given: string): PressInput {
  const path = pathOf(given, 'presses', '.json');
  const press = at(path, () => parsePressText(readInput(path).toString('utf8')));
  const { profile } = press.outputIntent ?? {};
  const profilePath =
    profile === undefined
      ? fileURLToPath(usualProfile)
      : isAbsolute(profile)
        ? profile
        : join(dirname(path), profile);
  return { press, outputProfile: readInput(profilePath) };
}

export interface RecordFlags {
  readonly records: string;
  readonly encoding?: string;
  readonly uniqueBy?: readonly string[];
  readonly range?: string;
  readonly remake?: string;
  readonly remakeBy?: string;
}

/** The records that the flags ask for; values of `secretColumns` are never repeated in a refusal. */
export async function readRecords(
  flags: RecordFlags,
  secretColumns: readonly string[],
): Promise<RecordSource> {
  const { records, encoding = 'utf-8', uniqueBy, range, remake, remakeBy } = flags;
  if (range !== undefined && remake !== undefined)
    throw new Refusal('option-conflict', '--range and --remake exclude each other');
  const path = pathOf(records, 'records', '.csv');
  const source = await openRecords(path, {
    encoding: encodingOf(encoding),
    ...(uniqueBy !== undefined && { uniqueBy }),
  });
  if (range !== undefined) return selectRecords(source, { ranges: range });
  if (remake === undefined) return source;
  const entries = await readRemakeList(remake);
  if (remakeBy === undefined) return selectRecords(source, { recordNos: recordNosOf(entries) });
  return selectRecords(source, { column: remakeBy, keys: entries, secret: secretColumns.includes(remakeBy) });
}

function encodingOf(name: string): TextEncoding {
  if (/^utf-?8$/i.test(name)) return 'utf-8';
  if (/^(?:gb18030|gbk|gb2312)$/i.test(name)) return 'gb18030';
  throw new Refusal('option-unknown', `--encoding ${name}: utf-8, gb18030 or gbk`);
}

export interface FontInput {
  readonly fonts: readonly NamedBytes[];
  readonly fontChains: Readonly<Record<string, readonly string[]>>;
  readonly markTypeface: string;
}

/** The package's own fonts, and those given as NAME=FILE, each with the package's as fallbacks. */
export function readFonts(given: readonly string[] = []): FontInput {
  const fonts: NamedBytes[] = bundledTypefaceNames.map((name) => ({
    name,
    bytes: readFontFile(bundledFontPath(name)),
  }));
  const fontChains: Record<string, readonly string[]> = { ...bundledChains };
  for (const option of given) {
    const [, name, path] = /^([\w-]+)=(.+)$/.exec(option) ?? [];
    if (name === undefined || path === undefined)
      throw new Refusal('option-unknown', `--font ${option}: NAME=FILE`);
    fonts.push({ name: `${name}-own`, bytes: readFontFile(path) });
    fontChains[name] = [`${name}-own`, ...(fontChains[name] ?? bundledChains.sans)];
  }
  return { fonts, fontChains, markTypeface: 'sans' };
}

function shared(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length));
  copy.set(bytes);
  return copy;
}

function at<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw refusedAt(error, { file });
  }
}
