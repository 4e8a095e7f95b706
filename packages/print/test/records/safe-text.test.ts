import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { checkRow, linesAreSafe } from '../../src/records/safe-text.ts';
import { Refusal } from '../../src/refusal.ts';
import { refuses } from './refuses.ts';
import { readBack } from './written.ts';

const hostile = [
  ...[0x00, 0x01, 0x08, 0x09, 0x0b, 0x1b, 0x1e, 0x1f, 0x7f, 0x80, 0x85, 0x9f],
  ...[0x200e, 0x200f, 0x061c, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2066, 0x2067, 0x2068, 0x2069],
  ...[
    0x00ad, 0x034f, 0x115f, 0x180e, 0x200b, 0x200c, 0x200d, 0x2028, 0x2029, 0x2060, 0x2064, 0x206f, 0x3164,
    0xffa0,
  ],
  ...[0xfe0f, 0xfeff, 0xfff9, 0xfffc, 0xfffd, 0xe0001, 0xe0041, 0xe0100],
  ...[0xe000, 0xf8ff, 0xf0000, 0x10fffd, 0xfdd0, 0xfffe, 0xffff, 0x1fffe, 0x10ffff],
];
const hex = (point: number): string => point.toString(16).toUpperCase().padStart(4, '0');

test('every hostile character is refused by code point, position, record and column, from a file and from a caller', async () => {
  for (const point of hostile) {
    const text = `𠮷a${String.fromCodePoint(point)}SECRET`;
    const detail = new RegExp(`^character 3 is U\\+${hex(point)}$`);
    const place = { recordNo: 7, at: 'name' };
    await refuses(
      () => checkRow(['x', text], ['no', 'name'], { recordNo: 7 }),
      'record-text-unsafe',
      place,
      detail,
    );
    const inFile = { recordNo: 1, line: 2, at: 'name' };
    await refuses(() => readBack('csv', `no,name\nx,${text}\n`), 'record-text-unsafe', inFile, detail);
  }
  for (const lone of ['\ud800', '\udc00', '\udc00\ud800']) {
    await refuses(() => checkRow([lone], ['a'], {}), 'record-text-unsafe', { at: 'a' }, /U\+D[8C]00/);
  }
});

test('texts of cards pass: Chinese of every plane, accents, full width, punctuation', () => {
  const good = [
    '杭州·西湖',
    '𠮷𪚥𫠠',
    '㐂',
    'Zoë O’Neill — №5',
    'ＡＢ１２',
    '¥100.00',
    '（元）',
    '\u3000',
    'a\u00a0b',
    '々〇',
    '☎',
  ];
  checkRow(good, good, {});
});

test('a block of lines is safe exactly when each of its texts is', () => {
  const unit = fc.oneof(
    fc.constantFrom(...hostile.map((point) => String.fromCodePoint(point))),
    fc.string({ unit: 'binary', maxLength: 3 }),
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.string({ unit: 'grapheme' }), unit)), (texts) => {
      const lines = texts.map((text) => text.replace(/[\r\n]/g, ''));
      const eachSafe = lines.every((line) => {
        try {
          checkRow([line], ['a'], {});
          return true;
        } catch (error) {
          assert.ok(error instanceof Refusal);
          return false;
        }
      });
      assert.equal(linesAreSafe(lines.join('\r\n')), eachSafe);
    }),
    { numRuns: 500 },
  );
});

test('lengths and numbers of fields', async () => {
  checkRow(['x'.repeat(4096)], ['name'], {});
  const place = { recordNo: 2, at: 'name' };
  await refuses(
    () => checkRow(['S'.repeat(10_000)], ['name'], { recordNo: 2 }),
    'record-text-too-long',
    place,
    /10000/,
  );
  await refuses(() => checkRow(['SECRET'], ['a', 'b'], { recordNo: 2 }), 'record-fields-uneven', {
    recordNo: 2,
  });
});
