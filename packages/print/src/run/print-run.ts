import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { holdFolder, removeLeftParts, writeWholeFile } from '../file/whole-file.ts';
import { openArtwork } from '../image/open.ts';
import { manifestText, type RunManifest, refuseUnusableJobName } from '../imposition/manifest.ts';
import { PlaceMap } from '../imposition/place-map.ts';
import { filesOf, type PlannedFile, planRun, type RunPlan } from '../imposition/plan.ts';
import { dummyRow } from '../layout/dummy.ts';
import { checkPictures, type PictureWarning } from '../layout/pictures.ts';
import type { LayoutWarning } from '../layout/warning.ts';
import { openOutputIntent } from '../pdf/output-intent.ts';
import { pagesPerFile } from '../press/parse.ts';
import type { RecordSource, Row } from '../records/record.ts';
import { Refusal, refusedAt } from '../refusal.ts';
import { DrawingCrew } from './crew.ts';
import type { RunDocument } from './document.ts';
import type { Drawn } from './drawing.ts';
import { type BlockPlace, FileBlock } from './file-block.ts';
import { RecordCursor } from './record-cursor.ts';
import { filesDone, formerManifest, manifestName } from './resume.ts';
import { type DrawerSetup, type NamedBytes, outputsOf } from './setup.ts';
import { surveyRecords } from './survey.ts';
import { tasksOfFile } from './tasks.ts';

/** What shall be printed. All files go into `folder`. */
export interface PrintJob
  extends Omit<DrawerSetup, 'artworks' | 'outputs' | 'fileCount' | 'documentId' | 'columns'> {
  /** Files of pictures, by the names that the layout has for them. */
  readonly artworks: readonly NamedBytes[];
  readonly records: RecordSource;
  readonly folder: string;
  /** ISO 8601 with seconds and an offset; what the documents give as their date. */
  readonly createdAt: string;
  /** The ICC profile of the press; see the press's `outputIntent`. */
  readonly outputProfile: Uint8Array;
}

export interface PrintProgress {
  readonly phase: 'checking' | 'printing';
  readonly records: number;
  /** Of so many; unknown while they are counted. */
  readonly of: number | undefined;
}

export interface PrintOptions {
  /** Threads that draw besides this one. One less than cores unless stated; none for small runs. */
  readonly threads?: number;
  readonly onProgress?: (progress: PrintProgress) => void;
  /** Stops between two tasks; whole files stay, and the same job goes on after them. */
  readonly signal?: AbortSignal;
}

export interface PrintReport {
  readonly manifest: RunManifest;
  readonly manifestPath: string;
  readonly warnings: readonly (LayoutWarning | PictureWarning)[];
  /** Files that an earlier run had made already. */
  readonly filesKept: number;
}

/**
 * Prints a job: reads all records once to check and count them, then draws them file by file. Every file appears whole;
 * the manifest names those that are. A job that was stopped goes on after its last whole file, if layout, press and
 * records are the same; its documents keep the date of the first. Memory does not grow with the number of records, only
 * with the cards of one file of sheets.
 *
 * Rejects with a `Refusal` (record number, place, what to do) and leaves no part of a file.
 */
export async function printRun(job: PrintJob, options: PrintOptions = {}): Promise<PrintReport> {
  const crew = new DrawingCrew(options.threads);
  try {
    return await printWith(crew, job, options);
  } finally {
    await crew.close();
  }
}

async function printWith(crew: DrawingCrew, asked: PrintJob, options: PrintOptions): Promise<PrintReport> {
  const { onProgress = () => undefined } = options;
  refuseUnusableJobName(asked.jobName);
  const former = await formerManifest(asked.folder);
  const job = former ? { ...asked, createdAt: former.createdAt, dateText: former.dateText } : asked;
  const survey = await surveyRecords(job.records, {
    ...(job.isProof && { shown: asProofed(job) }),
    onRecords(records) {
      options.signal?.throwIfAborted();
      crew.expect(records);
      onProgress({ phase: 'checking', records, of: job.records.count });
    },
  });
  if (survey.records === 0) throw new Refusal('records-none', 'the source is empty');
  const identity = { ...hashesOf(job), sourceSha256: survey.sha256 };
  const setup = setupOf(job, survey.records, documentIdOf(job, identity));
  const document = await crew.open(setup);
  const { columns, rows, positions } = document.geometry;
  const plan = planRun({ recordCount: survey.records, positions, sheetsPerFile: pagesPerFile(job.press) });
  const blank: RunManifest = {
    version: 1,
    kind: 'cardwright-print-run',
    status: 'running',
    jobName: job.jobName,
    createdAt: job.createdAt,
    dateText: job.dateText,
    layoutSha256: identity.layoutSha256,
    pressSha256: identity.pressSha256,
    source: { sha256: survey.sha256, records: survey.records },
    sheet: { columns, rows, sheetsPerFile: plan.sheetsPerFile },
    files: [],
    totals: {
      records: plan.recordCount,
      voids: plan.voids,
      sheets: plan.sheets,
      files: plan.fileCount * setup.outputs.length,
    },
  };
  const parts = setup.outputs.map(({ name }) => name);
  return aloneIn(job.folder, former, async () => {
    const kept = former ? await filesDone(job.folder, former, blank, parts) : [];
    const run = new Run({ job, options, crew, document, plan, setup, manifest: { ...blank, files: kept } });
    const manifest = await run.print(kept.length / parts.length);
    const manifestPath = join(job.folder, manifestName);
    const warnings = warningsOf(document, job.outputProfile);
    return { manifest, manifestPath, warnings, filesKept: kept.length };
  });
}

