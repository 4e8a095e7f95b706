import { alignmentCentres, type QrLevel, qrSize } from './qr-tables.ts';

/** One byte a module: what is drawn, and where data may not go. */
export interface QrCanvas {
  readonly size: number;
  readonly dark: Uint8Array;
  readonly reserved: Uint8Array;
}

/** Finders, timing, alignment and version information (ISO/IEC 18004:2015, 6.3 and 7.10); room is kept for the format. */
export function drawFunctionPatterns(version: number): QrCanvas {
  const size = qrSize(version);
  const canvas: QrCanvas = {
    size,
    dark: new Uint8Array(size * size),
    reserved: new Uint8Array(size * size),
  };
  for (let index = 0; index < size; index++) {
    set(canvas, 6, index, index % 2 === 0);
    set(canvas, index, 6, index % 2 === 0);
  }
  for (const [row, column] of [
    [3, 3],
    [3, size - 4],
    [size - 4, 3],
  ] as const)
    drawRings(canvas, row, column, 4);
  const centres = alignmentCentres(version);
  const last = centres.at(-1);
  for (const row of centres) {
    for (const column of centres) {
      const isAtFinder =
        (row === 6 && column === 6) || (row === 6 && column === last) || (row === last && column === 6);
      if (!isAtFinder) drawRings(canvas, row, column, 2);
    }
  }
  drawFormatBits(canvas, 0);
  if (version >= 7) drawVersion(canvas, version);
  return canvas;
}

/** A copy with the format information of level and mask (7.9). */
export function drawFormat(canvas: QrCanvas, level: QrLevel, mask: number): QrCanvas {
  const copy: QrCanvas = { ...canvas, dark: canvas.dark.slice() };
  const indicator = { L: 0b01, M: 0b00, Q: 0b11, H: 0b10 }[level];
  const data = (indicator << 3) | mask;
  drawFormatBits(copy, ((data << 10) | remainder(data << 10, 0b10100110111)) ^ 0b101010000010010);
  return copy;
}

/** The conditions of table 10. */
export function isMasked(mask: number, row: number, column: number): boolean {
  const product = row * column;
  const values = [
    (row + column) % 2,
    row % 2,
    column % 3,
    (row + column) % 3,
    ((row >> 1) + Math.floor(column / 3)) % 2,
    (product % 2) + (product % 3),
    ((product % 2) + (product % 3)) % 2,
    (((row + column) % 2) + (product % 3)) % 2,
  ];
  return values[mask] === 0;
}

/** Squares in each other around a centre: dark but for the ring of radius 2 in a finder (or 1 in an alignment pattern). */
function drawRings(canvas: QrCanvas, centreRow: number, centreColumn: number, radius: 4 | 2): void {
  for (let down = -radius; down <= radius; down++) {
    for (let right = -radius; right <= radius; right++) {
      const ring = Math.max(Math.abs(down), Math.abs(right));
      const isDark = radius === 4 ? ring !== 2 && ring !== 4 : ring !== 1;
      set(canvas, centreRow + down, centreColumn + right, isDark);
    }
  }
}

function drawFormatBits(canvas: QrCanvas, bits: number): void {
  const { size } = canvas;
  for (let index = 0; index < 15; index++) {
    const isDark = ((bits >> index) & 1) === 1;
    const gapped = index < 6 ? index : index < 8 ? index + 1 : size - 15 + index;
    set(canvas, gapped, 8, isDark);
    const across = index < 8 ? size - 1 - index : index === 8 ? 7 : 14 - index;
    set(canvas, 8, across, isDark);
  }
  set(canvas, size - 8, 8, true);
}

function drawVersion(canvas: QrCanvas, version: number): void {
  const bits = (version << 12) | remainder(version << 12, 0b1111100100101);
  for (let index = 0; index < 18; index++) {
    const isDark = ((bits >> index) & 1) === 1;
    const near = Math.floor(index / 3);
    const far = canvas.size - 11 + (index % 3);
    set(canvas, near, far, isDark);
    set(canvas, far, near, isDark);
  }
}

/** Of polynomials over GF(2), as the BCH codes of annexes C and D want it. */
function remainder(dividend: number, divisor: number): number {
  const degree = 31 - Math.clz32(divisor);
  let rest = dividend;
  while (rest >> degree !== 0) rest ^= divisor << (31 - Math.clz32(rest) - degree);
  return rest;
}

function set(canvas: QrCanvas, row: number, column: number, isDark: boolean): void {
  const { size } = canvas;
  if (row < 0 || column < 0 || row >= size || column >= size) return;
  canvas.dark[row * size + column] = isDark ? 1 : 0;
  canvas.reserved[row * size + column] = 1;
}
