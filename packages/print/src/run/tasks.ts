import { ordinalAt, type PlannedFile, voidOrdinal } from '../imposition/plan.ts';
import type { Row } from '../records/record.ts';
import type { DrawingTask } from './drawing.ts';
import type { RecordCursor } from './record-cursor.ts';
import { packRows } from './survey.ts';

/** So many cards keep a thread busy for some milliseconds, and are a page tree's node. */
const cardsPerTask = 256;

export interface FileTask {
  readonly task: DrawingTask;
  /** The records that this task took from the source, in its order: those of a whole file of sheets come with its first task. */
  readonly recordNos: readonly number[];
}

/**
 * The tasks of one file. A card a page: records as they come. On sheets a file's records are held, since its stacks are
 * cut from records that lie far apart; a block of 500 sheets of 21 cards is some megabytes.
 */
export function tasksOfFile(
  file: PlannedFile,
  positions: number,
  cursor: RecordCursor,
): AsyncGenerator<FileTask> {
  return positions === 1 ? tasksOfCards(file, cursor) : tasksOfSheets(file, positions, cursor);
}

async function* tasksOfCards(file: PlannedFile, cursor: RecordCursor): AsyncGenerator<FileTask> {
  for (let firstSheet = 0; firstSheet < file.sheets; firstSheet += cardsPerTask) {
    const sheets = Math.min(cardsPerTask, file.sheets - firstSheet);
    const taken = await cursor.take(sheets);
    const recordNos = [...taken.recordNos];
    const task = {
      ...{ fileIndex: file.index, firstSheet, sheets, sheetsInFile: file.sheets },
      recordNos: taken.recordNos,
      rows: packRows(taken.rows),
    };
    yield { task, recordNos };
  }
}

async function* tasksOfSheets(
  file: PlannedFile,
  positions: number,
  cursor: RecordCursor,
): AsyncGenerator<FileTask> {
  const taken = await cursor.take(file.records);
  const sheetsPerTask = Math.max(1, Math.floor(cardsPerTask / positions));
  for (let firstSheet = 0; firstSheet < file.sheets; firstSheet += sheetsPerTask) {
    const sheets = Math.min(sheetsPerTask, file.sheets - firstSheet);
    const recordNos = new Float64Array(sheets * positions);
    const rows: (Row | undefined)[] = [];
    for (let cell = 0; cell < recordNos.length; cell++) {
      const ordinal = ordinalAt(file, firstSheet + Math.floor(cell / positions), cell % positions);
      const inFile = ordinal - file.firstOrdinal;
      rows.push(ordinal === voidOrdinal ? undefined : taken.rows[inFile]);
      recordNos[cell] = ordinal === voidOrdinal ? 0 : taken.recordNos[inFile]!;
    }
    const task = {
      ...{ fileIndex: file.index, firstSheet, sheets, sheetsInFile: file.sheets },
      recordNos,
      rows: packRows(rows),
    };
    yield { task, recordNos: firstSheet === 0 ? [...taken.recordNos] : [] };
  }
}
