import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { numberedBatches, type RecordSource } from '../../src/records/record.ts';
import { readRemakeList, recordNosOf } from '../../src/records/remake-list.ts';
import { type Selection, selectRecords } from '../../src/records/select.ts';
import { refuses } from './refuses.ts';
import { fileOf, rowsIn } from './written.ts';

const total = 300;

function cards(count = total, known = false): RecordSource {
  return {
    columns: ['no', 'key'],
    ...(known ? { count } : {}),
    async *batches() {
      for (let at = 0; at < count; at += 64) {
        const size = Math.min(64, count - at);
        yield Array.from({ length: size }, (_, index) => [`${at + index + 1}`, `K${at + index + 1}`]);
      }
    },
  };
}

/** The numbers of what is selected; each must be that of its own row. */
async function chosen(selection: Selection, source = cards()): Promise<number[]> {
  const found: number[] = [];
  const selected = selectRecords(source, selection);
  for await (const { recordNos, rows } of numberedBatches(selected)) {
    assert.equal(recordNos.length, rows.length);
    assert.ok(rows.length > 0);
    assert.deepEqual(
      [...recordNos],
      rows.map(([no]) => Number(no)),
    );
    found.push(...recordNos);
  }
  if (selected.count !== undefined) assert.equal(selected.count, found.length);
  return found;
}

test('a remake list prints exactly the asked numbers, in order, under their own numbers', async () => {
  const list = fc.uniqueArray(fc.integer({ min: 1, max: total }), { minLength: 1, maxLength: total });
  await fc.assert(
    fc.asyncProperty(list, async (recordNos) => {
      const ascending = recordNos.toSorted((one, other) => one - other);
      assert.deepEqual(await chosen({ recordNos }), ascending);
      assert.deepEqual(await chosen({ ranges: recordNos.join(',') }), ascending);
      assert.deepEqual(await chosen({ column: 'key', keys: recordNos.map((no) => `K${no}`) }), ascending);
    }),
    { numRuns: 100 },
  );
});

test('ranges', async () => {
  assert.deepEqual(await chosen({ ranges: '298-, 5-7,1' }), [1, 5, 6, 7, 298, 299, 300]);
  assert.equal((await chosen({ ranges: '1-300' })).length, 300);
  assert.equal((await chosen({ ranges: '1-' })).length, 300);
  for (const ranges of ['', 'x', '0', '1-0', '5-3', '-3', '1,,2', '1.5', '1e3', '4294967296', '٣']) {
    await refuses(() => chosen({ ranges }), 'selection-malformed', {}, /entry/);
  }
  for (const recordNos of [[0], [1.5], [-1], [2 ** 32], [Number.NaN], []]) {
    await refuses(() => chosen({ recordNos }), 'selection-malformed');
  }
});

test('what does not exist or is asked for twice is refused by name', async () => {
  await refuses(() => chosen({ ranges: '1-5,5' }), 'selection-repeated', { recordNo: 5 });
  await refuses(() => chosen({ ranges: '7-,9' }), 'selection-repeated', { recordNo: 9 });
  await refuses(() => chosen({ recordNos: [3, 9, 3] }), 'selection-repeated', { recordNo: 3 });
  await refuses(() => chosen({ recordNos: [3, 301] }), 'selection-record-absent', { recordNo: 301 });
  await refuses(() => chosen({ ranges: '290-310' }), 'selection-record-absent', { recordNo: 301 });
  await refuses(() => chosen({ ranges: '301-' }), 'selection-record-absent', { recordNo: 301 });
  await refuses(() => selectRecords(cards(total, true), { ranges: '301' }), 'selection-record-absent', {
    recordNo: 301,
  });
  const at = { at: 'key' };
  await refuses(
    () => chosen({ column: 'key', keys: ['K1', 'K2', 'K1'] }),
    'selection-repeated',
    at,
    /key 3, K1 .* key 1/,
  );
  await refuses(
    () => chosen({ column: 'key', keys: ['K1', 'K\u202e9'] }),
    'selection-record-absent',
    at,
    /^key 2, K\\u\{202e\}9$/,
  );
  const secret = { column: 'key', keys: ['K1', 'SECRET'], secret: true };
  await refuses(() => chosen(secret), 'selection-record-absent', at, /^key 2 of the list$/);
  await refuses(() => chosen({ ...secret, keys: ['SECRET', 'SECRET'] }), 'selection-repeated', at);
  await refuses(() => chosen({ column: 'nothing', keys: ['K1'] }), 'record-field-missing', { at: 'nothing' });
  const doubled: RecordSource = {
    columns: ['no', 'key'],
    batches: async function* () {
      yield [
        ['1', 'K'],
        ['2', 'K'],
      ];
    },
  };
  await refuses(
    () => chosen({ column: 'key', keys: ['K'] }, doubled),
    'selection-key-ambiguous',
    { recordNo: 2, at: 'key' },
    /record 1/,
  );
});

test('a selection of a selection keeps the first numbers; batches() gives the same rows', async () => {
  const some = selectRecords(cards(), { ranges: '10-20' });
  const fewer = selectRecords(some, { recordNos: [20, 12] });
  assert.deepEqual(await rowsIn(fewer), [
    ['12', 'K12'],
    ['20', 'K20'],
  ]);
  await refuses(() => chosen({ recordNos: [9] }, some), 'selection-record-absent', { recordNo: 9 });
  await refuses(() => chosen({ ranges: '12,9-10' }, some), 'selection-record-absent', { recordNo: 9 });
});

test('nothing is read beyond the last asked record', async () => {
  const source: RecordSource = {
    columns: ['no'],
    async *batches() {
      yield [['1'], ['2']];
      throw new Error('read too far');
    },
  };
  assert.deepEqual(await chosen({ ranges: '1-2' }, source), [1, 2]);
});

test('remake lists from files', async () => {
  assert.deepEqual(recordNosOf(await readRemakeList(fileOf('txt', '\ufeff7\r\n12\n300'))), [7, 12, 300]);
  await refuses(() => readRemakeList(fileOf('txt', '7\n\n8')), 'selection-malformed', { line: 2 });
  await refuses(() => readRemakeList(fileOf('txt', '7\nK\u200b8')), 'record-text-unsafe', {
    line: 2,
    at: 'entry',
  });
  await refuses(() => readRemakeList(fileOf('txt', '')), 'selection-malformed');
  await refuses(() => readRemakeList(fileOf('txt', '1\n2\n3'), { maxEntries: 2 }), 'selection-malformed', {
    line: 3,
  });
  for (const wrong of ['007', '1-5', 'x', '0', '12345678901']) {
    await refuses(async () => recordNosOf([wrong]), 'selection-malformed', {}, /entry 1/);
  }
});
