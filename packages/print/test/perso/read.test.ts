import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type PersoProfile, parsePersoProfile } from '../../src/perso/profile.ts';
import { readPerso } from '../../src/perso/read.ts';
import type { PersoField } from '../../src/perso/schema.ts';
import { piecesOf, profileOf, refusalOf, written } from './given.ts';

const matchSecret = Buffer.alloc(16, 7);
const options = { unencrypted: true, matchSecret } as const;
const text = fc.stringMatching(/^[ -~\u00e9\u4f60\u597d\u3400\u{20000}\u{1f600}]{1,12}$/u);
const cards = fc.array(fc.tuple(fc.stringMatching(/^\d{1,19}$/), text, text), {
  minLength: 1,
  maxLength: 12,
});
const columns = ['no', 'name', 'pin'];
const bundleSize = fc.integer({ min: 1, max: 5 });
const encoding = fc.constantFrom('utf-8', 'gb18030');
const lineEnd = fc.constantFrom('crlf', 'lf');

const doneWidth = 4;

/** Every kind of field; `width` is in bytes and wide enough for all texts above. */
function everyField(width: number | undefined): PersoField[] {
  const right = width === undefined ? {} : ({ width, pad: { side: 'right', character: ' ' } } as const);
  const left = width === undefined ? {} : ({ width, pad: { side: 'left', character: ' ' } } as const);
  const zeros = width === undefined ? {} : ({ width, pad: { side: 'left', character: '0' } } as const);
  return [
    { from: 'sequence', name: 'seq', start: 5, ...zeros },
    { from: 'record', name: 'no', value: '{no}', ...left },
    { from: 'record', name: 'name', value: '{name}', formula: 'allow', ...right },
    { from: 'record', name: 'pin', value: '{pin}', formula: 'allow', ...right },
    { from: 'record', name: 'checked', value: '{no}', check: { scheme: 'luhn', do: 'append' }, ...zeros },
    { from: 'bundle-end', name: 'end', last: 'E', other: 'x', ...right },
    { from: 'done-mark', name: 'done', width: doneWidth },
    { from: 'match-key', name: 'match', value: '{no}', characters: 8, ...right },
    { from: 'log', name: 'log', value: 'card {no}', ...right },
  ];
}

const rest = {
  widthIn: 'bytes',
  columns: { no: {}, name: {}, pin: { secret: true } },
  totals: { marker: '#TOTAL', sum: 'no' },
} as const;
/** What the writer refuses, as it could not be told from padding or a marker. */
const isTellable = (row: readonly string[]): boolean =>
  row.every((cell) => cell.trim() === cell && !cell.startsWith('#'));

async function parsesBack(profile: PersoProfile, rows: readonly string[][]): Promise<void> {
  const { bytes, summary } = await written(profile, columns, rows, options);
  const read: string[][] = [];
  const names = profile.fields.map(({ name }) => name);
  const check = await readPerso(piecesOf(bytes), profile, {
    matchSecret,
    onCard: (texts) => read.push(columns.map((column) => texts[names.indexOf(column)] as string)),
  });
  assert.deepEqual(read, rows);
  assert.equal(check.records, rows.length);
  assert.equal(check.sum, summary.sum);
  assert.equal(check.bundles, summary.bundles);
  assert.deepEqual(check.fieldsByWidth, ['done']);
}

for (const format of ['csv', 'fixed-width', 'jsonl'] as const) {
  test(`${format}: whatever is written parses back to the records`, async () => {
    const settings = fc.record({
      rows: cards,
      size: bundleSize,
      withMarker: fc.boolean(),
      encoding: format === 'jsonl' ? fc.constant('utf-8' as const) : encoding,
      lineEnd,
      header: fc.boolean(),
      quotes: fc.constantFrom('where-needed', 'always'),
      separator: fc.constantFrom(',', ';', '\t'),
    });
    await fc.assert(
      fc.asyncProperty(settings, async (given) => {
        const isCsv = format === 'csv';
        const profile = profileOf(everyField(format === 'fixed-width' ? 60 : undefined), {
          ...rest,
          format,
          encoding: given.encoding,
          lineEnd: given.lineEnd,
          ...(format === 'jsonl' ? {} : { header: given.header }),
          ...(isCsv ? { quotes: given.quotes, separator: given.separator } : {}),
          bundle: { size: given.size, ...(given.withMarker ? { marker: '#END' } : {}) },
        });
        const rows = given.rows.filter(isTellable);
        fc.pre(rows.length > 0);
        await parsesBack(profile, rows);
      }),
      { numRuns: 150 },
    );
  });
}

const damageable = profileOf(everyField(20), {
  ...rest,
  format: 'fixed-width',
  header: true,
  bundle: { size: 2, marker: '#END' },
});
const rows = [
  ['41111', 'abc', 'secret-1'],
  ['42222', 'x-y', 'secret-2'],
  ['43333', '你好', 'secret-3'],
];

