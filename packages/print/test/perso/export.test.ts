import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ExportRequest, writeExport } from '../../src/perso/export.ts';
import { Collected, profileOf, refusalOf, sourceOf } from './given.ts';
import { sheetRows, unzipped } from './unzipped.ts';

const columns = ['no', 'name', 'pin', 'unlisted'];
const profile = profileOf(['no', 'name', 'pin'], { columns: { no: {}, name: {}, pin: { secret: true } } });
const asked = [{ column: 'no', title: '卡号' }, { column: 'name' }];

async function exported(
  rows: readonly string[][],
  format: ExportRequest['format'],
  request: ExportRequest['columns'] = asked,
): Promise<Buffer> {
  const sink = new Collected();
  const summary = await writeExport(sourceOf(columns, rows), profile, { format, columns: request }, sink);
  assert.equal(summary.records, rows.length);
  assert.equal(summary.file.bytes, sink.bytes.length);
  return sink.bytes;
}
const cellsOf = async (text: string): Promise<string> => {
  const csv = (await exported([['1', text, 's', 'u']], 'csv')).toString();
  return csv.split('\r\n')[1]?.slice(2) ?? '';
};

test('CSV for people: a byte order mark, titles, CRLF', async () => {
  const bytes = await exported([['1', '张三', 's', 'u']], 'csv');
  assert.equal(bytes.toString(), '\ufeff卡号,name\r\n1,张三\r\n');
});

test('CSV for people neutralises formulas', async () => {
  for (const text of ['=1+1', '+1', '-1', '@A1', '＝1', '＋1', '－1', '＠1', ' =1']) {
    assert.equal(await cellsOf(text), `"'${text}"`);
  }
  assert.equal(await cellsOf('=HYPERLINK("http://x";"y")'), `"'=HYPERLINK(""http://x"";""y"")"`);
});

test('CSV for people keeps digits as they are', async () => {
  for (const text of [
    '6222021234567890123',
    '007',
    '1.50',
    '1E5',
    '3-4',
    '12:30',
    'MAR1',
    '50%',
    '2026年6月1日',
    '¥5',
  ]) {
    assert.equal(await cellsOf(text), `${text}\t`.replace(/^(.*)$/s, '"$1"'), text);
  }
  for (const text of ['0', '50', '12345678901', 'A1', '张三', 'x-1']) assert.equal(await cellsOf(text), text);
});

test('XLSX: every cell is a text, whatever it looks like', async () => {
  const text = fc.stringMatching(/^[ -~\u4f60\u{20000}]{0,20}$/u);
  const rows = fc.array(fc.tuple(text, text, fc.constant('s'), fc.constant('u')), { maxLength: 9 });
  await fc.assert(
    fc.asyncProperty(rows, async (given) => {
      const read = sheetRows(await exported(given, 'xlsx'));
      assert.deepEqual(read, [['卡号', 'name'], ...given.map((row) => row.slice(0, 2))]);
    }),
    { numRuns: 60 },
  );
  const risky = ['=1+1', '0062', '6222021234567890123', '_x0041_', '<&>', '"', ' a '];
  const read = sheetRows(
    await exported(
      risky.map((name) => ['1', name, 's', 'u']),
      'xlsx',
    ),
  );
  assert.deepEqual(
    read.slice(1).map((row) => row[1]),
    risky,
  );
});

test('XLSX: equal records make equal bytes', async () => {
  const rows = [['1', 'a', 's', 'u']];
  assert.deepEqual(await exported(rows, 'xlsx'), await exported(rows, 'xlsx'));
  assert.deepEqual([...unzipped(await exported(rows, 'xlsx')).keys()].sort(), [
    '[Content_Types].xml',
    '_rels/.rels',
    'xl/_rels/workbook.xml.rels',
    'xl/styles.xml',
    'xl/workbook.xml',
    'xl/worksheets/sheet1.xml',
  ]);
});

for (const format of ['csv', 'xlsx'] as const) {
  test(`${format}: secret and unlisted columns are refused, whatever is asked`, async () => {
    for (const column of ['pin', 'unlisted', 'toString', '__proto__']) {
      const request = [{ column: 'no' }, { column, title: 'no' }];
      await assert.rejects(exported([], format, request), refusalOf('perso-secret-exposed', 'columns[1]'));
    }
  });

  test(`${format}: hostile texts are refused with their record`, async () => {
    const rows = [
      ['1', 'a', 's', 'u'],
      ['2', 'a\u0007', 's', 'u'],
    ];
    await assert.rejects(exported(rows, format), refusalOf('record-text-unsafe', 'name', 2));
    const titled = [{ column: 'no', title: 'a\nb' }];
    await assert.rejects(exported([], format, titled), refusalOf('record-text-unsafe'));
    await assert.rejects(exported([], format, []), refusalOf('record-field-missing'));
  });
}

test('XLSX has an end', async () => {
  const rows = Array.from({ length: 1024 }, () => ['1']);
  const source = {
    columns: ['no'],
    async *batches() {
      for (let batch = 0; batch < 1025; batch++) yield rows;
    },
  };
  const request = { format: 'xlsx', columns: [{ column: 'no' }] } as const;
  await assert.rejects(
    writeExport(source, profile, request, { write: () => {} }),
    refusalOf('export-too-long'),
  );
});
