import type { RefusalCode, RefusalPlace } from '../refusal.ts';

/**
 * Sheets to be drawn by one thread: so many of them from `firstSheet`, each a place for `positions` cards. Cards come
 * position by position, sheet by sheet; number 0 is a place without a card (VOID). Cells are packed into one text, since
 * a string crosses to another thread much faster than a million small ones.
 */
export interface DrawingTask {
  readonly fileIndex: number;
  readonly firstSheet: number;
  readonly sheets: number;
  /** Of all sheets of this file. */
  readonly sheetsInFile: number;
  readonly recordNos: Float64Array;
  /** Rows end with LF, fields with CR: neither can be in a record, see `surveyRecords`. Empty for a place without card. */
  readonly rows: string;
}

export const fieldEnd = '\r';
export const rowEnd = '\n';

/**
 * The pages of one output file for one task: contents one after another, in the order sheet by sheet, front before back.
 * There is room after the last. Once they are written, the buffer goes back with another task.
 */
export interface DrawnPages {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly lengths: Uint32Array<ArrayBuffer>;
}

export interface Drawn {
  /** In the order of the setup's outputs. */
  readonly outputs: readonly DrawnPages[];
  /** Used glyphs, a list for each typeface of each output, in the order of the document's resources. */
  readonly usedGlyphs: readonly (readonly Uint16Array[])[];
}

/** A refusal on its way from a drawing thread. */
export interface ThreadRefusal {
  readonly code: RefusalCode;
  readonly detail: string;
  readonly place: RefusalPlace;
}
