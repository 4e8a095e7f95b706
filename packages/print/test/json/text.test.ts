import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseManifest } from '../../src/imposition/manifest.ts';
import { parseJsonText } from '../../src/json/text.ts';
import { parsePersoProfileText } from '../../src/perso/profile.ts';
import { parsePressText } from '../../src/press/parse.ts';
import { Refusal } from '../../src/refusal.ts';

const refuse = (reason: string): Refusal => new Refusal('input-unreadable', reason);

test('JSON is read, with and without a byte order mark', () => {
  assert.deepEqual(parseJsonText('{"a":[1]}', refuse), { a: [1] });
  assert.deepEqual(parseJsonText('\ufeff{"a":[1]}', refuse), { a: [1] });
});

test('what is not JSON is refused with its place', () => {
  assert.throws(() => parseJsonText('{\n  "a": 1,\n}', refuse), /input-unreadable: .*line 3 column 1/);
  assert.throws(() => parseJsonText('', refuse), /input-unreadable: it is not JSON/);
});

test('a file of records that is named instead of a profile is not shown', () => {
  const password = '8812345677';
  for (const text of [`${password},a\n`, `x${password}`, `{"a":${password}x}`, `["${password}\n"]`])
    for (const parse of [
      (json: string) => parseJsonText(json, refuse),
      parsePressText,
      parsePersoProfileText,
      parseManifest,
    ])
      assert.throws(
        () => parse(text),
        (error) => error instanceof Refusal && !/8812|5677/.test(error.message),
      );
});
