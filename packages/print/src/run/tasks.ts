import { ordinalAt, type PlannedFile, voidOrdinal } from '../imposition/plan.ts';
import { type DrawingTask, rowEnd } from './drawing.ts';
import type { RecordCursor } from './record-cursor.ts';
import { packRows } from './survey.ts';

/** So many cards keep a thread busy for some milliseconds, and are a page tree's node. */
const cardsPerTask = 256;

export interface FileTask {
  readonly task: DrawingTask;
  /** The records that this task took from the source, in its order: those of all stacks but the last come with a file's first task. */
  readonly recordNos: readonly number[];
}

/**
 * The tasks of one file. Records as they come where a card is a page. On sheets all stacks but the last are held, since
 * they are cut from records that lie far apart: packed, 500 sheets of 21 cards are a megabyte.
 */
export async function* tasksOfFile(
  file: PlannedFile,
  positions: number,
  cursor: RecordCursor,
): AsyncGenerator<FileTask> {
  const sheetsPerTask = Math.max(1, Math.floor(cardsPerTask / positions));
  const pieceOf = (position: number, firstSheet: number): Promise<StackPiece> => {
    const sheets = Math.min(sheetsPerTask, file.sheets - firstSheet);
    return takePiece(file, position, { firstSheet, sheets }, cursor);
  };
  const held: StackPiece[][] = [];
  for (let position = 0; position < positions - 1; position++) {
    const stack: StackPiece[] = [];
    for (let firstSheet = 0; firstSheet < file.sheets; firstSheet += sheetsPerTask)
      stack.push(await pieceOf(position, firstSheet));
    held.push(stack);
  }
  for (let firstSheet = 0; firstSheet < file.sheets; firstSheet += sheetsPerTask) {
    const last = await pieceOf(positions - 1, firstSheet);
    const pieces = [...held.map((stack) => stack[firstSheet / sheetsPerTask]!), last];
    const taken = firstSheet === 0 ? [...held.flat(), last] : [last];
    yield { task: taskOf(file, firstSheet, pieces), recordNos: taken.flatMap(recordNosOf) };
  }
}

/** Some sheets' cards of one stack, in order. */
interface StackPiece {
  /** 0 where there is no card (VOID), after all records. */
  readonly recordNos: Float64Array;
  readonly records: number;
  readonly rows: string;
}

const recordNosOf = ({ recordNos, records }: StackPiece): number[] => [...recordNos.subarray(0, records)];

async function takePiece(
  file: PlannedFile,
  position: number,
  { firstSheet, sheets }: { readonly firstSheet: number; readonly sheets: number },
  cursor: RecordCursor,
): Promise<StackPiece> {
  let records = 0;
  while (records < sheets && ordinalAt(file, firstSheet + records, position) !== voidOrdinal) records++;
  const taken = await cursor.take(records);
  const recordNos = new Float64Array(sheets);
  recordNos.set(taken.recordNos);
  return { recordNos, records, rows: packRows(taken.rows) + rowEnd.repeat(sheets - records) };
}

function taskOf(file: PlannedFile, firstSheet: number, pieces: readonly StackPiece[]): DrawingTask {
  const sheets = pieces[0]!.recordNos.length;
  const recordNos = new Float64Array(sheets * pieces.length);
  for (const [position, piece] of pieces.entries()) recordNos.set(piece.recordNos, position * sheets);
  return {
    ...{ fileIndex: file.index, firstSheet, sheets, sheetsInFile: file.sheets },
    recordNos,
    rows: pieces.map(({ rows }) => rows).join(''),
  };
}
