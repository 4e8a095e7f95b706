import assert from 'node:assert/strict';
import test from 'node:test';
import { openTypeface } from '../../src/font/open-typeface.ts';
import { subsetTypeface } from '../../src/font/subset.ts';
import { Refusal } from '../../src/refusal.ts';
import { composite, segmentsMap, square, tinyFont } from './tiny-font.ts';

/** Far beyond what any of these takes when its work is bounded, far below what it would take otherwise. */
const patienceMs = 2_000;

function quickly<T>(work: () => T): T {
  const startedAtMs = performance.now();
  try {
    return work();
  } finally {
    assert.ok(performance.now() - startedAtMs < patienceMs, 'it took too long');
  }
}

const isUnreadable = (error: unknown): boolean =>
  error instanceof Refusal && error.code === 'font-unreadable';

test('the font of these tests is a font', () => {
  const typeface = openTypeface('tiny', tinyFont());
  const glyph = typeface.glyphOf(0x42);
  assert.ok(glyph > 0);
  assert.equal(typeface.outlineOf(glyph), 'M700 0L700 700L0 700L0 0L700 0Z');
  assert.equal(subsetTypeface(typeface, Uint8Array.of(1 << glyph)).glyphs.length, 1);
});

test('glyphs that are made of glyphs made of glyphs do not multiply the work', () => {
  const width = 64;
  const levels = Array.from({ length: 7 }, (_, level) => composite(new Array(width).fill(level + 1)));
  assert.throws(
    () => quickly(() => openTypeface('bomb', tinyFont({ outlines: [square(500), square(600), ...levels] }))),
    isUnreadable,
  );
});

test('a glyph that is part of itself is refused', () => {
  for (const outlines of [
    [square(500), composite([1])],
    [square(500), composite([2]), composite([1])],
  ])
    assert.throws(() => openTypeface('loop', tinyFont({ outlines })), isUnreadable);
});

test('segments of a character map that lie over each other do not multiply the work', () => {
  const whole = Array.from({ length: 30_000 }, (): [number, number] => [0, 0xfffe]);
  assert.throws(
    () => quickly(() => openTypeface('bomb', tinyFont({ cmap: segmentsMap(whole) }))),
    isUnreadable,
  );
});

test('a table of names is read no further than a name is long', () => {
  const records = 40_000;
  const name = Buffer.alloc(6 + 12 * records);
  name.writeUInt16BE(records, 2);
  for (let at = 6; at < name.length; at += 12) {
    name.writeUInt16BE(1, at);
    name.writeUInt16BE(6, at + 6);
    name.writeUInt16BE(0xffff, at + 8);
  }
  quickly(() => openTypeface('names', tinyFont({ name })));
});

test('a font without height above the baseline is refused: its text could not be placed', () => {
  for (const [ascent, descent] of [
    [0, 0],
    [0, -200],
  ] as const)
    assert.throws(() => openTypeface('flat', tinyFont({ ascent, descent })), isUnreadable);
});

test('a character whose outline has no contour counts as missing', () => {
  const empty = Buffer.alloc(12);
  const typeface = openTypeface('empty', tinyFont({ outlines: [square(500), square(600), empty] }));
  assert.ok(typeface.glyphOf(0x41) > 0);
  assert.equal(typeface.glyphOf(0x42), 0);
});
