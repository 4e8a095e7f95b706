import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parsePersoProfileText } from '../../src/perso/profile.ts';
import { readPerso } from '../../src/perso/read.ts';
import { writePerso } from '../../src/perso/write.ts';
import { openRecords } from '../../src/records/open.ts';
import { Collected, piecesOf } from './given.ts';

const samples = join(import.meta.dirname, '../../samples');
const matchSecret = Buffer.from('of the sample line only');

for (const [name, lines] of [
  // The cards, the header, two bundle marks where the profile has lines for them, the totals.
  ['line-csv', 1 + 100 + 1],
  ['line-fixed-gb18030', 100 + 2 + 1],
  ['line-jsonl', 100 + 1],
] as const) {
  test(`sample profile ${name} writes the sample records, and reads them back`, async () => {
    const profile = parsePersoProfileText(readFileSync(join(samples, 'perso', `${name}.json`), 'utf8'));
    const records = await openRecords(join(samples, 'records/sample-100.csv'));
    const sink = new Collected();
    const summary = await writePerso(records, profile, sink, { unencrypted: true, matchSecret });
    assert.equal(summary.records, 100);
    const text = new TextDecoder(profile.encoding, { fatal: true }).decode(sink.bytes);
    assert.equal(text.split('\n').length - 1, lines);
    const numbers: (string | undefined)[] = [];
    const at = profile.fields.findIndex((field) => field.name === 'card_no');
    const check = await readPerso(piecesOf(sink.bytes, 1000), profile, {
      matchSecret,
      onCard: (texts) => numbers.push(texts[at]),
    });
    assert.equal(check.records, 100);
    assert.deepEqual([numbers[0], numbers[99]], ['6200000000000001', '6200000000000100']);
  });
}
