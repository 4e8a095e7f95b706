import assert from 'node:assert/strict';
import { createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { openRecords } from '../../src/records/open.ts';
import { numberedBatches, type RecordSource } from '../../src/records/record.ts';
import { refuses } from './refuses.ts';
import { fileOf, readBack } from './written.ts';

const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
const asCsv = (rows: readonly (readonly string[])[], end: string, last = end): string =>
  rows.map((row) => row.map(quoted).join(',')).join(end) + last;

/** Texts that a card can have, rich in what CSV and JSON write specially. */
const text = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '"',
        '""',
        ',',
        ' ',
        "'",
        '\\',
        '\\"',
        '=1+1',
        '中',
        '𠮷',
        '0012',
        '{',
        '}',
        ':',
        'é',
        '\u3000',
      ),
      fc.string({ maxLength: 8 }),
    ),
    { maxLength: 6 },
  )
  .map((parts) => parts.join(''));
const table = fc
  .integer({ min: 1, max: 5 })
  .chain((width) =>
    fc.array(fc.array(text, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 30 }),
  );
const header = (width: number): string[] => ['卡号', 'pass word', 'c', 'd"e', 'f,g'].slice(0, width);

test('what a CSV file was written with is read back, whatever its line ends and marks', async () => {
  const shape = fc.record({
    end: fc.constantFrom('\n', '\r\n'),
    last: fc.boolean(),
    mark: fc.constantFrom('', '\ufeff'),
  });
  await fc.assert(
    fc.asyncProperty(table, shape, async (rows, { end, last, mark }) => {
      const all = [header(rows[0]?.length ?? 1), ...rows];
      assert.deepEqual(await readBack('csv', mark + asCsv(all, end, last ? end : '')), all);
    }),
    { numRuns: 200 },
  );
});

