import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { sealOf } from '../file/file-seal.ts';
import type { FileSeal } from '../file/whole-file.ts';
import { type ManifestFile, parseManifest, planOf, type RunManifest } from './manifest.ts';
import { PlaceLines, placeMapHeader } from './place-map.ts';
import { fileAt, type RunPlan } from './plan.ts';

/** Something that differs from what the manifest says, and what to do about it: "中文 · English". */
export interface ManifestProblem {
  readonly kind: 'missing' | 'changed' | 'count' | 'place' | 'unfinished';
  /** The file's name; the manifest's own problems have none. */
  readonly file?: string;
  readonly what: string;
  readonly next: string;
}

const next = {
  reprint: '重新生成该文件，勿上机 · Make that file again; do not print it.',
  rerun: '重新运行该任务，勿上机 · Run the job again; do not print.',
  goOn: '再次运行以续印 · Run again: it goes on where it stopped.',
} as const;

/**
 * Checks a run on the disk against its manifest: every file's SHA-256, size and counts, the totals, and that the place map
 * sends each record to a place of its own. Files are read as streams. Resolves to what differs, nothing if all is well;
 * rejects with `manifest-malformed` or the system's error if the manifest itself cannot be read.
 */
export async function verifyManifest(manifestPath: string): Promise<readonly ManifestProblem[]> {
  const manifest = parseManifest(await readFile(manifestPath, 'utf8'));
  const folder = dirname(manifestPath);
  const problems: ManifestProblem[] = [...countProblems(manifest)];
  if (manifest.status === 'running')
    problems.push({ kind: 'unfinished', what: '任务未完成 · the run is not complete', next: next.goOn });
  for (const file of manifest.files) problems.push(...(await sealProblems(folder, file, next.reprint)));
  if (manifest.places !== undefined) problems.push(...(await placeProblems(folder, manifest)));
  return problems;
}

async function sealProblems(
  folder: string,
  stated: FileSeal & { readonly name: string },
  what: string,
): Promise<ManifestProblem[]> {
  const file = stated.name;
  let found: FileSeal;
  try {
    found = await sealOf(join(folder, file));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return [{ kind: 'missing', file, what: `文件无法读取 · cannot be read (${code})`, next: what }];
  }
  if (found.bytes !== stated.bytes) {
    const sizes = `${found.bytes} ≠ ${stated.bytes}`;
    return [{ kind: 'changed', file, what: `字节数不符 · size differs: ${sizes}`, next: what }];
  }
  if (found.sha256 === stated.sha256) return [];
  return [{ kind: 'changed', file, what: `SHA-256 不符 · SHA-256 differs: ${found.sha256}`, next: what }];
}

/** Counts within the manifest: each file against the plan, each part's sums against the totals. */
function* countProblems(manifest: RunManifest): Generator<ManifestProblem> {
  const { totals, files, source } = manifest;
  const plan = planOf(manifest);
  const wrong = (what: string, file?: string): ManifestProblem => ({
    kind: 'count',
    ...(file !== undefined && { file }),
    what: `数量不符 · counts differ: ${what}`,
    next: next.rerun,
  });
  if (manifest.status === 'complete' && totals.files !== files.length)
    yield wrong(`${files.length} files, totals say ${totals.files}`);
  if (totals.sheets !== plan.sheets)
    yield wrong(`${totals.sheets} sheets for ${totals.records} records, not ${plan.sheets}`);
  if (totals.voids !== plan.voids)
    yield wrong(`${totals.voids} VOID for ${totals.records} records, not ${plan.voids}`);
  if (totals.records !== source.records)
    yield wrong(`${totals.records} records printed of ${source.records}`);
  yield* partProblems(manifest, plan, wrong);
  const names = new Set(files.map(({ name }) => name));
  if (names.size < files.length) yield wrong('a file is listed twice');
}

function* partProblems(
  { files, status }: RunManifest,
  plan: RunPlan,
  wrong: (what: string, file?: string) => ManifestProblem,
): Generator<ManifestProblem> {
  const filesOfPart = Map.groupBy(files, ({ part }) => part);
  for (const [part, ofPart] of filesOfPart) {
    if (status === 'complete' && ofPart.length !== plan.fileCount)
      yield wrong(`part ${part} has ${ofPart.length} files, not ${plan.fileCount}`);
    let lastRecordNo = 0;
    for (const [index, file] of ofPart.entries()) {
      const what =
        index < plan.fileCount ? fileProblem(file, plan, index, lastRecordNo) : 'one file too many';
      if (what !== undefined) yield wrong(what, file.name);
      lastRecordNo = file.lastRecordNo;
    }
  }
  if (status === 'complete' && files.length === 0 && plan.fileCount > 0) yield wrong('no file is listed');
}

