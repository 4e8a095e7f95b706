import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import * as fontkit from 'fontkit';
import {
  bundledFontPath,
  bundledTypeface,
  bundledTypefaceNames,
  openTypefaceFile,
  readFontFile,
} from '../../src/font/bundled.ts';
import { obstacleOf } from '../../src/font/drawable.ts';
import { openTypeface } from '../../src/font/open-typeface.ts';
import { subsetTypeface } from '../../src/font/subset.ts';
import { Refusal, type RefusalCode } from '../../src/refusal.ts';
import { changedFont, collection, renamedTable, reshaped, tableAt } from './bad-font.ts';

function assertRefused(bytes: Uint8Array, code: RefusalCode, face?: number): void {
  const open = () => openTypeface('bad', bytes, face === undefined ? {} : { face });
  assert.throws(open, (error) => error instanceof Refusal && error.code === code, code);
}

test('characters, advances and measures are those that another program reads', () => {
  for (const name of bundledTypefaceNames) {
    const typeface = bundledTypeface(name);
    const font = fontkit.openSync(bundledFontPath(name)) as fontkit.Font;
    const scale = 1000 / font.unitsPerEm;
    let drawable = 0;
    for (const codePoint of font.characterSet) {
      const glyph = typeface.glyphOf(codePoint);
      if (obstacleOf(codePoint) !== undefined) assert.equal(glyph, 0);
      if (glyph === 0) continue;
      drawable++;
      if (drawable % 50 === 0)
        assert.equal(typeface.advanceOf(glyph), font.glyphForCodePoint(codePoint).advanceWidth * scale);
    }
    assert.equal(typeface.glyphCount, drawable + 1);
    assert.equal(typeface.ascent, font.ascent * scale);
    assert.equal(typeface.descent, font.descent * scale);
    assert.equal(typeface.capHeight, font.capHeight * scale);
  }
});

test('no code point outside of the character map has a glyph', () => {
  const sans = bundledTypeface('sans');
  const known = new Set((fontkit.openSync(bundledFontPath('sans')) as fontkit.Font).characterSet);
  for (let codePoint = 0; codePoint <= 0x110000; codePoint++)
    if (sans.glyphOf(codePoint) !== 0) assert.ok(known.has(codePoint));
});

test('fonts that cannot be embedded are refused for what they are', () => {
  assertRefused(Buffer.from('no font at all'), 'font-unreadable');
  assertRefused(Buffer.alloc(0), 'font-unreadable');
  assertRefused(Buffer.from('wOF2 and something after it'), 'font-unreadable');
  assertRefused(
    changedFont((font) => font.write('OTTO', 0, 'latin1')),
    'font-outlines-unsupported',
  );
  assertRefused(renamedTable('glyf', 'CBDT'), 'font-outlines-unsupported');
  assertRefused(renamedTable('GPOS', 'fvar'), 'font-variable');
  for (const tag of ['cmap', 'head', 'hhea', 'hmtx', 'loca', 'maxp'])
    assertRefused(renamedTable(tag, 'none'), 'font-unreadable');
});

test('the permission to embed is respected, the least restrictive of several', () => {
  const withPermissions = (permissions: number) =>
    changedFont((font) => font.writeUInt16BE(permissions, tableAt(font, 'OS/2').offset + 8));
  for (const permissions of [0x0002, 0x0100, 0x0104, 0x0200, 0x0208])
    assertRefused(withPermissions(permissions), 'font-embedding-forbidden');
  for (const permissions of [0x0000, 0x0004, 0x0008, 0x000a])
    openTypeface('allowed', withPermissions(permissions));
});

test('of a collection one font is chosen by its number', () => {
  assertRefused(collection(), 'font-collection');
  assertRefused(collection(), 'font-collection', 2);
  const chosen = openTypeface('chosen', collection(), { face: 1 });
  const mono = bundledTypeface('mono');
  assert.equal(chosen.outlineOf(chosen.glyphOf(0x41)), mono.outlineOf(mono.glyphOf(0x41)));
});

test('a character with the box of the missing glyph, or with nothing to see, counts as missing', () => {
  const mono = bundledTypeface('mono');
  for (const shape of ['box', 'blank'] as const) {
    const typeface = openTypeface(shape, reshaped(0x57, shape));
    assert.equal(typeface.glyphOf(0x57), 0, shape);
    assert.ok(mono.glyphOf(0x57) !== 0 && typeface.glyphOf(0x56) !== 0 && typeface.glyphOf(0x20) !== 0);
  }
});

test('a damaged font is refused or opened, and never read beyond its end', () => {
  const whole = readFileSync(bundledFontPath('mono'));
  const damage = fc.record({
    length: fc.integer({ min: 0, max: whole.length }),
    changes: fc.array(fc.tuple(fc.oneof(fc.nat(400), fc.nat(whole.length - 1)), fc.nat(255)), {
      maxLength: 12,
    }),
    isCut: fc.boolean(),
  });
  fc.assert(
    fc.property(damage, ({ length, changes, isCut }) => {
      const font = Buffer.from(isCut ? whole.subarray(0, length) : whole);
      for (const [at, value] of changes) if (at < font.length) font[at] = value;
      try {
        const typeface = openTypeface('damaged', font);
        subsetTypeface(typeface, new Uint8Array(typeface.glyphCount >> 3).fill(0xff));
        for (let glyph = 1; glyph < typeface.glyphCount; glyph += 37) typeface.outlineOf(glyph);
      } catch (error) {
        assert.ok(error instanceof Refusal, String((error as Error).stack));
      }
    }),
    { numRuns: 300 },
  );
});

test('a font of the user is named after its file; one that is not there is refused with its path', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cardwright-font-'));
  try {
    const path = join(folder, 'House Mono.ttf');
    writeFileSync(path, readFileSync(bundledFontPath('mono')));
    assert.equal(openTypefaceFile(path).name, 'House Mono');
    const isRefusal = (error: unknown) => error instanceof Refusal && error.code === 'font-unreadable';
    assert.throws(() => openTypefaceFile(join(folder, 'gone.ttf')), isRefusal);
    writeFileSync(join(folder, 'bad.ttf'), 'bad');
    assert.throws(
      () => openTypefaceFile(join(folder, 'bad.ttf')),
      (error) => error instanceof Refusal && error.place.file === join(folder, 'bad.ttf'),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a thread draws with the bytes that another thread read, without a copy', async () => {
  const bytes = readFontFile(bundledFontPath('mono'));
  const code = `
    const { parentPort, workerData } = require('node:worker_threads');
    import(workerData.module).then(({ openTypeface }) => {
      const typeface = openTypeface('mono', workerData.bytes);
      parentPort.postMessage([workerData.bytes.buffer instanceof SharedArrayBuffer, typeface.outlineOf(typeface.glyphOf(65))]);
    });`;
  const module = new URL('../../src/font/open-typeface.ts', import.meta.url).href;
  const worker = new Worker(code, { eval: true, workerData: { module, bytes } });
  const [isShared, outline] = await new Promise<[boolean, string]>((resolve, reject) => {
    worker.once('message', resolve).once('error', reject);
  });
  const mono = bundledTypeface('mono');
  assert.ok(isShared);
  assert.equal(outline, mono.outlineOf(mono.glyphOf(65)));
  await worker.terminate();
});
