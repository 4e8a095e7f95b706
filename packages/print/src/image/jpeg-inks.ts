import { isInverted, isTransformed } from './jpeg-artwork.ts';
import { type JpegFile, readJpeg } from './jpeg-file.ts';
import { readNotes } from './jpeg-notes.ts';
import type { Component } from './jpeg-scan.ts';

/** The four inks of a picture, as sums in percent. */
export interface InkSums {
  /** The highest sum, and the pixel that has it, from the top left. */
  readonly highestPercent: number;
  readonly xPx: number;
  readonly yPx: number;
  /** The part (0 to 1) of all pixels above the limit. */
  readonly partAbove: number;
}

/** Decodes a four-component JPEG, one row of units at a time, and adds the inks of every pixel. */
export function inkSums(file: Uint8Array, limitPercent: number): InkSums {
  const jpeg = readJpeg(Buffer.from(file.buffer, file.byteOffset, file.byteLength), true);
  const notes = readNotes(jpeg.notes);
  const inverted = isInverted(jpeg, notes);
  const ycck = isTransformed(jpeg, notes);
  const { widthPx, heightPx, unitsHigh, components } = jpeg.frame;
  const tallest = Math.max(...components.map(({ vertical }) => vertical));
  const columns = components.map((component) => columnsOf(component, components, widthPx));
  const limit = (limitPercent * 255) / 100;
  let [highest, xPx, yPx, above] = [-1, 0, 0, 0];
  for (let unit = 0; unit < unitsHigh; unit++) {
    const planes = components.map((component) => decodedUnitRow(jpeg, component, unit));
    const rows = Math.min(tallest * 8, heightPx - unit * tallest * 8);
    for (let row = 0; row < rows; row++) {
      const starts = components.map(
        ({ vertical, paddedWide }) => Math.floor((row * vertical) / tallest) * paddedWide * 8,
      );
      for (let x = 0; x < widthPx; x++) {
        const at = (index: number): number =>
          planes[index]?.[(starts[index] as number) + (columns[index]?.[x] as number)] as number;
        const sum = ycck ? ycckSum(at(0), at(1), at(2), at(3)) : at(0) + at(1) + at(2) + at(3);
        const ink = inverted ? 4 * 255 - sum : sum;
        if (ink > limit) above++;
        if (ink > highest) [highest, xPx, yPx] = [ink, x, unit * tallest * 8 + row];
      }
    }
  }
  return { highestPercent: (highest * 100) / 255, xPx, yPx, partAbove: above / (widthPx * heightPx) };
}

/** The sum as CMYK is stored: C, M, Y are 255 less R, G, B of the first three (JFIF's YCbCr), K stays. */
function ycckSum(y: number, cb: number, cr: number, k: number): number {
  const red = limited(y + 1.402 * (cr - 128));
  const green = limited(y - 0.344136 * (cb - 128) - 0.714136 * (cr - 128));
  const blue = limited(y + 1.772 * (cb - 128));
  return 3 * 255 - red - green - blue + k;
}

/** For each pixel of a row, the sample of a component that may be coarser. */
function columnsOf({ horizontal }: Component, all: readonly Component[], widthPx: number): Uint32Array {
  const widest = Math.max(...all.map((component) => component.horizontal));
  return Uint32Array.from({ length: widthPx }, (_, x) => Math.floor((x * horizontal) / widest));
}

/** Where each coefficient of the zigzag order stands in its block (T.81, figure A.6). */
const zigzag = Uint8Array.of(
  ...[
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7,
  ],
  ...[14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39],
  ...[46, 53, 60, 61, 54, 47, 55, 62, 63],
);

/** cosines[u * 8 + x] of the inverse transform (T.81, A.3.3), its scale included. */
const cosines = Float64Array.from({ length: 64 }, (_, index) => {
  const [u, x] = [index >> 3, index & 7];
  return (u === 0 ? Math.SQRT1_2 : 1) * 0.5 * Math.cos(((2 * x + 1) * u * Math.PI) / 16);
});

/** The samples of one component in one row of units. */
function decodedUnitRow(jpeg: JpegFile, component: Component, unit: number): Uint8Array {
  const { vertical, paddedWide } = component;
  const coefficients = component.coefficients as Int16Array;
  const quantisation = jpeg.quantisation.get(component.quantisation) as Uint16Array;
  const width = paddedWide * 8;
  const samples = new Uint8Array(width * vertical * 8);
  for (let row = 0; row < vertical; row++) {
    for (let column = 0; column < paddedWide; column++) {
      const block = ((unit * vertical + row) * paddedWide + column) * 64;
      decodeBlock(coefficients, block, quantisation, samples, row * 8 * width + column * 8, width);
    }
  }
  return samples;
}

const frequencies = new Float64Array(64);
const halfDone = new Float64Array(64);

function decodeBlock(
  coefficients: Int16Array,
  block: number,
  quantisation: Uint16Array,
  samples: Uint8Array,
  start: number,
  width: number,
): void {
  for (let k = 0; k < 64; k++) {
    frequencies[zigzag[k] as number] = (coefficients[block + k] as number) * (quantisation[k] as number);
  }
  for (let v = 0; v < 8; v++) {
    for (let x = 0; x < 8; x++) {
      let sum = 0;
      for (let u = 0; u < 8; u++) sum += (frequencies[v * 8 + u] as number) * (cosines[u * 8 + x] as number);
      halfDone[v * 8 + x] = sum;
    }
  }
  for (let y = 0; y < 8; y++) {
    for (let x = 0; x < 8; x++) {
      let sum = 128;
      for (let v = 0; v < 8; v++) sum += (halfDone[v * 8 + x] as number) * (cosines[v * 8 + y] as number);
      samples[start + y * width + x] = Math.round(limited(sum));
    }
  }
}

function limited(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : value;
}
