import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import decodeQR from 'qr/decode.js';
import { prepareZXingModule, type ReadInputBarcodeFormat, readBarcodes } from 'zxing-wasm/reader';
import type { Modules } from '../../src/code/modules.ts';

const wasm = readFileSync(fileURLToPath(import.meta.resolve('zxing-wasm/reader/zxing_reader.wasm')));
prepareZXingModule({ overrides: { wasmBinary: new Uint8Array(wasm).buffer } });

const dotsAModule = 3;
const linearHeight = 20;

export function isDark({ width, bits }: Modules, row: number, column: number): boolean {
  return (bits[row * Math.ceil(width / 8) + (column >> 3)]! & (128 >> (column & 7))) !== 0;
}

/** A copy that the encoder's next call does not touch. */
export function keep(symbol: Modules): Modules {
  return { ...symbol, bits: symbol.bits.slice() };
}

interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray<ArrayBuffer>;
}

/** RGBA with quiet zone, as a press would leave it. */
export function picture(symbol: Modules): Picture {
  const { width, height, quiet } = symbol;
  const isLinear = height === 1;
  const above = isLinear ? 0 : quiet;
  const [fullWidth, fullHeight] = [width + 2 * quiet, isLinear ? linearHeight : height + 2 * quiet];
  const across = fullWidth * dotsAModule;
  const down = fullHeight * dotsAModule;
  const pixels = new Uint32Array(across * down).fill(0xffffffff);
  for (let row = 0; row < fullHeight - 2 * above; row++) {
    for (let column = 0; column < width; column++) {
      if (!isDark(symbol, isLinear ? 0 : row, column)) continue;
      for (let dot = 0; dot < dotsAModule; dot++) {
        const from = ((row + above) * dotsAModule + dot) * across + (column + quiet) * dotsAModule;
        pixels.fill(0xff000000, from, from + dotsAModule);
      }
    }
  }
  return { width: across, height: down, data: new Uint8ClampedArray(pixels.buffer) };
}

export interface Reading {
  readonly text: string;
  /** The number of the extended channel interpretation that the symbol announces, or ''. */
  readonly eci: string;
  /** Such as `]d2` for a Data Matrix with GS1 data. */
  readonly symbology: string;
}

/** What ZXing reads, or undefined. */
export async function read(symbol: Modules, format: ReadInputBarcodeFormat): Promise<Reading | undefined> {
  const image = { ...picture(symbol), colorSpace: 'srgb' } as Parameters<typeof readBarcodes>[0];
  const [found] = await readBarcodes(image, { formats: [format], isPure: true, textMode: 'Plain' });
  if (found === undefined || !found.isValid) return undefined;
  const announced = /^\][A-Za-z]\d\\(\d{6})/.exec(Buffer.from(found.bytesECI).toString('latin1'));
  return { text: found.text, eci: announced?.[1] ?? '', symbology: found.symbologyIdentifier };
}

/** What the second reader sees, which shares no code with the first. */
export function readQrOtherwise(symbol: Modules): string {
  return decodeQR(picture(symbol), { timeLimit: 10_000 });
}
