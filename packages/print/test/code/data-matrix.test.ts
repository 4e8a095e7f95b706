import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { createDataMatrixEncoder } from '../../src/code/data-matrix.ts';
import { placeCodewords } from '../../src/code/data-matrix-placement.ts';
import { type DataMatrixShape, dataMatrixSizes } from '../../src/code/data-matrix-sizes.ts';
import { createDataMatrixText } from '../../src/code/data-matrix-text.ts';
import { Refusal } from '../../src/refusal.ts';
import { keep, read } from './reading.ts';

const shapes: readonly DataMatrixShape[] = ['square', 'rectangle'];

const refusedWith =
  (code: string) =>
  (error: unknown): boolean =>
    error instanceof Refusal && error.code === code;

/** Data codewords of a text in a symbol that holds so many. */
function codewordsOf(text: string, dataCodewords: number): number[] {
  const encodation = createDataMatrixText(3000);
  new TextEncoder().encodeInto(text, encodation.bytes);
  encodation.take(text.length, false, 'none');
  assert.ok(encodation.fits(dataCodewords));
  const codewords = new Uint8Array(dataCodewords);
  encodation.write(codewords, dataCodewords);
  return [...codewords];
}

test('every size of both shapes is read, empty and full', async () => {
  for (const shape of shapes) {
    for (const { width, height, dataCodewords } of dataMatrixSizes(shape)) {
      const encoder = createDataMatrixEncoder({ shape, minWidth: width });
      for (const text of ['Ab', '07'.repeat(dataCodewords)]) {
        const symbol = encoder.encode(text);
        if (text !== 'Ab' || shape === 'square')
          assert.deepEqual([symbol.width, symbol.height, symbol.quiet], [width, height, 1]);
        assert.equal((await read(symbol, 'DataMatrix'))?.text, text, `${width} × ${height}`);
      }
    }
  }
});

test('every bit of every codeword has a module of its own, and only the fixed corner is left', () => {
  for (const shape of shapes) {
    for (const size of dataMatrixSizes(shape)) {
      const [height, width] = [size.regionHeight * size.regionsDown, size.regionWidth * size.regionsAcross];
      const bits = [...placeCodewords(height, width)].filter((bit) => bit >= 0).sort((a, b) => a - b);
      assert.deepEqual(
        bits,
        Array.from({ length: 8 * (size.dataCodewords + size.checkCodewords) }, (_, bit) => bit),
      );
      assert.ok(height * width - bits.length === 0 || height * width - bits.length === 4);
    }
  }
});

test('the worked example of the standard, and pairs of digits, padding and latches as it says', () => {
  assert.deepEqual(codewordsOf('123456', 3), [142, 164, 186], 'ISO/IEC 16022, annex O');
  assert.deepEqual(codewordsOf('A', 3), [66, 129, 70], 'one pad, then a scattered one');
  assert.deepEqual(
    codewordsOf('AIMAIM', 5),
    [230, 91, 11, 91, 11],
    'C40 to the very end needs no unlatch (table 5)',
  );
  assert.deepEqual(
    codewordsOf('AIMAIMAIM', 12).slice(0, 9),
    [230, 91, 11, 91, 11, 91, 11, 254, 129],
    'and unlatches before padding',
  );
  assert.deepEqual(
    codewordsOf('AIMAIMa', 6),
    [230, 91, 11, 91, 11, 98],
    'a last codeword is ASCII without unlatch',
  );
});

test('each kind of text takes the symbol that its best encodation needs', () => {
  const encoder = createDataMatrixEncoder();
  const widths: readonly (readonly [string, number])[] = [
    ['7'.repeat(6), 10],
    ['7'.repeat(72), 24],
    ['K'.repeat(43), 22],
    ['k'.repeat(43), 22],
    ['é'.repeat(7), 18],
    [`${'K'.repeat(30)}${'7'.repeat(16)}`, 22],
  ];
  for (const [text, width] of widths) assert.equal(encoder.encode(text).width, width, text);
});

