import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writeExport } from '../../src/perso/export.ts';
import { writePerso } from '../../src/perso/write.ts';
import { selectRecords } from '../../src/records/select.ts';
import { profileOf, sourceOf } from './given.ts';

const columns = ['no', 'name'];
const rows = Array.from({ length: 9 }, (_, index) => [String(1000 + index), index === 7 ? '' : 'x']);
const unsafe = rows.map(([no], index) => [no ?? '', index === 7 ? 'a\u202eb' : 'x']);
const profile = profileOf(columns, { totals: { marker: '#TOTAL', sum: 'no' } });
const sink = { write: () => {} };

test('a refusal of a remake names the number that the record has in its source, not its place among the chosen', async () => {
  const wanted = { place: { recordNo: 8, at: 'name' } };
  for (const source of [rows, unsafe].map((all) => selectRecords(sourceOf(columns, all), { ranges: '6-9' })))
    await assert.rejects(writePerso(source, profile, sink, { unencrypted: true }), wanted);
  const chosen = selectRecords(sourceOf(columns, unsafe), { recordNos: [8] });
  const request = { format: 'csv', columns: [{ column: 'no' }] } as const;
  await assert.rejects(writeExport(chosen, profile, request, sink), wanted);
});

test('the sum of a remake is refused by that number too', async () => {
  const broken = rows.map(([no], index) => [index === 4 ? 'x' : (no ?? ''), 'x']);
  const source = selectRecords(sourceOf(columns, broken), { ranges: '4-9' });
  await assert.rejects(writePerso(source, profile, sink, { unencrypted: true }), {
    code: 'perso-number-malformed',
    place: { recordNo: 5, at: 'no' },
  });
});