test('every changed, lost or doubled byte is found, and told without the contents', async () => {
  const { bytes } = await written(damageable, columns, rows, options);
  const header = bytes.indexOf(0x0a) + 1;
  // Within a card's line, six fields of 20 bytes come before the done mark.
  const doneMarks = [0, 1, 2].map((card) => cardStart(bytes, header, card) + 6 * 20);
  const isDoneMark = (at: number): boolean =>
    doneMarks.some((start) => at >= start && at < start + doneWidth);
  for (let at = 0; at < bytes.length; at++) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] as number) ^ 1;
    const lost = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]);
    const doubled = Buffer.concat([bytes.subarray(0, at + 1), bytes.subarray(at)]);
    for (const damaged of [changed, lost, doubled]) {
      if (damaged === changed && isDoneMark(at)) continue;
      await assert.rejects(
        readPerso(piecesOf(damaged, 4096), damageable, { matchSecret }),
        (error: Error) => {
          assert.doesNotMatch(error.message, /secret-\d|你好|4[123]{4}/);
          return /^(?:perso-file-damaged|perso-number-malformed)/.test(error.message);
        },
      );
    }
  }
});

/** Cards 0 and 1, the line that ends their bundle, card 2. */
function cardStart(bytes: Buffer, header: number, card: number): number {
  let at = header;
  for (let line = 0; line < (card === 2 ? 3 : card); line++) at = bytes.indexOf(0x0a, at) + 1;
  return at;
}

test('lines lost, doubled or swapped are found', async () => {
  const { text: file } = await written(damageable, columns, rows, options);
  const lines = file.trimEnd().split('\n');
  const variants = lines.flatMap((_, index) => [
    lines.toSpliced(index, 1),
    lines.toSpliced(index, 0, lines[index] as string),
    ...(index === 0
      ? []
      : [lines.toSpliced(index - 1, 2, lines[index] as string, lines[index - 1] as string)]),
  ]);
  for (const variant of variants) {
    const bytes = Buffer.from(`${variant.join('\n')}\n`);
    await assert.rejects(
      readPerso(piecesOf(bytes), damageable, { matchSecret }),
      refusalOf('perso-file-damaged'),
    );
  }
  assert.equal(variants.length, 3 * lines.length - 1);
});

test('cards that the line has marked as made are counted', async () => {
  const profile = profileOf(['a', { from: 'done-mark', name: 'done', width: 1 }], { widthIn: 'characters' });
  const bytes = Buffer.from('1,Y\n2, \n3,Y\n');
  assert.equal((await readPerso(piecesOf(bytes), profile)).done, 2);
});

test('another match secret, or another first record, does not fit', async () => {
  const { bytes } = await written(damageable, columns, rows, options);
  for (const wrong of [{ matchSecret: Buffer.alloc(16, 8) }, { matchSecret, firstRecordNo: 2 }]) {
    await assert.rejects(readPerso(piecesOf(bytes), damageable, wrong), refusalOf('perso-file-damaged'));
  }
  const check = await readPerso(piecesOf(bytes), damageable);
  assert.deepEqual(
    check.fieldsByWidth,
    ['done', 'match'],
    'without the secret, the check says what it left out',
  );
});

test('empty, cut off and endless files are refused', async () => {
  const profile = profileOf(['a']);
  for (const file of ['', '1', '1\n2', '\n', '1\r\n', '1\n\n', 'a\u0000\n']) {
    await assert.rejects(readPerso(piecesOf(Buffer.from(file)), profile), refusalOf('perso-file-damaged'));
  }
  const endless = Buffer.alloc(3 << 20, 'x');
  await assert.rejects(readPerso(piecesOf(endless, 1 << 16), profile), refusalOf('perso-file-damaged'));
  await assert.rejects(
    readPerso(piecesOf(Buffer.from([0xff, 0x0a])), profile),
    refusalOf('perso-file-damaged'),
  );
});

test('column names like those of objects are names', async () => {
  const profile = parsePersoProfile(
    JSON.parse(
      '{"version":1,"name":"p","format":"jsonl","encoding":"utf-8","lineEnd":"lf","columns":{"__proto__":{"secret":true},"constructor":{}},"fields":[{"from":"record","name":"a","value":"{__proto__}"},{"from":"log","name":"log","value":"{constructor}"}]}',
    ),
  );
  await assert.rejects(
    written(profile, ['__proto__', 'constructor'], [['1', '2']], {}),
    refusalOf('perso-encryption-missing'),
  );
  const { text: file } = await written(profile, ['__proto__', 'constructor'], [['1', '2']]);
  assert.equal(file, '{"a":"1","log":"2"}\n');
});
