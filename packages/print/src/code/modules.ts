/**
 * A symbol as a grid, without its quiet zone: `bits` holds rows from the top, each padded to whole bytes, the leftmost
 * module in the highest bit, 1 = dark: the layout of a PDF image mask of one sample a module. A linear symbol has one row.
 */
export interface Modules {
  readonly width: number;
  readonly height: number;
  readonly bits: Uint8Array;
  /** Modules that must stay blank on every side (left and right only for linear symbols). */
  readonly quiet: number;
}
