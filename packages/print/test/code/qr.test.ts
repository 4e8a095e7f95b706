import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { Modules } from '../../src/code/modules.ts';
import { createQrEncoder, type QrSymbol } from '../../src/code/qr.ts';
import {
  maxQrVersion,
  type QrLevel,
  qrBlocks,
  qrLevels,
  qrSize,
  totalCodewords,
} from '../../src/code/qr-tables.ts';
import { Refusal } from '../../src/refusal.ts';
import { keep, read, readQrOtherwise } from './reading.ts';

const address = 'https://card.example.cn/q/7Gk2mPq9XwZtR4bVn8cYh3LfD5sJa6Ne1u';

const refusedWith =
  (code: string) =>
  (error: unknown): boolean =>
    error instanceof Refusal && error.code === code;

test('every version at every level is read', async () => {
  for (const level of qrLevels) {
    for (let version = 1; version <= maxQrVersion; version++) {
      const symbol = createQrEncoder({ level, minVersion: version }).encode(`${version}-${level}`);
      assert.deepEqual(
        [symbol.version, symbol.width, symbol.height, symbol.quiet],
        [version, qrSize(version), qrSize(version), 4],
      );
      assert.equal((await read(symbol, 'QRCode'))?.text, `${version}-${level}`);
    }
  }
});

test('a second reader agrees', () => {
  for (const level of qrLevels)
    for (const version of [1, 2, 4, 6, 7, 10, 14, 21, 27, 40]) {
      const text = `${address}${version}`.slice(0, level === 'H' ? 7 : 9);
      assert.equal(readQrOtherwise(createQrEncoder({ level, minVersion: version }).encode(text)), text);
    }
});

/** ISO/IEC 18004:2015, table 7: bytes that a version holds, for L, M, Q and H. */
const byteCapacities: Readonly<Record<number, readonly number[]>> = {
  1: [17, 14, 11, 7],
  2: [32, 26, 20, 14],
  4: [78, 62, 46, 34],
  7: [154, 122, 86, 64],
  9: [230, 180, 130, 98],
  10: [271, 213, 151, 119],
  20: [858, 666, 482, 382],
  26: [1367, 1059, 751, 593],
  27: [1465, 1125, 805, 625],
  40: [2953, 2331, 1663, 1273],
};

test('capacities are those of the standard', () => {
  for (const [version, capacities] of Object.entries(byteCapacities))
    qrLevels.forEach((level, index) => {
      const bytes = qrBlocks(Number(version), level).dataCodewords - (Number(version) < 10 ? 2 : 3);
      assert.equal(bytes, capacities[index], `${version}-${level}`);
    });
  assert.deepEqual([1, 7, 14, 40].map(totalCodewords), [26, 196, 581, 3706]);
});

test('the longest text that fits a version takes it, one character more takes the next', () => {
  const modes = [
    { text: 'x', bits: 8, count: 1, counts: [8, 16, 16] },
    { text: 'A', bits: 11, count: 2, counts: [9, 11, 13] },
    { text: '7', bits: 10, count: 3, counts: [10, 12, 14] },
  ];
  for (const level of qrLevels) {
    const encoder = createQrEncoder({ level });
    for (const { text, bits, count, counts } of modes) {
      for (let version = 1; version <= maxQrVersion; version++) {
        const head = 4 + counts[version < 10 ? 0 : version < 27 ? 1 : 2]!;
        const room = qrBlocks(version, level).dataCodewords * 8 - head;
        const rest = room % bits;
        const part = count === 3 ? (rest >= 7 ? 2 : rest >= 4 ? 1 : 0) : count === 2 ? Number(rest >= 6) : 0;
        const longest = Math.floor(room / bits) * count + part;
        assert.equal(encoder.versionOf(text.repeat(longest)), version, `${level} ${text} × ${longest}`);
        if (version < maxQrVersion) assert.equal(encoder.versionOf(text.repeat(longest + 1)), version + 1);
        else assert.throws(() => encoder.encode(text.repeat(longest + 1)), refusedWith('code-too-long'));
      }
    }
  }
});

test('full symbols are read, to the last character', async () => {
  for (const [level, letters] of [
    ['L', 2953],
    ['H', 1273],
    ['M', 62],
    ['Q', 11],
  ] as const) {
    const text = address.repeat(60).slice(0, letters);
    assert.equal((await read(createQrEncoder({ level }).encode(text), 'QRCode'))?.text, text);
  }
});

test('Chinese, emoji and control characters come back as they were', async () => {
  const encoder = createQrEncoder({ level: 'Q' });
  for (const text of [
    '礼品卡 100 元',
    '𠮷野家 · 卡号',
    '🎁🎉',
    'naïve café',
    '\u0000\u0001\u007f',
    '漢字かな交じり文',
    'ÿ',
  ])
    assert.equal((await read(encoder.encode(text), 'QRCode'))?.text, text);
});

