import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeGb18030, gb18030Length } from '../../src/perso/gb18030.ts';

const decoder = new TextDecoder('gb18030', { fatal: true, ignoreBOM: true });
/** Private-use code points whose places the editions of 2005 and 2022 give to different characters, and U+E5E5. */
const refused = [
  0xe5e5, 0xe78d, 0xe78e, 0xe78f, 0xe790, 0xe791, 0xe792, 0xe793, 0xe794, 0xe795, 0xe796, 0xe81e, 0xe826,
  0xe82b, 0xe82c, 0xe832, 0xe843, 0xe854, 0xe864,
];

test('every scalar value of Unicode but 19 reads back as itself, and its length is told', () => {
  const failed: number[] = [];
  for (let plane = 0; plane < 0x11; plane++) {
    for (let start = plane << 16; start < (plane + 1) << 16; start += 0x400) {
      if (start >= 0xd800 && start < 0xe000) continue;
      let text = '';
      for (let code = start; code < start + 0x400; code++) {
        const character = String.fromCodePoint(code);
        if (gb18030Length(character) < 0) failed.push(code);
        else text += character;
      }
      const bytes = encodeGb18030(text);
      assert.ok(bytes);
      assert.equal(bytes.length, gb18030Length(text));
      assert.equal(decoder.decode(bytes), text);
    }
  }
  assert.deepEqual(failed, refused);
});

test('every two-byte sequence is written as it was read, but the second place of U+3000', () => {
  const different: string[] = [];
  for (let lead = 0x81; lead <= 0xfe; lead++) {
    for (let trail = 0x40; trail <= 0xfe; trail++) {
      if (trail === 0x7f) continue;
      const pair = Buffer.from([lead, trail]);
      const again = encodeGb18030(decoder.decode(pair));
      if (!again?.equals(pair)) different.push(pair.toString('hex'));
    }
  }
  assert.deepEqual(different, ['a3a0']);
});

test('known places: GB 18030-2022 and the Encoding Standard', () => {
  for (const [character, hex] of [
    ['A', '41'],
    ['€', 'a2e3'],
    ['你', 'c4e3'],
    ['\u3000', 'a1a1'],
    ['ḿ', 'a8bc'],
    ['ǹ', 'a8bf'],
    ['\ufe10', 'a6d9'],
    ['\ufe19', 'a6f3'],
    ['\u9fb4', 'fe59'],
    ['\u9fbb', 'fea0'],
    ['\u0080', '81308130'],
    ['\ue7c7', '8135f437'],
    ['\ufffd', '8431a437'],
    ['\uffff', '8431a439'],
    ['𠀀', '95328236'],
    ['😀', '9439fc36'],
    ['\u{10ffff}', 'e3329a35'],
  ] as const) {
    assert.equal(encodeGb18030(character)?.toString('hex'), hex, character);
  }
});

test('what cannot be written is refused whole', () => {
  for (const text of ['你\ue5e5', '\ud800', 'a\udc00b', '\ud840\ud840', '\ue864']) {
    assert.equal(encodeGb18030(text), undefined);
    assert.equal(gb18030Length(text), -1);
  }
  assert.equal(encodeGb18030('')?.length, 0);
});
