import { type FileSeal, openWholeFile, type WholeFile } from '../file/whole-file.ts';
import { fileAt, type RunPlan } from './plan.ts';

/** All numbers from 1. Row and column are the front's, from the upper left; height counts from the first sheet. */
export const placeMapHeader = 'recordNo,file,sheet,row,column,stack,heightInStack';

/**
 * Where each record lies, one line a record in the order of the run, as CSV with CRLF (RFC 4180): no field of a record,
 * only numbers. Memory stays constant; the file gets its name when it is whole.
 */
export class PlaceMap {
  readonly #plan: RunPlan;
  readonly #lines: PlaceLines;
  readonly #file: WholeFile;
  #records = 0;

  static async open(path: string, plan: RunPlan, columns: number): Promise<PlaceMap> {
    const file = await openWholeFile(path);
    await file.write(`${placeMapHeader}\r\n`);
    return new PlaceMap(file, plan, columns);
  }

  private constructor(file: WholeFile, plan: RunPlan, columns: number) {
    this.#file = file;
    this.#plan = plan;
    this.#lines = new PlaceLines(plan, columns);
  }

  /** The next records of the run by the numbers that they have in their source; a few thousand at once cost least. */
  async add(recordNos: Uint32Array | readonly number[]): Promise<void> {
    this.#records += recordNos.length;
    if (this.#records > this.#plan.recordCount)
      throw new Error(`more than ${this.#plan.recordCount} records to place`);
    let text = '';
    for (let index = 0; index < recordNos.length; index++)
      text += this.#lines.next(recordNos[index] as number);
    await this.#file.write(text);
  }

  /** Throws if records of the plan are left over. */
  async commit(): Promise<FileSeal & { readonly records: number }> {
    if (this.#records !== this.#plan.recordCount)
      throw new Error(`${this.#records} records were placed of ${this.#plan.recordCount}`);
    return { ...(await this.#file.commit()), records: this.#records };
  }

  async abort(): Promise<void> {
    await this.#file.abort();
  }
}

/** The lines of a place map one after another. Stacks are filled in order, so that only the heights change in between. */
export class PlaceLines {
  readonly #plan: RunPlan;
  readonly #columns: number;
  #fileIndex = -1;
  #position = 0;
  #sheet = 0;
  #sheets = 0;
  #left = 0;
  #beforeSheet = '';
  #afterSheet = '';

  constructor(plan: RunPlan, columns: number) {
    this.#plan = plan;
    this.#columns = columns;
  }

  /** The line of the run's next record, with its end. */
  next(recordNo: number): string {
    if (this.#left === 0) this.#nextFile();
    else if (this.#sheet === this.#sheets) this.#nextStack(this.#position + 1);
    this.#left -= 1;
    this.#sheet += 1;
    return recordNo + this.#beforeSheet + this.#sheet + this.#afterSheet + this.#sheet + '\r\n';
  }

  #nextFile(): void {
    const { index, records, sheets } = fileAt(this.#plan, this.#fileIndex + 1);
    this.#fileIndex = index;
    this.#left = records;
    this.#sheets = sheets;
    this.#nextStack(0);
  }

  #nextStack(position: number): void {
    this.#position = position;
    this.#sheet = 0;
    this.#beforeSheet = `,${this.#fileIndex + 1},`;
    const row = Math.floor(position / this.#columns) + 1;
    const column = (position % this.#columns) + 1;
    this.#afterSheet = `,${row},${column},${position + 1},`;
  }
}
