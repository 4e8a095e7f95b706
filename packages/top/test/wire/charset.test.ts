import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { charsets, decodeBytes, encodeText, isValidIn, parseCharset } from '../../src/wire/charset.ts';

const hex = (digits: string) => Buffer.from(digits, 'hex');
const gbCharsets = charsets.filter((charset) => charset !== 'utf-8');

test('labels are read in any case, quoted or not', () => {
  for (const label of ['GBK', 'gbk', '"GBK"', ' gbk ']) assert.equal(parseCharset(label), 'gbk');
  for (const label of [undefined, 'UTF-8', 'utf8', '"utf-8"']) assert.equal(parseCharset(label), 'utf-8');
  assert.equal(parseCharset('GB2312'), 'gb2312');
  assert.equal(parseCharset('Gb18030'), 'gb18030');
  for (const label of ['', 'big5', 'utf-16', 'iso-8859-1', '"gbk', 'gbk,utf-8']) {
    assert.equal(parseCharset(label), undefined, label);
  }
});

test('known bytes of Chinese text', () => {
  assert.deepEqual(encodeText('你好', 'gbk'), hex('c4e3bac3'));
  assert.deepEqual(encodeText('张三·—', 'gb2312'), hex('d5c5c8fda1a4a1aa'));
  assert.equal(decodeBytes(hex('c4e3bac3'), 'gbk'), '你好');
  assert.equal(decodeBytes(hex('e4bda0e5a5bd'), 'utf-8'), '你好');
  // Rare names: four bytes in GB18030, beyond GBK.
  assert.deepEqual(encodeText('𠮷', 'gb18030'), hex('9534b235'));
});

test('invalid bytes are refused, never replaced', () => {
  for (const bytes of ['ff', 'c4', '81', 'c420', 'e282ac'])
    for (const charset of gbCharsets) {
      assert.equal(decodeBytes(hex(bytes), charset), undefined, `${bytes} in ${charset}`);
      assert.equal(isValidIn(hex(bytes), charset), false);
    }
  for (const bytes of ['ff', 'c0af', 'eda080', 'e4bd', 'f4908080', 'c4e3bac3']) {
    assert.equal(decodeBytes(hex(bytes), 'utf-8'), undefined, bytes);
    assert.equal(isValidIn(hex(bytes), 'utf-8'), false);
  }
});

test('a byte order mark is content', () => {
  assert.equal(decodeBytes(hex('efbbbf61'), 'utf-8'), '\ufeffa');
  assert.equal(decodeBytes(hex('8431953361'), 'gb18030'), '\ufeffa');
});

test('characters that the charset cannot carry are refused, not written as ?', () => {
  for (const text of ['𠮷', '😀', 'ü\u0301', 'é한']) assert.equal(encodeText(text, 'gbk'), undefined, text);
  for (const charset of charsets) assert.equal(encodeText('a\ud800b', charset), undefined);
});

test('every two-byte sequence of GBK is written back as it was read', () => {
  let read = 0;
  for (let lead = 0x81; lead <= 0xfe; lead++) {
    for (let trail = 0x40; trail <= 0xfe; trail++) {
      const bytes = Buffer.from([lead, trail]);
      const text = decodeBytes(bytes, 'gb18030');
      if (text === undefined) continue;
      read++;
      // Two characters have a second sequence, which is not the canonical one.
      if (text === '\u3000' || text === '€') continue;
      for (const charset of gbCharsets)
        assert.deepEqual(encodeText(text, charset), bytes, bytes.toString('hex'));
    }
  }
  assert.equal(read, 126 * 190);
});

test('every character of the basic plane survives GB18030, but for U+FFFD and some private use', () => {
  const lost: number[] = [];
  for (let code = 0; code <= 0xffff; code++) {
    if (code >= 0xd800 && code <= 0xdfff) continue;
    const text = String.fromCharCode(code);
    const bytes = encodeText(text, 'gb18030');
    if (bytes === undefined) lost.push(code);
    else assert.equal(decodeBytes(bytes, 'gb18030'), text, code.toString(16));
  }
  assert.ok(lost.every((code) => code === 0xfffd || (code >= 0xe000 && code <= 0xf8ff)));
  assert.ok(lost.length <= 20, `${lost.length} characters`);
});

test('what can be written is read back', () => {
  const text = fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }));
  fc.assert(
    fc.property(text, fc.constantFrom(...charsets), (value, charset) => {
      const bytes = encodeText(value, charset);
      if (charset === 'utf-8') assert.notEqual(bytes, undefined);
      if (bytes !== undefined) assert.equal(decodeBytes(bytes, charset), value);
    }),
    { numRuns: 2000 },
  );
});