test('ASCII has no ECI, other text says that it is UTF-8', async () => {
  const encoder = createQrEncoder({ level: 'M' });
  assert.equal((await read(encoder.encode('plain ~ text'), 'QRCode'))?.eci, '');
  assert.equal((await read(encoder.encode('面值'), 'QRCode'))?.eci, '000026');
});

test('segments make a symbol smaller where they can', async () => {
  const encoder = createQrEncoder({ level: 'M' });
  const text = `https://c.example.cn/c/${'12345678901234567890'.repeat(2)}`;
  const symbol = encoder.encode(text);
  assert.equal(symbol.version, 3, 'as bytes alone this would be version 5');
  assert.equal((await read(symbol, 'QRCode'))?.text, text);
});

test('texts mixed from all modes are read', async () => {
  const part = fc.oneof(
    fc.stringMatching(/^[0-9]{1,20}$/),
    fc.stringMatching(/^[A-Z0-9 $%*+./:-]{1,15}$/),
    fc.stringMatching(/^[a-z?=&#_]{1,12}$/),
    fc.constantFrom('卡', '密码', 'é', '🎁'),
  );
  const encoders = qrLevels.map((level) => createQrEncoder({ level, boostLevel: level === 'L' }));
  await fc.assert(
    fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 8 }), fc.nat(3), async (parts, which) => {
      const text = parts.join('');
      assert.equal((await read(encoders[which]!.encode(text), 'QRCode'))?.text, text);
    }),
    { numRuns: 200 },
  );
});

test('a symbol does not depend on those before it', () => {
  const encoder = createQrEncoder({ level: 'M' });
  const anyText = fc.string({ minLength: 1, maxLength: 90, unit: 'grapheme' });
  fc.assert(
    fc.property(fc.array(anyText, { minLength: 1, maxLength: 6 }), (texts) => {
      for (const text of texts)
        assert.deepEqual(keep(encoder.encode(text)), keep(createQrEncoder({ level: 'M' }).encode(text)));
    }),
    { numRuns: 60 },
  );
});

test('a refused text leaves the encoder as it was', () => {
  const encoder = createQrEncoder({ level: 'M', maxVersion: 4 });
  const first = keep(encoder.encode(address));
  assert.throws(() => encoder.encode(address.repeat(3)), refusedWith('code-too-long'));
  assert.deepEqual(keep(encoder.encode(address)), first);
});

test('the level is raised where that costs no module', () => {
  const boosted = createQrEncoder({ level: 'L', boostLevel: true });
  assert.deepEqual(pick(boosted.encode('short')), { version: 1, level: 'H' });
  assert.deepEqual(pick(boosted.encode('x'.repeat(16))), { version: 1, level: 'L' });
});

function pick({ version, level }: QrSymbol): { version: number; level: QrLevel } {
  return { version, level };
}

test('a blot over five per cent of the modules is put right at level M', async () => {
  const symbol = createQrEncoder({ level: 'M' }).encode(address);
  for (const [row, column] of [
    [10, 9],
    [9, 22],
    [14, 15],
    [21, 12],
  ] as const)
    assert.equal((await read(blot(symbol, row, column), 'QRCode'))?.text, address, `row ${row}`);
});

/** Six rows of nine modules, all dark: 5 % of version 4. */
function blot(symbol: Modules, fromRow: number, fromColumn: number): Modules {
  const bits = symbol.bits.slice();
  for (let row = fromRow; row < fromRow + 6; row++)
    for (let column = fromColumn; column < fromColumn + 9; column++)
      bits[row * Math.ceil(symbol.width / 8) + (column >> 3)]! |= 128 >> (column & 7);
  return { ...symbol, bits };
}

test('what cannot be carried is refused with the reason, never with the text', () => {
  const encoder = createQrEncoder({ level: 'M' });
  assert.throws(() => encoder.encode(''), refusedWith('code-empty'));
  for (const broken of ['abc\ud800', '\udc00', 'x\ud83dy'])
    assert.throws(() => encoder.encode(broken), refusedWith('code-text-broken'));
  for (const long of ['s3cret-'.repeat(1500), '卡'.repeat(3000), '1'.repeat(10_000)])
    assert.throws(
      () => encoder.encode(long),
      (error) => refusedWith('code-too-long')(error) && !/s3cret|卡卡|111/.test(String(error)),
    );
  assert.throws(
    () => createQrEncoder({ level: 'M', maxVersion: 2 }).encode(address),
    /296 modules|version 2 \(25 modules\)/,
  );
  for (const [minVersion, maxVersion] of [
    [0, 4],
    [5, 4],
    [1, 41],
    [1.5, 4],
  ] as const)
    assert.throws(() => createQrEncoder({ level: 'M', minVersion, maxVersion }), RangeError);
});
