import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { createCode128Encoder } from '../../src/code/code-128.ts';
import { code128Widths } from '../../src/code/code-128-widths.ts';
import { Refusal } from '../../src/refusal.ts';
import { isDark, keep, read } from './reading.ts';

const refusedWith =
  (code: string) =>
  (error: unknown): boolean =>
    error instanceof Refusal && error.code === code;

/** Symbol characters with start, check and stop. */
function charactersOf(width: number): number {
  assert.equal((width - 2) % 11, 0);
  return (width - 2) / 11;
}

test('every character has three bars and three spaces in eleven modules, bars even, none alike', () => {
  assert.equal(new Set(code128Widths).size, 107);
  for (const widths of code128Widths.slice(0, -1)) {
    const [bars, spaces] = [0, 1].map((first) =>
      [0, 2, 4].reduce((sum, at) => sum + Number(widths[at + first]), 0),
    );
    assert.equal(bars! + spaces!, 11);
    assert.equal(bars! % 2, 0, widths);
  }
});

test('all of ASCII is read, alone and mixed', async () => {
  const encoder = createCode128Encoder();
  const unit = fc.oneof(
    { weight: 3, arbitrary: fc.stringMatching(/^[0-9]{1,9}$/) },
    { weight: 2, arbitrary: fc.stringMatching(/^[A-Z]{1,6}$/) },
    { weight: 2, arbitrary: fc.stringMatching(/^[a-z]{1,6}$/) },
    { weight: 2, arbitrary: fc.integer({ min: 0, max: 127 }).map((code) => String.fromCharCode(code)) },
  );
  for (let code = 0; code < 128; code++) {
    const text = `K${String.fromCharCode(code)}k`;
    assert.equal((await read(encoder.encode(text), 'Code128'))?.text, text, `character ${code}`);
  }
  await fc.assert(
    fc.asyncProperty(fc.array(unit, { minLength: 1, maxLength: 8 }), async (parts) => {
      const text = parts.join('');
      assert.equal((await read(encoder.encode(text), 'Code128'))?.text, text);
    }),
    { numRuns: 400 },
  );
});

test('the sets are changed so that the symbol is shortest', () => {
  const encoder = createCode128Encoder();
  const expected: readonly (readonly [string, number])[] = [
    ['00001234', 7],
    ['123', 6],
    ['A123456', 8],
    ['1234A', 7],
    ['AB12CD', 9],
    ['ab1234cd', 11],
    ['ab123456cd', 12],
    ['a\u0001b', 7],
    ['\u0001\u0002ab', 8],
    ['12345', 7],
  ];
  for (const [text, characters] of expected)
    assert.equal(charactersOf(encoder.encode(text).width), characters, JSON.stringify(text));
});

/** The fewest symbol characters by trying everything. */
function shortest(text: string): number {
  const from = (index: number, set: 'A' | 'B' | 'C', mayChange: boolean): number => {
    if (index === text.length) return 0;
    const code = text.charCodeAt(index);
    const ways: number[] = [];
    if (set === 'C') {
      if (/^\d\d/.test(text.slice(index))) ways.push(1 + from(index + 2, set, true));
    } else {
      const isHere = set === 'A' ? code < 96 : code >= 32;
      ways.push((isHere ? 1 : 2) + from(index + 1, set, true));
    }
    if (mayChange)
      for (const other of ['A', 'B', 'C'] as const)
        if (other !== set) ways.push(1 + from(index, other, false));
    return Math.min(...ways);
  };
  return 3 + Math.min(...(['A', 'B', 'C'] as const).map((set) => from(0, set, false)));
}

test('no way of changing sets is shorter', () => {
  const encoder = createCode128Encoder();
  const text = fc.string({ minLength: 1, maxLength: 9, unit: fc.constantFrom('1', '2', 'A', 'a', '\u0001') });
  fc.assert(
    fc.property(text, (value) => {
      assert.equal(charactersOf(encoder.encode(value).width), shortest(value));
    }),
    { numRuns: 300 },
  );
});

test('GS1-128 begins with FNC1 and separates elements by it', async () => {
  const text = '00369012345678901234' + '10AB\u001d' + '21987';
  const reading = await read(createCode128Encoder({ fnc1: 'gs1' }).encode(text), 'Code128');
  assert.deepEqual([reading?.text, reading?.symbology], [text, ']C1']);
});

test('one row, quiet zone of ten, bars at both ends, whatever came before', () => {
  const encoder = createCode128Encoder();
  const first = keep(encoder.encode('BOX-000123'));
  encoder.encode('a much longer text than before');
  assert.deepEqual(keep(encoder.encode('BOX-000123')), first);
  assert.deepEqual([first.height, first.quiet, first.bits.length], [1, 10, Math.ceil(first.width / 8)]);
  assert.ok(isDark(first, 0, 0) && isDark(first, 0, first.width - 1));
});

test('what cannot be carried is refused', () => {
  const encoder = createCode128Encoder();
  assert.throws(() => encoder.encode(''), refusedWith('code-empty'));
  assert.throws(() => encoder.encode('\ud800'), refusedWith('code-text-broken'));
  assert.throws(() => encoder.encode('x'.repeat(10_000)), refusedWith('code-too-long'));
  assert.throws(() => encoder.encode('箱号 1'), /code-character-unsupported: character 1 is not ASCII/);
  assert.ok(encoder.encode('a\u0001'.repeat(100)).width > 0);
});
