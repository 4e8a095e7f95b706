import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { prepareZXingModule, readBarcodes } from 'zxing-wasm/reader';
import type { Bitmap } from '../../src/paper/bitmap.ts';

const require = createRequire(import.meta.url);
const wasm = readFileSync(require.resolve('zxing-wasm/reader/zxing_reader.wasm'));
prepareZXingModule({
  overrides: {
    wasmBinary: wasm.buffer.slice(wasm.byteOffset, wasm.byteOffset + wasm.byteLength) as ArrayBuffer,
  },
});

/** Texts of all codes that an independent reader finds, in no order. */
export async function decode(bitmap: Bitmap): Promise<string[]> {
  const { widthDots: width, heightDots: height, rowBytes, bits } = bitmap;
  const data = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      if (((bits[y * rowBytes + (x >> 3)]! << (x & 7)) & 0x80) !== 0)
        data.fill(0, (y * width + x) * 4, (y * width + x) * 4 + 3);
  const found = await readBarcodes(
    { data, width, height, colorSpace: 'srgb' } as Parameters<typeof readBarcodes>[0],
    {
      formats: ['Code128', 'QRCode', 'DataMatrix'],
      tryHarder: true,
    },
  );
  return found.map(({ text }) => text);
}