/** Makes the folder, and works in it while no other run does. Refuses `run-folder-busy`, also where one did meanwhile. */
async function aloneIn<Result>(
  folder: string,
  former: RunManifest | undefined,
  work: () => Promise<Result>,
): Promise<Result> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await removeLeftParts(folder);
  const hold = await holdFolder(folder);
  if (hold === undefined) throw new Refusal('run-folder-busy', 'it is at work there', { file: folder });
  try {
    if (!isDeepStrictEqual(await formerManifest(folder), former))
      throw new Refusal('run-folder-busy', 'it has written there meanwhile', { file: folder });
    return await work();
  } finally {
    await hold.abort();
  }
}

/**
 * A proof is known by its dummies: from a hash of so few records people could find a short secret by trying. Refuses
 * `proof-shows-secret` before anything is drawn.
 */
function asProofed({ layout, records }: PrintJob): (row: Row, recordNo: number) => Row {
  return (row, recordNo) => {
    try {
      return dummyRow(layout, records.columns, row);
    } catch (error) {
      throw refusedAt(error, { recordNo });
    }
  };
}

function warningsOf(
  { setup, compiled, artworks }: RunDocument,
  outputProfile: Uint8Array,
): (LayoutWarning | PictureWarning)[] {
  const { bleedMm, maxInkPercent, minImageDpi } = setup.press;
  const placed = { artworks, bleedMm, maxInkPercent, minImageDpi };
  return [...compiled.warnings, ...checkPictures(setup.layout, placed, outputProfile)];
}

interface RunParts {
  readonly job: PrintJob;
  readonly options: PrintOptions;
  readonly crew: DrawingCrew;
  readonly document: RunDocument;
  readonly plan: RunPlan;
  readonly setup: DrawerSetup;
  readonly manifest: RunManifest;
}

/** Tasks that are drawn or being drawn, and the block that their pages belong to. */
interface TaskInHand {
  readonly block: FileBlock;
  readonly drawn: Promise<Drawn>;
  readonly records: number;
}

class Run {
  readonly #parts: RunParts;
  readonly #place: BlockPlace;
  /** In the order of the run: pages are written in that order, whoever drew them first. */
  readonly #inHand: TaskInHand[] = [];
  readonly #open = new Set<FileBlock>();
  /** The block that gets its names while the next one is drawn. */
  #closing: Promise<void> = Promise.resolve();
  #manifest: RunManifest;
  #printed = 0;

  constructor(parts: RunParts) {
    const { job, setup, document } = parts;
    const { condition } = job.press.outputIntent ?? {};
    this.#parts = parts;
    this.#manifest = parts.manifest;
    const facts = {
      title: job.jobName,
      createdAt: job.createdAt,
      documentId: setup.documentId,
      outputIntent: openOutputIntent(job.outputProfile, condition),
    };
    this.#place = { folder: job.folder, document, facts };
  }