test('what JSON lines were written with is read back, escaped or not, in any order of keys', async () => {
  await fc.assert(
    fc.asyncProperty(table, fc.boolean(), fc.nat(), async (rows, escaped, turn) => {
      const columns = header(rows[0]?.length ?? 1);
      const lines = rows.map((row, index) => {
        const pairs = row.map((value, at) => [columns[at] as string, value] as const);
        const turned =
          index === 0 ? pairs : [...pairs.slice(turn % pairs.length), ...pairs.slice(0, turn % pairs.length)];
        const line = JSON.stringify(Object.fromEntries(turned));
        const escapedUnit = (unit: string): string =>
          `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
        return escaped ? line.replace(/[^ -~]/g, escapedUnit) : line;
      });
      assert.deepEqual(await readBack('jsonl', `${lines.join('\n')}\n`), [columns, ...rows]);
    }),
    { numRuns: 200 },
  );
});

test('CSV without quotes, with spaces, empty fields and formulas is taken as it stands', async () => {
  const rows = await readBack('csv', 'a,b,c\n 1 ,,=SUM(A1)\n007,"",x');
  assert.deepEqual(rows, [
    ['a', 'b', 'c'],
    [' 1 ', '', '=SUM(A1)'],
    ['007', '', 'x'],
  ]);
});

test('lines that cross the blocks of reading come whole', async () => {
  const rows = Array.from({ length: 9000 }, (_, index) => [`${index}`, '卡'.repeat(1 + (index % 97))]);
  const all = [['no', 'name'], ...rows];
  assert.deepEqual(await readBack('csv', asCsv(all, '\r\n')), all);
});

test('GB18030 and GBK are read where they are named, and refused with the record where they are not', async () => {
  // 杭州 is BABC D6DD in GBK; 𠮷 is the four bytes 9534 B235 of GB18030.
  const gbk = Buffer.concat([Buffer.from('name\n'), Buffer.from('babcd6dd0a9534b2350a', 'hex')]);
  assert.deepEqual(await readBack('csv', gbk, { encoding: 'gb18030' }), [['name'], ['杭州'], ['𠮷']]);
  await refuses(() => readBack('csv', gbk), 'records-encoding-wrong', { recordNo: 1, line: 2 });
  const broken = Buffer.concat([gbk, Buffer.from('ok\nok\nbaff0a', 'latin1'), Buffer.from('baff0a', 'hex')]);
  await refuses(() => readBack('csv', broken, { encoding: 'gb18030' }), 'records-encoding-wrong', {
    recordNo: 5,
    line: 6,
  });
  await refuses(() => readBack('jsonl', '{"a":"b"}', { encoding: 'gb18030' }), 'records-encoding-wrong');
  await refuses(() => readBack('csv', Buffer.from('\ufeffname\nx', 'utf16le')), 'records-encoding-wrong', {
    line: 1,
  });
});

test('broken UTF-8 anywhere is refused with its record', async () => {
  const good = Buffer.from(`a\n${'x\n'.repeat(70_000)}`);
  for (const bad of ['ff', 'c080', 'eda080', 'e4b8', 'f4908080']) {
    const bytes = Buffer.concat([good, Buffer.from(bad, 'hex'), Buffer.from('\ny\n')]);
    await refuses(() => readBack('csv', bytes), 'records-encoding-wrong', { recordNo: 70_001, line: 70_002 });
  }
});

test('CSV that is not strict is refused with record, line and what is wrong', async () => {
  const at = (recordNo: number): object => ({ recordNo, line: recordNo + 1 });
  await refuses(
    () => readBack('csv', 'a,b\n1,2\n1,SECRET,3\n'),
    'record-fields-uneven',
    at(2),
    /3 fields.* 2/,
  );
  await refuses(() => readBack('csv', 'a,b\nSECRET\n'), 'record-fields-uneven', at(1));
  await refuses(() => readBack('csv', 'a,b\n1,2\n\n3,4\n'), 'record-malformed', at(2), /empty/);
  await refuses(() => readBack('csv', 'a,b\n1,"SECRET\n3,4\n'), 'record-quote-unclosed', at(1), /field 2/);
  await refuses(() => readBack('csv', 'a,b\n1,"SECRET\nSECRET"\n'), 'record-quote-unclosed', at(1));
  await refuses(() => readBack('csv', 'a,b\n1,"SECRET"x\n'), 'record-malformed', at(1), /after a closing/);
  await refuses(() => readBack('csv', 'a,b\n1,SE"CRET"\n'), 'record-malformed', at(1), /field 2: a quote/);
  await refuses(() => readBack('csv', 'a,b\r1,SECRET\r'), 'records-header-malformed', { line: 1 });
  await refuses(() => readBack('csv', 'a,b\n1,SECRET\r2,3'), 'record-fields-uneven', at(1));
  await refuses(
    () => readBack('csv', 'a,b\n1,2\rSECRET\n'),
    'record-text-unsafe',
    { ...at(1), at: 'b' },
    /U\+000D/,
  );
});

test('headers that are none are refused without being repeated', async () => {
  const at = { line: 1 };
  await refuses(
    () => readBack('csv', '6600123,SECRET\n'),
    'records-header-malformed',
    at,
    /column 1 is no name/,
  );
  await refuses(
    () => readBack('csv', 'SECRET,b,SECRET\n1,2,3\n'),
    'records-header-malformed',
    at,
    /column 3 .* column 1/,
  );
  await refuses(
    () => readBack('csv', 'a,,b\n1,2,3\n'),
    'records-header-malformed',
    at,
    /column 2 has no name/,
  );
  await refuses(() => readBack('csv', 'a, b\n1,2\n'), 'records-header-malformed', at, /space/);
  await refuses(() => readBack('csv', 'a{SECRET},b\n1,2\n'), 'records-header-malformed', at);
  await refuses(() => readBack('csv', 'a\u202eb,c\n1,2\n'), 'records-header-malformed', at);
  await refuses(() => readBack('jsonl', '{}\n'), 'records-header-malformed', at);
  await refuses(() => readBack('jsonl', '{"a":"SECRET","a":"2"}\n'), 'records-header-malformed', at);
  for (const empty of ['', '\ufeff']) await refuses(() => readBack('csv', empty), 'records-empty');
  for (const alone of ['a,b', 'a,b\n']) await refuses(() => readBack('csv', alone), 'records-empty');
  await refuses(() => readBack('txt', 'a'), 'records-file-unreadable');
  await refuses(() => openRecords('/nowhere/SECRET/x.csv'), 'records-file-unreadable', {}, /ENOENT/);
});

test('JSON lines that are not flat objects of strings are refused', async () => {
  const first = '{"a":"1","b":"2"}\n';
  const at = { recordNo: 2, line: 2 };
  const cases = [
    ['{"a":"SECRET","b":12}', 'record-value-not-text', /a number/],
    ['{"a":"SECRET","b":-0.1}', 'record-value-not-text', /a number/],
    ['{"a":"SECRET","b":true}', 'record-value-not-text', /a boolean/],
    ['{"a":"SECRET","b":null}', 'record-value-not-text', /null/],
    ['{"a":"SECRET","b":{}}', 'record-value-not-text', /an object/],
    ['{"a":"SECRET","b":[]}', 'record-value-not-text', /a list/],
    ['{"a":"SECRET","SECRET":"2"}', 'record-fields-uneven', /key 2 is not/],
    ['{"a":"SECRET","b":"2","__proto__":"3"}', 'record-fields-uneven', /key 3 is not/],
    ['{"a":"SECRET"', 'record-malformed', /comma/],
    ['{"a":"SECRET}', 'record-malformed', /not closed/],
    ['{"a":"SECRET","b":"\\x"}', 'record-malformed', /escape/],
    ['{"a":"SECRET","b":"2"} x', 'record-malformed', /after the object/],
    ['["SECRET"]', 'record-malformed', /not a JSON object/],
    ['', 'record-malformed', /empty/],
  ] as const;
  for (const [line, code, detail] of cases)
    await refuses(() => readBack('jsonl', `${first}${line}\n`), code, at, detail);
  const missing = { ...at, at: 'b' };
  await refuses(
    () => readBack('jsonl', `${first}{"a":"SECRET"}`),
    'record-fields-uneven',
    missing,
    /missing/,
  );
  await refuses(
    () => readBack('jsonl', `${first}{"b":"1","b":"SECRET"}`),
    'record-fields-uneven',
    missing,
    /twice/,
  );
  await refuses(
    () => readBack('jsonl', `${first}{"a":"1","b":"\\u0000SECRET"}`),
    'record-text-unsafe',
    missing,
    /U\+0000/,
  );
  await refuses(
    () => readBack('jsonl', `${first}{"a":"1","b":"x\\ud800"}`),
    'record-text-unsafe',
    missing,
    /U\+D800/,
  );
});

test('a field of any length costs no more than its line may', async () => {
  const long = 'S'.repeat(4097);
  await refuses(
    () => readBack('csv', `a\n${long}\n`),
    'record-text-too-long',
    { recordNo: 1, line: 2, at: 'a' },
    /4097/,
  );
  assert.equal((await readBack('csv', `a\n${long}\n`, { maxTextLength: 5000 })).length, 2);
  assert.equal((await readBack('csv', `a,b\n${long.slice(1)},${long.slice(1)}\n`)).length, 2);
  const endless = Buffer.alloc(64 * 1024 * 1024, 'x');
  endless.write('a\n');
  const before = process.memoryUsage().rss;
  await refuses(() => readBack('csv', endless), 'record-text-too-long', { recordNo: 1, line: 2 }, /bytes/);
  assert.ok(process.memoryUsage().rss - before < 40e6);
});

test('a million records take constant memory', async () => {
  const path = fileOf('csv', '');
  const out = createWriteStream(path);
  out.write('card_no,password,name\n');
  const line = (no: number): string =>
    `66${String(no).padStart(12, '0')},${String(no * 7919).padStart(16, '0')},卡\n`;
  for (let block = 0; block < 100; block++) {
    out.write(Array.from({ length: 10_000 }, (_, index) => line(block * 10_000 + index)).join(''));
  }
  await new Promise<void>((resolve) => out.end(resolve));
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const heap = (): number => {
    collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  for (const [uniqueBy, bytesAtMost] of [
    [[], 4e6],
    [['card_no'], 30e6],
  ] as const) {
    const source = await openRecords(path, { uniqueBy });
    const before = heap();
    let [count, most] = [0, 0];
    for await (const rows of source.batches()) {
      count += rows.length;
      if (count % 250_000 < rows.length) most = Math.max(most, heap() - before);
    }
    assert.equal(count, 1_000_000);
    assert.ok(most < bytesAtMost, `${uniqueBy}: ${most}`);
  }
});

test('a record after the last number that can be told is refused, never numbered anew', async () => {
  const row = ['a'];
  const rest = new Array<readonly string[]>(2 ** 32 - 1);
  const source: RecordSource = {
    columns: ['a'],
    async *batches() {
      yield [row];
      yield rest;
    },
  };
  const read = async (): Promise<void> => {
    for await (const { recordNos } of numberedBatches(source)) assert.deepEqual([...recordNos], [1]);
  };
  await assert.rejects(read, /records-too-many/);
});

test('a file that is not any more what it was when it was opened is refused, whatever changed', async () => {
  const lines = (count: number, text: string): string =>
    `a\n${Array.from({ length: count }, (_, index) => `${text}${index}`).join('\n')}\n`;
  const path = fileOf('csv', lines(40_000, 'x'));
  const source = await openRecords(path);
  const batches = source.batches()[Symbol.asyncIterator]();
  await batches.next();
  await writeFile(path, lines(40_000, 'y'));
  const isChanged = { code: 'records-changed', place: { file: basename(path) } };
  await assert.rejects(async () => {
    for (;;) if ((await batches.next()).done) return;
  }, isChanged);
  await assert.rejects(async () => {
    for await (const rows of source.batches()) assert.fail(`${rows.length} rows of another file`);
  }, isChanged);
});
