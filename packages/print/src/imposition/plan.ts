export interface RunSize {
  /** Records to be printed. */
  readonly recordCount: number;
  /** Cards on a sheet; 1 where every card is a page. */
  readonly positions: number;
  readonly sheetsPerFile: number;
}

/** One output file: records `firstOrdinal` … `firstOrdinal + records − 1` of the run. All numbers from 0. */
export interface PlannedFile {
  readonly index: number;
  readonly firstOrdinal: number;
  readonly records: number;
  readonly sheets: number;
  /** Places without a card: `sheets × positions − records`. */
  readonly voids: number;
}

/** Where a record is printed. All numbers from 0; `position` is also the cut stack, `sheet` the height in it. */
export interface Place {
  readonly file: number;
  readonly sheet: number;
  readonly position: number;
}

/** `ordinalAt` of a place that holds no record. */
export const voidOrdinal = -1;

/**
 * Which record lies where. A file of S sheets is cut into `positions` stacks of S cards; stack p holds the file's records
 * p·S … p·S + S − 1 from sheet 0 on, so that the stacks laid one after another are in order and nobody collates; what
 * is left over of the last stacks is VOID. Everything is computed, nothing stored: 10^9 records take no more than ten.
 */
export interface RunPlan extends RunSize {
  readonly fileCount: number;
  readonly sheets: number;
  readonly voids: number;
}

/** Plans a run; numbers are exact to 2^53. Throws on anything but positive whole numbers (`recordCount` may be 0). */
export function planRun({ recordCount, positions, sheetsPerFile }: RunSize): RunPlan {
  const perFile = positions * sheetsPerFile;
  for (const [value, minimum] of [
    [recordCount, 0],
    [positions, 1],
    [sheetsPerFile, 1],
    [perFile, 1],
    [recordCount + perFile, 1],
  ] as const)
    if (!Number.isSafeInteger(value) || value < minimum) throw new RangeError(`${value} cannot be planned`);
  const fileCount = Math.ceil(recordCount / perFile);
  const inLastFile = recordCount - Math.max(0, fileCount - 1) * perFile;
  const sheets = Math.max(0, fileCount - 1) * sheetsPerFile + Math.ceil(inLastFile / positions);
  const voids = sheets * positions - recordCount;
  return { recordCount, positions, sheetsPerFile, fileCount, sheets, voids };
}

/** One file of the plan. */
export function fileAt(plan: RunPlan, index: number): PlannedFile {
  if (!(index >= 0 && index < plan.fileCount)) throw new RangeError(`file ${index} of ${plan.fileCount}`);
  const perFile = plan.positions * plan.sheetsPerFile;
  const firstOrdinal = index * perFile;
  const records = Math.min(perFile, plan.recordCount - firstOrdinal);
  const sheets = Math.ceil(records / plan.positions);
  return { index, firstOrdinal, records, sheets, voids: sheets * plan.positions - records };
}

/** All files in order. */
export function* filesOf(plan: RunPlan): Generator<PlannedFile> {
  for (let index = 0; index < plan.fileCount; index++) yield fileAt(plan, index);
}

/** The record of the run at that place of the file, or `voidOrdinal`. */
export function ordinalAt(file: PlannedFile, sheet: number, position: number): number {
  const inFile = position * file.sheets + sheet;
  return inFile < file.records ? file.firstOrdinal + inFile : voidOrdinal;
}

/** Where the record of the run is: the inverse of `ordinalAt`. */
export function placeOf(plan: RunPlan, ordinal: number): Place {
  if (!(ordinal >= 0 && ordinal < plan.recordCount))
    throw new RangeError(`record ${ordinal} of ${plan.recordCount}`);
  const index = Math.floor(ordinal / (plan.positions * plan.sheetsPerFile));
  const { firstOrdinal, sheets } = fileAt(plan, index);
  const inFile = ordinal - firstOrdinal;
  return { file: index, sheet: inFile % sheets, position: Math.floor(inFile / sheets) };
}
