import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { prepareZXingModule, writeBarcode } from 'zxing-wasm/writer';
import { createCode128Encoder } from '../../src/code/code-128.ts';
import { createDataMatrixEncoder } from '../../src/code/data-matrix.ts';
import { createQrEncoder } from '../../src/code/qr.ts';
import { read } from './reading.ts';

const wasm = readFileSync(fileURLToPath(import.meta.resolve('zxing-wasm/writer/zxing_writer.wasm')));
prepareZXingModule({ overrides: { wasmBinary: new Uint8Array(wasm).buffer } });

/** What codes of cards and boxes are made of, and what card makers put between. */
const texts = fc
  .array(
    fc.oneof(
      fc.stringMatching(/^[0-9]{1,16}$/),
      fc.stringMatching(/^[A-Z0-9]{1,12}$/),
      fc.stringMatching(/^[a-z0-9]{1,12}$/),
      fc.stringMatching(/^[!?#&=/.:*>-]{1,12}$/),
      fc.constantFrom('https://', 'HTTPS://CARD.EXAMPLE.CN/', ' ', '?c='),
    ),
    { minLength: 1, maxLength: 6 },
  )
  .map((parts) => parts.join(''));

test('no symbol is larger than the one of an encoder known for small ones, and all are read', async () => {
  const qr = createQrEncoder({ level: 'M' });
  const dataMatrix = createDataMatrixEncoder();
  const code128 = createCode128Encoder();
  const kinds = [
    { format: 'QRCode', options: 'eclevel=M', encode: qr.encode },
    { format: 'DataMatrix', options: 'forcesquare', encode: dataMatrix.encode },
    { format: 'Code128', options: '', encode: code128.encode },
  ] as const;
  await fc.assert(
    fc.asyncProperty(texts, fc.constantFrom(...kinds), async (text, { format, options, encode }) => {
      const other = await writeBarcode(text, { format, options });
      const symbol = encode(text);
      if (other.error === '')
        assert.ok(symbol.width <= other.symbol.width, `${format}: ${symbol.width} > ${other.symbol.width}`);
      assert.equal((await read(symbol, format))?.text, text);
    }),
    { numRuns: 900 },
  );
});
