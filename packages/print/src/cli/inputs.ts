import { readdirSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundledChains, bundledFontPath, bundledTypefaceNames, readFontFile } from '../font/bundled.ts';
import { parseJsonText } from '../json/text.ts';
import { parseLayout } from '../layout/parse.ts';
import type { Layout } from '../layout/schema.ts';
import { type PersoProfile, parsePersoProfile } from '../perso/profile.ts';
import { parsePressText } from '../press/parse.ts';
import type { PressProfile } from '../press/schema.ts';
import { openRecords } from '../records/open.ts';
import type { RecordSource } from '../records/record.ts';
import { readRemakeList, recordNosOf } from '../records/remake-list.ts';
import { selectRecords } from '../records/select.ts';
import { Refusal, refusedAt } from '../refusal.ts';
import type { NamedBytes } from '../run/setup.ts';
import type { GivenFont, RecordFlags } from './options.ts';

/** Files may be named `sample:NAME`: those that come with the package. */
const samplePrefix = 'sample:';
type SampleFolder = 'layouts' | 'papers' | 'perso' | 'presses' | 'records';

function pathOf(given: string, folder: SampleFolder, ending: string): string {
  if (!given.startsWith(samplePrefix)) return given;
  const name = given.slice(samplePrefix.length);
  const path = fileURLToPath(new URL(`../../samples/${folder}/`, import.meta.url));
  const samples = readdirSync(path).filter((file) => /\.(?:json|jsonl|csv)$/.test(file));
  const file =
    samples.find((sample) => sample === name) ?? samples.find((sample) => sample === name + ending);
  if (file !== undefined) return `${path}${file}`;
  const names = samples.map((sample) => samplePrefix + sample.replace(ending, ''));
  throw new Refusal('input-unreadable', `there are ${names.join(', ')}`, { file: given });
}

export function readInput(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw inputUnreadable(path, error);
  }
}

export function inputUnreadable(path: string, error: unknown): Refusal {
  return new Refusal('input-unreadable', (error as NodeJS.ErrnoException).code ?? 'unknown', { file: path });
}

/** Reads and checks a JSON file; what is wrong with it is refused with its name. */
export function readJson<T>(given: string, folder: SampleFolder, parse: (json: unknown) => T): T {
  const path = pathOf(given, folder, '.json');
  const text = readInput(path).toString('utf8');
  return at(path, () => parse(jsonOf(text)));
}

function jsonOf(text: string): unknown {
  return parseJsonText(text, (reason) => new Refusal('input-not-json', reason));
}

export interface LayoutInput {
  readonly layout: Layout;
  /** The files of its artworks, which lie beside it. */
  readonly artworks: readonly NamedBytes[];
}

export function readLayout(given: string): LayoutInput {
  const layout = readJson(given, 'layouts', parseLayout);
  const folder = dirname(pathOf(given, 'layouts', '.json'));
  const artworks = Object.entries(layout.artworks ?? {}).map(([name, { file }]) => ({
    name,
    bytes: shared(readInput(resolve(folder, file))),
  }));
  return { layout, artworks };
}

export function readProfile(given: string): PersoProfile {
  return readJson(given, 'perso', parsePersoProfile);
}

/** A layout's fields or a profile's columns. */
type Marked = Readonly<Record<string, { readonly secret?: boolean }>>;

/** Named and not marked secret: what nobody spoke about is kept back. */
export function isPublic(marked: Marked, name: string): boolean {
  return Object.hasOwn(marked, name) && marked[name]?.secret !== true;
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
  const profilePath = profile === undefined ? fileURLToPath(usualProfile) : resolve(dirname(path), profile);
  return { press, outputProfile: readInput(profilePath) };
}

/** The records that the flags ask for; values of columns that are not public are never repeated in a refusal. */
export async function readRecords(flags: RecordFlags, marked: Marked = {}): Promise<RecordSource> {
  const { records, encoding, uniqueBy, range, remake, remakeBy } = flags;
  const path = pathOf(records, 'records', '.csv');
  const source = await openRecords(path, { encoding, ...(uniqueBy !== undefined && { uniqueBy }) });
  if (range !== undefined) return selectRecords(source, { ranges: range });
  if (remake === undefined) return source;
  const entries = await readRemakeList(remake);
  if (remakeBy === undefined) return selectRecords(source, { recordNos: recordNosOf(entries) });
  return selectRecords(source, { column: remakeBy, keys: entries, secret: !isPublic(marked, remakeBy) });
}

export interface FontInput {
  readonly fonts: readonly NamedBytes[];
  readonly fontChains: Readonly<Record<string, readonly string[]>>;
  readonly markTypeface: string;
}

/** The package's own fonts, and those given, each with the package's as fallbacks. */
export function readFonts(given: readonly GivenFont[] = []): FontInput {
  const fonts: NamedBytes[] = bundledTypefaceNames.map((name) => ({
    name,
    bytes: readFontFile(bundledFontPath(name)),
  }));
  const fontChains = new Map<string, readonly string[]>(Object.entries(bundledChains));
  for (const { name, path } of given) {
    fonts.push({ name: `${name}-own`, bytes: readFontFile(path) });
    fontChains.set(name, [`${name}-own`, ...(fontChains.get(name) ?? bundledChains.sans)]);
  }
  return { fonts, fontChains: Object.fromEntries(fontChains), markTypeface: 'sans' };
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
