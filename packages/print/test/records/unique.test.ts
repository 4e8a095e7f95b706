import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openRecords } from '../../src/records/open.ts';
import type { RecordSource } from '../../src/records/record.ts';
import { type TextHash, uniqueRecords } from '../../src/records/unique.ts';
import { refuses } from './refuses.ts';
import { fileOf, rowsIn } from './written.ts';

const numbers = (count: number): string[] => Array.from({ length: count }, (_, index) => `66${index}`);

function sourceOf(values: readonly string[]): RecordSource {
  return {
    columns: ['no'],
    async *batches() {
      for (let at = 0; at < values.length; at += 100)
        yield values.slice(at, at + 100).map((value) => [value]);
    },
  };
}

test('a value that comes twice is refused with both records, however far apart', async () => {
  const lines = [...numbers(30_000), '6617'];
  const path = fileOf('csv', `no,x\n${lines.map((no) => `${no},same`).join('\n')}\n`);
  const at = { recordNo: 30_001, at: 'no' };
  await refuses(
    async () => rowsIn(await openRecords(path, { uniqueBy: ['no'] })),
    'record-duplicate',
    at,
    /record 18/,
  );
  const second = { recordNo: 2, at: 'x' };
  await refuses(
    async () => rowsIn(await openRecords(path, { uniqueBy: ['no', 'x'] })),
    'record-duplicate',
    second,
    /record 1$/,
  );
  await refuses(() => openRecords(path, { uniqueBy: ['y'] }), 'record-field-missing', { at: 'y' });
});

test('values that are all different pass, and every reading begins anew', async () => {
  const source = uniqueRecords(sourceOf(numbers(20_000)), ['no']);
  assert.equal((await rowsIn(source)).length, 20_000);
  assert.equal((await rowsIn(source)).length, 20_000);
});

test('equal hashes are no verdict: the texts are compared', async () => {
  const weak: TextHash = (text, into) => {
    into[0] = 0;
    into[1] = text.startsWith('same hash') ? 0 : Number(text);
  };
  const values = ['same hash a', ...numbers(300), 'same hash b', ...numbers(600).slice(300)];
  assert.equal(
    (await rowsIn(uniqueRecords(sourceOf(values), ['no'], undefined, weak))).length,
    values.length,
  );
  const twice = sourceOf([...values, 'same hash a']);
  const at = { recordNo: 603, at: 'no' };
  await refuses(
    () => rowsIn(uniqueRecords(twice, ['no'], undefined, weak)),
    'record-duplicate',
    at,
    /record 1$/,
  );
  const many = sourceOf(Array.from({ length: 50 }, (_, index) => `same hash ${index}`));
  await refuses(() => rowsIn(uniqueRecords(many, ['no'], undefined, weak)), 'records-uniqueness-undecided', {
    recordNo: 7,
  });
});
