import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { refusals } from '../src/refusal.ts';

const sourceFolder = join(import.meta.dirname, '..', 'src');
const sources = globSync('**/*.ts', { cwd: sourceFolder }).filter((file) => !file.startsWith('refusals'));

test('every refusal says in Chinese and English what is wrong, and what to do next', () => {
  for (const [code, { zh, en, next }] of Object.entries(refusals)) {
    assert.match(code, /^[a-z0-9]+(?:-[a-z0-9]+)+$/);
    assert.match(zh, /\p{Script=Han}/u, code);
    assert.match(en, /^[a-z][^。]+[^.。]$/u, code);
    assert.match(next, /^[A-Z][^。]+\.$/u, code);
  }
});

test('no two refusals say the same', () => {
  const texts = Object.values(refusals).map(({ zh }) => zh);
  assert.equal(new Set(texts).size, texts.length);
});

test('every refusal is made somewhere', () => {
  const text = sources.map((file) => readFileSync(join(sourceFolder, file), 'utf8')).join('\n');
  const unused = Object.keys(refusals).filter((code) => !text.includes(`'${code}'`));
  assert.deepEqual(unused, []);
});
