import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { bundledChains, bundledTypeface } from '../../src/font/bundled.ts';
import { characterSets, countIn } from './coverage.ts';

const chain = bundledChains.sans.map(bundledTypeface);
const readme = readFileSync(new URL('../../fonts/README.md', import.meta.url), 'utf8');

test('the table of coverage in fonts/README.md is true', () => {
  for (const [name, characters] of characterSets) {
    const counts = [...chain.map((typeface) => countIn([typeface], characters)), countIn(chain, characters)];
    const row = [name, ...[characters.length, ...counts].map((count) => count.toLocaleString('en'))];
    assert.ok(readme.includes(`| ${row.join(' | ')} |`), `| ${row.join(' | ')} |`);
  }
});

test('every character of GB 18030 levels 1 and 2 can be printed', () => {
  for (const name of ['GB 18030-2022, implementation level 1', '通用规范汉字表 (2013), added by level 2']) {
    const characters = characterSets.get(name)!;
    assert.equal(countIn(chain, characters), characters.length, name);
  }
});

test('characters of names that are rare but alive can be printed', () => {
  for (const character of '㛃䶮𠮷𫘧𬭊𪨶𬎆𫍽𬍛𫖮䲠𰻝喆玥堃龑') {
    const codePoint = character.codePointAt(0)!;
    assert.ok(countIn(chain, [codePoint]) === 1, character);
  }
});

test('passwords: every printable ASCII character is in mono, of one width, and looks like no other', () => {
  const mono = bundledTypeface('mono');
  const printable = Array.from({ length: 0x7e - 0x21 + 1 }, (_, index) => 0x21 + index);
  const glyphs = printable.map((codePoint) => mono.glyphOf(codePoint));
  assert.ok(glyphs.every((glyph) => glyph !== 0));
  assert.deepEqual([...new Set(glyphs.map((glyph) => mono.advanceOf(glyph)))], [600]);
  assert.equal(new Set(glyphs.map((glyph) => mono.outlineOf(glyph))).size, glyphs.length);
  // A zero has its dot or slash inside: three contours against the two of O.
  const contours = (character: string) =>
    mono.outlineOf(mono.glyphOf(character.codePointAt(0)!)).split('M').length - 1;
  assert.equal(contours('0'), 3);
  assert.equal(contours('O'), 2);
});
