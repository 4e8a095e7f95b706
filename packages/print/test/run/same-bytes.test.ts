import assert from 'node:assert/strict';
import { before, suite, test } from 'node:test';
import { selectRecords } from '../../src/records/select.ts';
import { type Printed, printed, recordsOf, sampleLayout, samplePress, sampleRecords } from './jobs.ts';

const { columns, rows } = sampleRecords();
/** Enough for several tasks in each of three threads. */
const many = Array.from({ length: 2_300 }, (_, index) => rows[index % rows.length]!);
const layout = sampleLayout('gift-card');

const presses = {
  'a card a page, drawn as it is': samplePress('one-up-600dpi', { cardsPerFile: 1_500 }),
  'sheets, deflated, with a file for scratch panels': samplePress('offset-8x3', { sheetsPerFile: 60 }),
};

for (const [name, press] of Object.entries(presses))
  suite(`a run of ${name}`, () => {
    let inline: Printed;
    before(async () => {
      inline = await printed({ layout, press, records: recordsOf(columns, many) }, { threads: 0 });
    });

    for (const threads of [1, 3])
      test(`has the same bytes from ${threads} threads`, async () => {
        const run = await printed({ layout, press, records: recordsOf(columns, many) }, { threads });
        assert.deepEqual([...run.files.keys()], [...inline.files.keys()]);
        for (const [file, bytes] of run.files) assert.ok(bytes.equals(inline.files.get(file)!), file);
      });

    test('has the same bytes in whatever batches its records come', async () => {
      const run = await printed({ layout, press, records: recordsOf(columns, many, 7) }, { threads: 0 });
      for (const [file, bytes] of run.files) assert.ok(bytes.equals(inline.files.get(file)!), file);
    });
  });

test('a run says that it is another when a record, its number, the name or the date is another', async () => {
  const press = samplePress('one-up-600dpi');
  const records = recordsOf(columns, rows.slice(0, 3));
  const idOf = async (changes: object): Promise<string> => {
    const { files } = await printed({ layout, press, records, ...changes });
    return /\/ID\[<([0-9A-F]{32})>/.exec(files.get('0001-print.pdf')!.toString('latin1'))![1]!;
  };
  const ids = [
    await idOf({}),
    await idOf({ records: recordsOf(columns, [...rows.slice(0, 2), rows[3]!]) }),
    await idOf({
      records: selectRecords(recordsOf(columns, [...rows.slice(0, 2), rows[9]!, rows[2]!]), {
        recordNos: [1, 2, 4],
      }),
    }),
    await idOf({ jobName: 'another' }),
    await idOf({ createdAt: '2026-11-24T08:00:01+08:00' }),
  ];
  assert.equal(new Set(ids).size, ids.length);
  assert.equal(await idOf({}), ids[0]);
});