test('texts of any kind are read', async () => {
  const part = fc.oneof(
    fc.stringMatching(/^[0-9]{1,15}$/),
    fc.stringMatching(/^[A-Z0-9 ]{1,15}$/),
    fc.stringMatching(/^[a-z0-9 ]{1,15}$/),
    fc.stringMatching(/^[!-~]{1,6}$/),
    fc.stringMatching(/^[ -^]{1,15}$/),
    fc.stringMatching(/^[A-Z0-9 *>\r]{1,15}$/),
    fc.constantFrom('卡号', '密码', 'éü', '🎁', '\u0000\u001f\u007f'),
  );
  const encoders = shapes.map((shape) => createDataMatrixEncoder({ shape }));
  await fc.assert(
    fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 6 }), fc.nat(1), async (parts, which) => {
      const text = parts.join('');
      const isLong = which === 1 && new TextEncoder().encode(text).length > 28;
      assert.equal((await read(encoders[isLong ? 0 : which]!.encode(text), 'DataMatrix'))?.text, text);
    }),
    { numRuns: 800 },
  );
});

test('every short text over few letters fits its symbol to the last codeword', async () => {
  const encoder = createDataMatrixEncoder();
  for (const letters of ['A1b', 'AB!', 'ab1', 'A12', '.A1', '!.2', '*>A', '\r1*', 'a.A']) {
    for (let length = 4; length <= 22; length++) {
      for (let turn = 0; turn < 3; turn++) {
        const text = Array.from(
          { length },
          (_, at) => letters[at > length - 3 + turn ? (at * 7) % 3 : 0],
        ).join('');
        assert.equal((await read(encoder.encode(text), 'DataMatrix'))?.text, text);
      }
    }
  }
});

test('long runs of bytes are read, with lengths of one and of two codewords', async () => {
  const encoder = createDataMatrixEncoder();
  for (const count of [124, 125, 126, 249, 250, 251, 700]) {
    const text = 'é'.repeat(count);
    const reading = await read(encoder.encode(text), 'DataMatrix');
    assert.deepEqual([reading?.text, reading?.eci], [text, '000026'], `${count} letters of two bytes`);
  }
});

test('GS1 data begins with FNC1 and is separated by it', async () => {
  const text = '0106901234567892' + '10LOT42\u001d' + '21000123';
  const reading = await read(createDataMatrixEncoder({ fnc1: 'gs1' }).encode(text), 'DataMatrix');
  assert.deepEqual([reading?.text, reading?.symbology], [text, ']d2']);
});

test('a symbol does not depend on those before it', () => {
  const encoder = createDataMatrixEncoder();
  const fresh = (text: string) => keep(createDataMatrixEncoder().encode(text));
  for (const text of ['A long text of words', '1', '卡', 'A long text of words', '22'])
    assert.deepEqual(keep(encoder.encode(text)), fresh(text));
});

test('what cannot be carried is refused', () => {
  const encoder = createDataMatrixEncoder();
  assert.throws(() => encoder.encode(''), refusedWith('code-empty'));
  assert.throws(() => encoder.encode('\udfff'), refusedWith('code-text-broken'));
  for (const long of ['x'.repeat(10_000), '1'.repeat(3117), '卡'.repeat(600), 'a!'.repeat(1200)])
    assert.throws(() => encoder.encode(long), refusedWith('code-too-long'));
  assert.equal(encoder.encode('1'.repeat(3116)).width, 144);
  assert.throws(
    () => createDataMatrixEncoder({ shape: 'rectangle' }).encode('aB3!'.repeat(13)),
    /needs \d+ codewords/,
  );
  assert.throws(
    () => createDataMatrixEncoder({ fnc1: 'gs1' }).encode('21卡'),
    refusedWith('code-character-unsupported'),
  );
  assert.throws(() => createDataMatrixEncoder({ minWidth: 145 }), RangeError);
});