  async print(blocksKept: number): Promise<RunManifest> {
    const { job, plan, document } = this.#parts;
    const cursor = new RecordCursor(job.records);
    const places = await PlaceMap.open(join(job.folder, 'places.csv'), plan, document.geometry.columns);
    try {
      for (const file of filesOf(plan)) {
        if (file.index < blocksKept) await this.#pass(file, cursor, places);
        else await this.#drawFile(file, cursor, places);
      }
      while (this.#inHand.length > 0) await this.#writeFirst();
      await this.#closing;
      await this.#complete(places);
      return this.#manifest;
    } finally {
      // What is being closed becomes whole and known, or has told its failure already.
      await this.#closing.catch(() => undefined);
      for (const block of this.#open) await block.abort();
      await places.abort();
      await cursor.close();
    }
  }

  /** Records of files that are there: they only need their lines in the place map. */
  async #pass(file: PlannedFile, cursor: RecordCursor, places: PlaceMap): Promise<void> {
    for (let left = file.records; left > 0; ) {
      const { recordNos } = await cursor.take(Math.min(left, 4_096));
      await places.add([...recordNos]);
      left -= recordNos.length;
    }
    this.#tell(file.records);
  }

  /** When it returns, the file's last tasks are still in hand: threads draw on while the next file is opened. */
  async #drawFile(file: PlannedFile, cursor: RecordCursor, places: PlaceMap): Promise<void> {
    const { crew, document, options } = this.#parts;
    const block = await FileBlock.open(file, this.#place);
    this.#open.add(block);
    for await (const { task, recordNos } of tasksOfFile(file, document.geometry.positions, cursor)) {
      options.signal?.throwIfAborted();
      await places.add(recordNos);
      block.note(recordNos);
      const drawn = crew.draw(task);
      // Its rejection is met when its turn comes; until then it must not count as unhandled.
      drawn.catch(() => undefined);
      this.#inHand.push({ block, drawn, records: recordNos.length });
      if (this.#inHand.length >= crew.tasksInHand) await this.#writeFirst();
    }
  }

  async #writeFirst(): Promise<void> {
    const { block, drawn, records } = this.#inHand.shift()!;
    const pages = await drawn;
    await block.add(pages);
    this.#parts.crew.takeBack(pages);
    this.#tell(records);
    if (block.isFull) await this.#close(block);
  }

  /** Blocks are closed one after another, each while the next one is drawn: syncing to the disk takes some time. */
  async #close(block: FileBlock): Promise<void> {
    await this.#closing;
    this.#closing = this.#commit(block);
    // Met when the next block is closed, or at the end.
    this.#closing.catch(() => undefined);
  }

  async #commit(block: FileBlock): Promise<void> {
    const files = await block.commit();
    this.#open.delete(block);
    await this.#save({ ...this.#manifest, files: [...this.#manifest.files, ...files] });
  }

  async #complete(places: PlaceMap): Promise<void> {
    const seal = await places.commit();
    await this.#save({ ...this.#manifest, status: 'complete', places: { name: 'places.csv', ...seal } });
  }

  async #save(manifest: RunManifest): Promise<void> {
    this.#manifest = manifest;
    await writeWholeFile(join(this.#parts.job.folder, manifestName), manifestText(manifest));
  }

  #tell(records: number): void {
    this.#printed += records;
    this.#parts.options.onProgress?.({
      phase: 'printing',
      records: this.#printed,
      of: this.#parts.plan.recordCount,
    });
  }
}

function setupOf(job: PrintJob, recordCount: number, documentId: string): DrawerSetup {
  const { jobName, dateText, layout, press, fonts, fontChains, markTypeface, artworks, isProof, records } =
    job;
  const perSheet = press.sheet === undefined ? 1 : press.sheet.columns * press.sheet.rows;
  const layers = [
    ...new Set([...(layout.front ?? []), ...(layout.back ?? [])].map(({ layer = 'print' }) => layer)),
  ];
  return {
    ...{ jobName, dateText, documentId, layout, press, fonts, fontChains, markTypeface, isProof },
    artworks: artworks.map(({ name, bytes }) => openArtwork(name, bytes)),
    columns: records.columns,
    outputs: outputsOf(layers, press.separateLayers),
    fileCount: Math.ceil(recordCount / (perSheet * pagesPerFile(press))),
  };
}

const sha256Of = (...parts: readonly (string | Uint8Array)[]): string => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};

/** The layout with its pictures and fonts, and the press with its profile: what decides how a record is printed. */
function hashesOf(job: PrintJob): { readonly layoutSha256: string; readonly pressSha256: string } {
  const parts = [...job.artworks, ...job.fonts].flatMap(({ name, bytes }) => [name, sha256Of(bytes)]);
  const chains = JSON.stringify([job.fontChains, job.markTypeface, job.isProof]);
  return {
    layoutSha256: sha256Of(JSON.stringify(job.layout), JSON.stringify(parts), chains),
    pressSha256: sha256Of(JSON.stringify(job.press), job.outputProfile),
  };
}

function documentIdOf(job: PrintJob, identity: Readonly<Record<string, string>>): string {
  return sha256Of(JSON.stringify(identity), job.jobName, job.createdAt).slice(0, 32);
}
