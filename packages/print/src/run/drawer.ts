import { type Code128Encoder, createCode128Encoder } from '../code/code-128.ts';
import type { Ink } from '../draw/ink.ts';
import type { Cell } from '../imposition/geometry.ts';
import { drawSlug } from '../imposition/slug.ts';
import { Deflater } from '../pdf/deflate.ts';
import { PdfPen } from '../pdf/pen.ts';
import type { Row } from '../records/record.ts';
import { type OpenedOutput, type OutputSide, openDocument, type RunDocument } from './document.ts';
import { type DrawingTask, type Drawn, type DrawnPages, fieldEnd, rowEnd } from './drawing.ts';
import type { DrawerSetup } from './setup.ts';

/** Draws sheets of a run; holds nothing from one task to the next but buffers. */
export class Drawer {
  readonly #document: RunDocument;
  readonly #pens: readonly PdfPen[];
  readonly #pages = new PageBytes();
  readonly #deflater = new Deflater();
  readonly #slugCode: Code128Encoder = createCode128Encoder();
  /** The card that `#drawCard` draws: set for each cell, so that no closure is made for a card. */
  #pen: PdfPen;
  #side: OutputSide;
  #row: Row = [];
  #recordNo = 0;

  constructor(document: RunDocument) {
    this.#document = document;
    const { codes } = document.setup.press;
    this.#pens = document.outputs.map(({ resources }) => new PdfPen(resources, { codes }));
    this.#pen = this.#pens[0]!;
    this.#side = document.outputs[0]!.sides[0]!;
  }

  /**
   * Draws into these buffers, one for each output, as far as they are there and large enough. Throws a `Refusal` with the
   * record's number for a card that cannot be drawn.
   */
  draw(task: DrawingTask, buffers: readonly ArrayBuffer[] = []): Drawn {
    const rows = unpackRows(task.rows);
    const outputs = this.#document.outputs.map((output, index) =>
      this.#drawOutput(output, index, task, rows, buffers[index]),
    );
    return { outputs, usedGlyphs: this.#pens.map((pen) => pen.takeUsedGlyphs()) };
  }

  #drawOutput(
    output: OpenedOutput,
    index: number,
    task: DrawingTask,
    rows: readonly Row[],
    buffer?: ArrayBuffer,
  ): DrawnPages {
    const pen = this.#pens[index]!;
    this.#pages.begin(task.sheets * output.sides.length, buffer);
    for (let sheet = 0; sheet < task.sheets; sheet++) {
      for (const side of output.sides) {
        pen.reset('page');
        if (side.marksForm !== undefined) pen.drawForm(side.marksForm);
        this.#drawCells(pen, side, task, rows, sheet);
        if (side.geometry.slug !== undefined) this.#drawSlug(pen, side, task, sheet, output.markInk);
        const content = pen.bytes();
        this.#pages.add(this.#document.isDeflated ? this.#deflater.deflate(content) : content);
      }
    }
    return this.#pages.take();
  }

  #drawCells(pen: PdfPen, side: OutputSide, task: DrawingTask, rows: readonly Row[], sheet: number): void {
    this.#pen = pen;
    this.#side = side;
    const { cells } = side.geometry;
    for (let position = 0; position < cells.length; position++) {
      const place = position * task.sheets + sheet;
      this.#recordNo = task.recordNos[place]!;
      this.#row = rows[place]!;
      this.#drawCell(pen, cells[position]!, cells.length > 1);
    }
  }

  #drawCell(pen: PdfPen, { matrix, clip }: Cell, hasNeighbours: boolean): void {
    if (this.#recordNo === 0) pen.within(matrix, this.#drawVoid, clip);
    else if (hasNeighbours) pen.within(matrix, this.#drawCard, clip);
    else pen.within(matrix, this.#drawCard);
  }

  readonly #drawVoid = (): void => this.#pen.drawForm('void');

  readonly #drawCard = (): void => {
    const { staticForm, face } = this.#side;
    if (staticForm !== undefined) this.#pen.drawForm(staticForm);
    if (face.hasVariable) face.drawVariable(this.#pen, this.#row, this.#recordNo);
  };

  #drawSlug(pen: PdfPen, { geometry: side }: OutputSide, task: DrawingTask, sheet: number, ink: Ink): void {
    const { setup, geometry, markTypeface } = this.#document;
    const nos = task.recordNos.filter((no, place) => no > 0 && place % task.sheets === sheet);
    const sheetNo = task.firstSheet + sheet + 1;
    const fileNo = task.fileIndex + 1;
    const slug = {
      jobName: setup.jobName,
      dateText: setup.dateText,
      fileNo,
      fileCount: setup.fileCount,
      sheetNo,
      sheetsInFile: task.sheetsInFile,
      firstRecordNo: Math.min(...nos),
      lastRecordNo: Math.max(...nos),
      sheetId: `${setup.documentId.slice(0, 8)}-${fileNo}-${sheetNo}`,
    };
    drawSlug(pen, geometry, side, slug, markTypeface, this.#slugCode, ink);
  }
}

export function openDrawer(setup: DrawerSetup): Drawer {
  return new Drawer(openDocument(setup));
}

function unpackRows(packed: string): Row[] {
  const rows = packed.split(rowEnd);
  rows.pop();
  return rows.map((row) => row.split(fieldEnd));
}

/** A task's pages are as long, or the buffer grows: it comes back, so that this costs a few copies in all. */
const firstBytes = 1 << 18;

/** Collects pages of one task in one buffer that can be given away. */
class PageBytes {
  #bytes = new Uint8Array(0);
  #length = 0;
  #lengths = new Uint32Array(0);
  #pages = 0;

  begin(pages: number, buffer: ArrayBuffer = new ArrayBuffer(firstBytes)): void {
    this.#bytes = new Uint8Array(buffer);
    this.#length = 0;
    this.#lengths = new Uint32Array(pages);
    this.#pages = 0;
  }

  add(page: Uint8Array): void {
    if (this.#length + page.length > this.#bytes.length) {
      const grown = new Uint8Array(2 * (this.#length + page.length));
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = grown;
    }
    this.#bytes.set(page, this.#length);
    this.#length += page.length;
    this.#lengths[this.#pages++] = page.length;
  }

  take(): DrawnPages {
    return { bytes: this.#bytes, lengths: this.#lengths };
  }
}
