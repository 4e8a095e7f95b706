import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, suite, test } from 'node:test';
import { bundledFontStack } from '../../src/font/bundled.ts';
import type { Typeface } from '../../src/font/typeface.ts';
import { openArtwork } from '../../src/image/open.ts';
import { compileLayout } from '../../src/layout/compile.ts';
import { parseLayout } from '../../src/layout/parse.ts';
import { sides } from '../../src/layout/sides.ts';
import { RecordingPen } from './recording-pen.ts';

const folder = new URL('../../samples/', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, folder), 'utf8');
const records = read('records/sample-100.jsonl')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as Record<string, string>);
const columns = Object.keys(records[0] ?? {});

suite('the samples', () => {
  let fonts: Map<string, readonly Typeface[]>;
  const artworks = new Map([
    ['background', openArtwork('background', readFileSync(new URL('layouts/background.jpg', folder)))],
  ]);
  before(() => {
    fonts = new Map((['sans', 'mono'] as const).map((name) => [name, bundledFontStack(name).typefaces]));
  });

  for (const name of ['gift-card', 'code-card', 'minimal'])
    for (const dotsPerInch of [300, 600])
      test(`${name} prints all 100 records at ${dotsPerInch} dpi without a warning`, () => {
        const layout = parseLayout(JSON.parse(read(`layouts/${name}.json`)));
        const compiled = compileLayout(layout, { fonts, artworks, columns, dotsPerInch });
        assert.deepEqual(compiled.warnings, []);
        for (const side of sides) {
          const face = compiled.face(side);
          const pen = new RecordingPen();
          face.drawStatic(pen);
          for (const [index, record] of records.entries())
            face.drawVariable(pen, Object.values(record), index + 1);
          const elements = layout[side] ?? [];
          const codes = elements.filter(({ type }) => type === 'code').length;
          assert.equal(pen.codes.length, codes * records.length);
          const texts =
            elements.filter((element) => 'value' in element && /\{/.test(element.value)).length - codes;
          assert.ok(pen.texts.length >= texts * records.length);
        }
      });

  test('are a hundred obvious fakes, the same in both files, rare characters among their names', () => {
    const rows = records.map((record) => columns.map((column) => record[column]).join(','));
    assert.equal(read('records/sample-100.csv'), [columns.join(','), ...rows, ''].join('\n'));
    assert.equal(new Set(records.map((record) => record['card_no'])).size, 100);
    for (const record of records)
      assert.match(record['qr_url'] ?? '', /^https:\/\/example\.invalid\/.*test-only/);
    assert.ok(records.some((record) => /[\u{20000}-\u{3ffff}]/u.test(record['name'] ?? '')));
  });
});
