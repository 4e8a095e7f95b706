import type { Modules } from '../code/modules.ts';
import type { ContentBuffer } from './content-buffer.ts';

/** How codes are drawn: as a 1-bit image mask of one sample a module, or as filled rectangles. */
export type CodeDrawing = 'mask' | 'rectangles';

/**
 * Writes the modules as an inline image mask that fills the unit square, in the fill colour that is set. Readers find
 * the end of the data by its length, but some look for "EI" instead: data that holds it is written in hexadecimal.
 */
export function writeMask(buffer: ContentBuffer, { width, height, bits }: Modules): void {
  buffer.ascii('BI/IM true/BPC 1/D[1 0]/W ');
  buffer.integer(width);
  buffer.ascii('/H ');
  buffer.integer(height);
  const bytes = height * ((width + 7) >> 3);
  const data = bits.length === bytes ? bits : bits.subarray(0, bytes);
  if (holdsEndMark(data)) {
    buffer.ascii(`/F/AHx\nID ${Buffer.from(data).toString('hex')}>`);
  } else {
    buffer.ascii('\nID ');
    buffer.raw(data);
  }
  buffer.ascii('\nEI\n');
}

function holdsEndMark(data: Uint8Array): boolean {
  for (let at = data.indexOf(0x45); at !== -1; at = data.indexOf(0x45, at + 1)) {
    if (data[at + 1] === 0x49) return true;
  }
  return false;
}

/**
 * Writes the dark modules as rectangles in units of a module, the origin at the lower left corner, filled at once: runs
 * of a row are joined, and equal runs of rows below each other. One fill, so that no renderer shows seams between them.
 */
export class RectangleWriter {
  /** For each column the width of the rectangle that begins there and is still growing, and its first row. */
  #openWidths = new Int16Array(0);
  #openRows = new Int16Array(0);

  write(buffer: ContentBuffer, { width, height, bits }: Modules): void {
    if (this.#openWidths.length < width) {
      this.#openWidths = new Int16Array(width);
      this.#openRows = new Int16Array(width);
    }
    const rowBytes = (width + 7) >> 3;
    for (let row = 0; row < height; row++) {
      const rowStart = row * rowBytes;
      for (let column = 0; column < width; ) {
        const start = column;
        while (column < width && isDark(bits, rowStart, column)) column++;
        this.#meet(buffer, height, row, start, column - start);
        if (column === start) column++;
      }
    }
    for (let column = 0; column < width; column++) this.#meet(buffer, height, height, column, 0);
    buffer.ascii('f\n');
  }

  /** A run of `run` dark modules begins at `column` of this row (0: a blank): goes on with the open rectangle or ends it. */
  #meet(buffer: ContentBuffer, height: number, row: number, column: number, run: number): void {
    const open = this.#openWidths[column]!;
    if (open !== run) {
      if (open > 0) buffer.rectangle(column, height - row, open, row - this.#openRows[column]!);
      this.#openWidths[column] = run;
      this.#openRows[column] = row;
    }
    for (let inner = column + 1; inner < column + run; inner++) {
      const hidden = this.#openWidths[inner]!;
      if (hidden === 0) continue;
      buffer.rectangle(inner, height - row, hidden, row - this.#openRows[inner]!);
      this.#openWidths[inner] = 0;
    }
  }
}

function isDark(bits: Uint8Array, rowStart: number, column: number): boolean {
  return (bits[rowStart + (column >> 3)]! & (0x80 >> (column & 7))) !== 0;
}
