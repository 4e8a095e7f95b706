import { join } from 'node:path';
import type { ManifestFile } from '../imposition/manifest.ts';
import type { PlannedFile } from '../imposition/plan.ts';
import type { PdfFileOptions } from '../pdf/file.ts';
import type { RunDocument } from './document.ts';
import type { Drawn } from './drawing.ts';
import { OutputFile } from './output-file.ts';

/** Where a run's files go, and what all of them say. */
export interface BlockPlace {
  readonly folder: string;
  readonly document: RunDocument;
  readonly facts: PdfFileOptions;
}

/** The files of all outputs for the same records, while they are written. */
export class FileBlock {
  readonly file: PlannedFile;
  readonly #document: RunDocument;
  readonly #names: readonly string[];
  readonly #outputs: readonly OutputFile[];
  readonly #pages: number;
  #pagesAdded = 0;
  #firstRecordNo = Number.POSITIVE_INFINITY;
  #lastRecordNo = 0;

  static async open(file: PlannedFile, { folder, document, facts }: BlockPlace): Promise<FileBlock> {
    const names = document.outputs.map(({ name }) => fileName(file, name, document.setup.fileCount));
    const outputs: OutputFile[] = [];
    try {
      for (const [index, output] of document.outputs.entries())
        outputs.push(await OutputFile.open(join(folder, names[index]!), document, output, facts));
      return new FileBlock(file, document, names, outputs);
    } catch (error) {
      for (const output of outputs) await output.abort();
      throw error;
    }
  }

  private constructor(
    file: PlannedFile,
    document: RunDocument,
    names: readonly string[],
    outputs: readonly OutputFile[],
  ) {
    this.file = file;
    this.#document = document;
    this.#names = names;
    this.#outputs = outputs;
    this.#pages = file.sheets * document.sides.length;
  }

  /** These records are among the block's. */
  note(recordNos: readonly number[]): void {
    for (const recordNo of recordNos) {
      if (recordNo < this.#firstRecordNo) this.#firstRecordNo = recordNo;
      if (recordNo > this.#lastRecordNo) this.#lastRecordNo = recordNo;
    }
  }

  get isFull(): boolean {
    return this.#pagesAdded === this.#pages;
  }

  /** Adds what was drawn of the next task, and waits while the disk is slow. */
  async add(drawn: Drawn): Promise<void> {
    for (const [index, output] of this.#outputs.entries())
      await output.add(drawn.outputs[index]!, drawn.usedGlyphs[index]!);
    this.#pagesAdded += drawn.outputs[0]!.lengths.length;
  }

  /** Ends the files and gives them their names, one after another. */
  async commit(): Promise<ManifestFile[]> {
    const files: ManifestFile[] = [];
    for (const [index, output] of this.#outputs.entries()) {
      const { sha256, bytes, pages } = await output.commit();
      const { sheets, records, voids } = this.file;
      if (pages !== this.#pages)
        throw new Error(`${this.#names[index]} has ${pages} pages for ${sheets} sheets`);
      files.push({
        ...{ name: this.#names[index]!, sha256, bytes, fileNo: this.file.index + 1 },
        ...{ part: this.#document.outputs[index]!.name, sheets, records, voids },
        ...{ firstRecordNo: this.#firstRecordNo, lastRecordNo: this.#lastRecordNo },
      });
    }
    return files;
  }

  /** Leaves nothing of what is not committed. */
  async abort(): Promise<void> {
    for (const output of this.#outputs) await output.abort();
  }
}

/** `0001-print.pdf`, … in the order of the run. Nothing of a record or of the job's name is in it. */
function fileName({ index }: PlannedFile, output: string, fileCount: number): string {
  return `${String(index + 1).padStart(Math.max(4, String(fileCount).length), '0')}-${output}.pdf`;
}
