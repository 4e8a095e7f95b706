import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { bundledFontStack } from '../../src/font/bundled.ts';
import type { FontStack } from '../../src/font/font-stack.ts';
import { Refusal } from '../../src/refusal.ts';

const stack = bundledFontStack('sans');

function refused(text: string, options = {}): Refusal {
  try {
    stack.shape(text, 17, 'name', options);
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error(`${text} was not refused`);
}

test('a text of one typeface is one run, with the sum of its advances', () => {
  const [run, ...others] = stack.shape('面值 100', 1, 'par_value');
  const [sans] = stack.typefaces;
  assert.equal(others.length, 0);
  assert.equal(run!.typeface, sans);
  assert.deepEqual(
    run!.glyphs,
    [...'面值 100'].map((character) => sans.glyphOf(character.codePointAt(0)!)),
  );
  const widths = run!.glyphs.map((glyph) => sans.advanceOf(glyph));
  assert.equal(
    run!.widthPer1000,
    widths.reduce((sum, width) => sum + width),
  );
  assert.deepEqual(stack.shape('', 1, 'par_value'), []);
});

test('a rare character comes from the next typeface that has it, in order', () => {
  const runs = stack.shape('张㛃𠮷𪨶先生', 1, 'name');
  assert.deepEqual(
    runs.map(({ typeface, glyphs }) => [typeface.name, glyphs.length]),
    [
      ['sans', 2],
      ['rare-hei', 1],
      ['sans', 3],
    ],
  );
});

test('a missing glyph is refused with record, place, position, code point and character', () => {
  const { code, place, detail } = refused('张𪛐');
  assert.equal(code, 'text-glyph-missing');
  assert.deepEqual(place, { recordNo: 17, at: 'name' });
  assert.equal(detail, 'character 2, U+2A6D0 𪛐');
});

test('of a secret only the position is named', () => {
  for (const text of ['8888𪛐', '8888\u0301', '8888م']) {
    const { detail, message } = refused(text, { isSecret: true });
    assert.equal(detail, 'character 5');
    assert.doesNotMatch(message, /8|U\+|𪛐|م/);
  }
});

test('writing that must be joined, stacked or turned is refused, and says so', () => {
  const samples = [
    'مرحبا',
    'שלום',
    'नमस्ते',
    'สวัสดี',
    'བོད',
    'ᠮᠣᠩᠭᠣᠯ',
    'e\u0301',
    'か\u3099',
    '\u1112\u1161\u11ab',
  ];
  for (const text of samples) assert.equal(refused(text).code, 'text-script-unsupported', text);
});

test('controls, bidi overrides, joiners and the sign of lost text are refused without being written out', () => {
  for (const character of [
    '\u0000',
    '\n',
    '\u202e',
    '\u2066',
    '\u200d',
    '\ufeff',
    '\ufffd',
    '\ud800',
    '\uffff',
    '\u{10ffff}',
  ]) {
    const { detail } = refused(`a${character}`);
    assert.ok(!detail.includes(character), detail);
  }
});

test('a variation selector is passed over after a character, and refused without one', () => {
  assert.deepEqual(stack.shape('葛\u{e0100}飾', 1, 'name'), stack.shape('葛飾', 1, 'name'));
  assert.deepEqual(stack.shape('𠮷\ufe00', 1, 'name'), stack.shape('𠮷', 1, 'name'));
  for (const text of ['\u{e0100}葛', '葛\u{e0100}\u{e0101}'])
    assert.equal(refused(text).code, 'text-script-unsupported');
});

test('precomposed letters, kana, hangul and full-width forms need no shaping', () => {
  const text = 'éüñ Ångström ǎǐ がパ 한국어 Ｆｕｌｌ №①㈱ Ωж ﬁ';
  assert.equal(stack.shape(text, 1, 'name').flatMap(({ glyphs }) => glyphs).length, [...text].length);
});

test('wild Unicode is either drawn, every character with a glyph that has an outline, or refused', () => {
  const wild = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: 'grapheme' }),
    fc.string({
      unit: fc.integer({ min: 0x3000, max: 0x323af }).map((codePoint) => String.fromCodePoint(codePoint)),
      maxLength: 6,
    }),
    fc.string({
      unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
      maxLength: 6,
    }),
  );
  let drawn = 0;
  fc.assert(
    fc.property(wild, (text) => {
      let runs: ReturnType<FontStack['shape']>;
      try {
        runs = stack.shape(text, 1, 'name');
      } catch (error) {
        assert.ok(error instanceof Refusal, String(error));
        return;
      }
      drawn++;
      const characters = [...text].filter(
        (character) => !/[\ufe00-\ufe0f\u{e0100}-\u{e01ef}]/u.test(character),
      );
      const glyphs = runs.flatMap((run) => run.glyphs.map((glyph) => ({ ...run, glyph })));
      assert.equal(glyphs.length, characters.length);
      for (const [index, { typeface, glyph }] of glyphs.entries()) {
        assert.ok(glyph > 0);
        assert.ok(
          typeface.outlineOf(glyph) !== '' || /^[\p{White_Space}\u2800]$/u.test(characters[index]!),
          characters[index],
        );
      }
    }),
    { numRuns: 1500 },
  );
  assert.ok(drawn > 150, `only ${drawn} texts were drawn`);
});
