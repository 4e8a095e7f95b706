import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

const source = join(import.meta.dirname, '../../src/perso');
/** In a process of its own, so that only this work counts. Prints the records written and the megabytes that they cost. */
const script = (work: string): string => `
  import { generateX25519Identity, identityToRecipient } from 'age-encryption';
  import { parsePersoProfile } from '${source}/profile.ts';
  import { writePerso } from '${source}/write.ts';
  import { writeExport } from '${source}/export.ts';
  import { readPressKey } from '${source}/press-key.ts';
  const columns = ['no', 'pin', 'url', 'value', 'name'];
  const profile = parsePersoProfile({
    version: 1, name: 'line', format: 'csv', encoding: 'gb18030', lineEnd: 'crlf',
    columns: { no: {}, pin: { secret: true }, url: { secret: true }, value: {}, name: {} },
    fields: columns.map((name) => ({ from: 'record', name, value: '{' + name + '}' })),
    bundle: { size: 100, marker: '#END' }, totals: { marker: '#TOTAL', sum: 'value' },
  });
  const row = ['6200000000000001', '1234567890123456', 'https://example.invalid/' + 'a'.repeat(36), '10000', '面值卡'];
  const rowsOf = (count) => ({ columns, async *batches() {
    for (let at = 0; at < count; at += 1000) yield Array.from({ length: 1000 }, () => [...row]);
  } });
  const pressKey = await readPressKey(await identityToRecipient(await generateX25519Identity()), new Date());
  const sink = { write: () => new Promise((resolve) => setImmediate(resolve)) };
  const work = async (source) => ${work};
  await work(rowsOf(20_000));
  const before = process.memoryUsage().rss;
  const { records } = await work(rowsOf(300_000));
  console.log(records, Math.round((process.memoryUsage().rss - before) / 1e6));
`;

for (const [name, work] of [
  ['a personalisation file', 'writePerso(source, profile, sink, { pressKey })'],
  [
    'an export',
    "writeExport(source, profile, { format: 'xlsx', columns: [{ column: 'no' }, { column: 'name' }] }, sink)",
  ],
] as const) {
  test(`${name} of 300,000 records takes no more memory than one of 20,000`, () => {
    const args = ['--max-old-space-size=64', '--input-type=module', '--eval', script(work)];
    const output = execFileSync(process.execPath, args, { encoding: 'utf8', cwd: source });
    const [records = 0, megabytes = Number.NaN] = output.split(' ').map(Number);
    assert.equal(records, 300_000);
    assert.ok(megabytes < 60, `${megabytes} MB more`);
  });
}