function fileProblem(file: ManifestFile, plan: RunPlan, index: number, formerNo: number): string | undefined {
  const planned = fileAt(plan, index);
  if (file.fileNo !== index + 1) return `file number ${file.fileNo}, not ${index + 1}`;
  for (const key of ['records', 'sheets', 'voids'] as const)
    if (file[key] !== planned[key]) return `${file[key]} ${key}, not ${planned[key]}`;
  if (file.firstRecordNo <= formerNo) return `record ${file.firstRecordNo} comes after ${formerNo}`;
  if (file.lastRecordNo - file.firstRecordNo < file.records - 1)
    return `records ${file.firstRecordNo}-${file.lastRecordNo} are fewer than ${file.records}`;
  return undefined;
}

/**
 * Every line must be what the plan says for a record number higher than the one before: then all records are different,
 * all places are, and none is left out.
 */
async function placeProblems(folder: string, manifest: RunManifest): Promise<ManifestProblem[]> {
  const stated = manifest.places as NonNullable<RunManifest['places']>;
  const sealed = await sealProblems(folder, stated, next.rerun);
  if (sealed.some(({ kind }) => kind === 'missing')) return sealed;
  const check = new PlaceCheck(manifest);
  for await (const lines of linesOf(join(folder, stated.name)))
    if (!lines.every((line) => check.take(line))) break;
  const what = check.finding(stated.records);
  if (what === undefined) return sealed;
  return [...sealed, { kind: 'place', file: stated.name, what: `位置表不符 · ${what}`, next: next.rerun }];
}

class PlaceCheck {
  readonly #plan: RunPlan;
  readonly #lines: PlaceLines;
  readonly #files: readonly ManifestFile[];
  #lineNo = 0;
  #lastNo = 0;
  #fileEnd = 0;
  #fileIndex = -1;
  #finding: string | undefined;

  constructor(manifest: RunManifest) {
    const [first] = manifest.files;
    this.#plan = planOf(manifest);
    this.#lines = new PlaceLines(this.#plan, manifest.sheet.columns);
    this.#files = manifest.files.filter(({ part }) => part === first?.part);
  }

  /** False once something is wrong. */
  take(line: string): boolean {
    this.#finding = this.#lineNo === 0 ? this.#header(line) : this.#record(line, this.#lineNo);
    this.#lineNo += 1;
    return this.#finding === undefined;
  }

  finding(statedRecords: number): string | undefined {
    const lines = Math.max(0, this.#lineNo - 1);
    if (this.#finding !== undefined) return `line ${this.#lineNo}: ${this.#finding}`;
    if (lines !== this.#plan.recordCount) return `${lines} records, totals say ${this.#plan.recordCount}`;
    return lines === statedRecords ? undefined : `${lines} records, not ${statedRecords}`;
  }

  #header(line: string): string | undefined {
    return line === placeMapHeader ? undefined : 'another header';
  }

  #record(line: string, ordinalNo: number): string | undefined {
    if (ordinalNo > this.#plan.recordCount) return 'more lines than records';
    const recordNo = Number(line.slice(0, line.indexOf(',')));
    if (!Number.isSafeInteger(recordNo) || recordNo <= this.#lastNo) return 'record numbers do not rise';
    if (`${line}\r\n` !== this.#lines.next(recordNo)) return 'another place than the run has for it';
    const bounds = this.#bounds(ordinalNo, recordNo);
    this.#lastNo = recordNo;
    return bounds;
  }

  /** A file's first and last record in the map are those of the manifest. */
  #bounds(ordinalNo: number, recordNo: number): string | undefined {
    if (ordinalNo > this.#fileEnd) {
      this.#fileIndex += 1;
      this.#fileEnd += fileAt(this.#plan, this.#fileIndex).records;
      const first = this.#files[this.#fileIndex]?.firstRecordNo;
      if (first !== undefined && first !== recordNo)
        return `file ${this.#fileIndex + 1} begins with record ${first}`;
    }
    const last = this.#files[this.#fileIndex]?.lastRecordNo;
    if (ordinalNo === this.#fileEnd && last !== undefined && last !== recordNo)
      return `file ${this.#fileIndex + 1} ends with record ${last}`;
    return undefined;
  }
}

/** Lines that end with CRLF, many at once; what comes after the last is a line of its own, so that a cut file shows. */
async function* linesOf(path: string): AsyncGenerator<readonly string[]> {
  let rest = '';
  for await (const piece of createReadStream(path, { encoding: 'latin1', highWaterMark: 1 << 18 })) {
    const lines = (rest + piece).split('\r\n');
    rest = lines.pop() as string;
    if (rest.length > 1000) break;
    yield lines;
  }
  if (rest !== '') yield [`${rest}…`];
}
