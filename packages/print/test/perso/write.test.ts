import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { checkDigits } from '../../src/perso/check-digits.ts';
import type { PersoField } from '../../src/perso/schema.ts';
import { profileOf, refusalOf, written } from './given.ts';

const cards = (count: number): string[][] =>
  Array.from({ length: count }, (_, index) => [String(1000 + index), `p${index}`]);
const pad = { side: 'left', character: '0' } as const;

test('CSV: header, fields in order, line ends', async () => {
  const profile = profileOf(['password', 'no'], { header: true, lineEnd: 'crlf' });
  const { text, summary } = await written(profile, ['no', 'password'], cards(2));
  assert.equal(text, 'password,no\r\np0,1000\r\np1,1001\r\n');
  assert.equal(summary.records, 2);
  assert.equal(summary.file.sha256, createHash('sha256').update(text).digest('hex'));
});

test('CSV: a byte order mark, another separator, quotes as the profile says', async () => {
  const rows = [['a"b', 'c;d', 'e,f']];
  const quoted = profileOf(['a', 'b', 'c'], { separator: ';', quotes: 'where-needed', byteOrderMark: true });
  assert.equal((await written(quoted, ['a', 'b', 'c'], rows)).text, '\ufeff"a""b";"c;d";e,f\n');
  const always = profileOf(['a', 'b'], { quotes: 'always', header: true });
  assert.equal((await written(always, ['a', 'b'], [['1', '"']])).text, '"a","b"\n"1",""""\n');
  const never = profileOf(['a', 'b', 'c'], { separator: ';' });
  await assert.rejects(written(never, ['a', 'b', 'c'], rows), refusalOf('perso-value-separator', 'a', 1));
  await assert.rejects(
    written(never, ['a', 'b', 'c'], [['1', '2;', '3']]),
    refusalOf('perso-value-separator', 'b', 1),
  );
});

test('fixed width: bytes and characters count differently', async () => {
  const name = {
    from: 'record',
    name: 'name',
    value: '{name}',
    width: 6,
    pad: { side: 'right', character: ' ' },
  } as const;
  const inBytes = { format: 'fixed-width', widthIn: 'bytes', columns: { name: {} } } as const;
  const gb = profileOf([name], { ...inBytes, encoding: 'gb18030' });
  assert.equal((await written(gb, ['name'], [['你好']])).bytes.toString('hex'), 'c4e3bac320200a');
  assert.equal((await written(gb, ['name'], [['𠀀你']])).bytes.toString('hex'), '95328236c4e30a');
  await assert.rejects(written(gb, ['name'], [['𠀀你a']]), refusalOf('perso-value-too-wide', 'name', 1));
  const utf8 = profileOf([name], inBytes);
  assert.equal((await written(utf8, ['name'], [['你好']])).text, '你好\n');
  await assert.rejects(written(utf8, ['name'], [['你好a']]), refusalOf('perso-value-too-wide', 'name', 1));
  const characters = profileOf([name], { ...inBytes, widthIn: 'characters' });
  assert.equal((await written(characters, ['name'], [['𠀀你好']])).text, '𠀀你好   \n');
});

test('nothing is cut, and nothing is padded unasked', async () => {
  const exact = profileOf([{ from: 'record', name: 'pin', value: '{pin}', width: 4 }], {
    widthIn: 'characters',
    columns: { pin: {} },
  });
  assert.equal((await written(exact, ['pin'], [['0012']])).text, '0012\n');
  await assert.rejects(
    written(exact, ['pin'], [['0012'], ['00123']]),
    refusalOf('perso-value-too-wide', 'pin', 2),
  );
  await assert.rejects(written(exact, ['pin'], [['012']]), refusalOf('perso-value-too-narrow', 'pin', 1));
  await assert.rejects(written(exact, ['pin'], [['']]), refusalOf('perso-value-empty', 'pin', 1));
});

test('padding that could not be told from the text is refused', async () => {
  const field = (side: 'left' | 'right', character: string): PersoField =>
    ({ from: 'record', name: 'a', value: '{a}', width: 5, pad: { side, character } }) as const;
  const rest = { widthIn: 'characters', columns: { a: {} } } as const;
  assert.equal((await written(profileOf([field('left', '*')], rest), ['a'], [['x*']])).text, '***x*\n');
  for (const [side, character, text] of [
    ['left', '*', '*x'],
    ['right', ' ', 'x '],
    ['right', '_', 'abcd_'],
  ] as const) {
    const profile = profileOf([field(side, character)], rest);
    await assert.rejects(written(profile, ['a'], [[text]]), refusalOf('perso-padding-ambiguous', 'a', 1));
  }
});

test('sequences go on where the former file ended', async () => {
  const profile = profileOf([{ from: 'sequence', name: 'no', start: 100, width: 5, pad }, 'a'], {
    widthIn: 'characters',
  });
  assert.equal((await written(profile, ['a'], [['x'], ['y']])).text, '00100,x\n00101,y\n');
  const second = await written(profile, ['a'], [['z']], { firstRecordNo: 3 });
  assert.equal(second.text, '00102,z\n');
});

test('templates, constants and cases', async () => {
  const profile = profileOf(
    [
      { from: 'record', name: 'text', value: '面值 {par} 元 {{}}' },
      { from: 'record', name: 'kind', value: 'GIFT' },
      { from: 'record', name: 'up', value: '{code}', case: 'upper' },
      { from: 'record', name: 'low', value: '{code}', case: 'lower' },
    ],
    { columns: { par: {}, code: {} } },
  );
  assert.equal(
    (await written(profile, ['code', 'par'], [['aBß1', '50']])).text,
    '面值 50 元 {},GIFT,ABß1,abß1\n',
  );
});

test('check digits are verified and appended', async () => {
  const luhn = { from: 'record', name: 'card', value: '{card}' } as const;
  const columns = { columns: { card: {} } };
  const verify = profileOf([{ ...luhn, check: { scheme: 'luhn', do: 'verify' } }], columns);
  assert.equal((await written(verify, ['card'], [['4111111111111111']])).text, '4111111111111111\n');
  await assert.rejects(
    written(verify, ['card'], [['4111111111111111'], ['4111111111111112']]),
    refusalOf('perso-check-digit-wrong', 'card', 2),
  );
  const append = profileOf([{ ...luhn, check: { scheme: 'mod-97-10', do: 'append' } }], columns);
  assert.equal((await written(append, ['card'], [['794']])).text, `794${checkDigits('mod-97-10', '794')}\n`);
  await assert.rejects(written(append, ['card'], [['79A']]), refusalOf('perso-number-malformed', 'card', 1));
});

for (const count of [1, 2, 3, 4, 6, 7]) {
  test(`bundles of 3 are marked, ${count} cards`, async () => {
    const mark = { from: 'bundle-end', name: 'end', last: 'E', other: '.' } as const;
    const profile = profileOf(['no', mark], { bundle: { size: 3, marker: '#END' } });
    const { text, summary } = await written(profile, ['no', 'password'], cards(count));
    const expected: string[] = [];
    for (let index = 0; index < count; index++) {
      const isEnd = index % 3 === 2 || index === count - 1;
      expected.push(`${1000 + index},${isEnd ? 'E' : '.'}`);
      if (isEnd) expected.push(`#END,${Math.floor(index / 3) + 1},${(index % 3) + 1}`);
    }
    assert.equal(text, `${expected.join('\n')}\n`);
    assert.equal(summary.bundles, Math.ceil(count / 3));
  });
}

test('the line of totals counts, adds up and hashes what stands before it', async () => {
  const rows = [
    ['999999999999999999999999999', 'a'],
    ['1', 'b'],
    ['12345678901', 'c'],
  ];
  const sum = (10n ** 27n - 1n + 1n + 12345678901n).toString();
  const totals = { totals: { marker: '#TOTAL', sum: 'no' } };
  const { text, summary } = await written(profileOf(['no', 'b'], totals), ['no', 'b'], rows);
  const lines = text.trimEnd().split('\n');
  const before = `${lines.slice(0, -1).join('\n')}\n`;
  assert.equal(lines.at(-1), `#TOTAL,3,${sum},${createHash('sha256').update(before).digest('hex')}`);
  assert.equal(summary.sum, sum);
  for (const wrong of ['1.5', '-1', '1'.repeat(28), '１']) {
    await assert.rejects(
      written(profileOf(['no', 'b'], { ...totals, quotes: 'always', ...allow }), ['no', 'b'], [[wrong, 'a']]),
      refusalOf('perso-number-malformed', 'no', 1),
    );
  }
});
const allow = { fields: [{ from: 'record' as const, name: 'no', value: '{no}', formula: 'allow' as const }] };

test('a card that looks like a marker line is refused', async () => {
  const profile = profileOf(['no', 'b'], { totals: { marker: '#TOTAL' } });
  await assert.rejects(
    written(profile, ['no', 'b'], [['#TOTAL', 'x']]),
    refusalOf('perso-value-separator', 'no', 1),
  );
});

test('formulas are refused for machines unless the profile lets them', async () => {
  for (const text of ['=1+1', '+8613800000000', '-5', '@SUM(A1)', '＝1', '＋1', '－1', '＠x']) {
    await assert.rejects(
      written(profileOf(['a']), ['a'], [[text]]),
      refusalOf('perso-value-formula', 'a', 1),
    );
    const fixed = profileOf([{ from: 'record', name: 'a', value: '{a}' }], {
      format: 'jsonl',
      columns: { a: {} },
    });
    assert.equal(JSON.parse((await written(fixed, ['a'], [[text]])).text).a, text);
  }
  const field = { from: 'record', name: 'a', value: '{a}' } as const;
  const columns = { columns: { a: {} } };
  const numbers = profileOf([{ ...field, formula: 'signed-number' }], columns);
  assert.equal((await written(numbers, ['a'], [['-5.50'], ['+3']])).text, '-5.50\n+3\n');
  await assert.rejects(written(numbers, ['a'], [['-5+cmd']]), refusalOf('perso-value-formula', 'a', 1));
  const any = profileOf([{ ...field, formula: 'allow' }], columns);
  assert.equal((await written(any, ['a'], [['=x']])).text, '=x\n');
});

test('hostile texts are refused with the number of their record', async () => {
  for (const text of [
    'a\nb',
    'a\r',
    '\tx',
    'a\0',
    '\u202e123',
    'a\u200bb',
    '\u2028',
    '\ud800',
    '\ufffd',
    '\ue000',
  ]) {
    for (const format of ['csv', 'jsonl'] as const) {
      const profile = profileOf(['a'], { format });
      await assert.rejects(
        written(profile, ['a'], [['ok'], [text]]),
        refusalOf('record-text-unsafe', 'a', 2),
      );
    }
  }
  const long = [['x'.repeat(10_000)]];
  await assert.rejects(written(profileOf(['a']), ['a'], long), refusalOf('record-text-too-long', 'a', 1));
  await assert.rejects(written(profileOf(['a']), ['a'], [['1', '2']]), refusalOf('record-fields-uneven'));
});

test("a character that holds the separator's byte in GB18030 is refused", async () => {
  assert.equal(new TextDecoder('gb18030').decode(Buffer.from([0x82, 0x7c])), '倈');
  const profile = profileOf(['a', 'b'], { encoding: 'gb18030', separator: '|' });
  assert.equal((await written(profile, ['a', 'b'], [['你', '1']])).bytes.toString('hex'), 'c4e37c310a');
  await assert.rejects(
    written(profile, ['a', 'b'], [['1', '倈']]),
    refusalOf('perso-value-separator', 'b', 1),
  );
});

test('a source without the column, or without a card, is refused', async () => {
  await assert.rejects(
    written(profileOf(['a']), ['b'], [['1']]),
    refusalOf('record-field-missing', 'fields[0].value'),
  );
  await assert.rejects(written(profileOf(['a']), ['a'], []), refusalOf('records-empty'));
});

test('match keys need a secret, and change with it', async () => {
  const profile = profileOf(['a', { from: 'match-key', name: 'm', value: '{a}', characters: 10 }]);
  await assert.rejects(written(profile, ['a'], [['1']]), refusalOf('perso-match-secret-missing'));
  const short = { matchSecret: Buffer.alloc(15) };
  await assert.rejects(written(profile, ['a'], [['1']], short), refusalOf('perso-match-secret-missing'));
  const keys = [];
  for (const fill of [1, 2]) {
    const { text } = await written(profile, ['a'], [['1'], ['2'], ['1']], {
      matchSecret: Buffer.alloc(16, fill),
    });
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => line.split(',')[1]);
    assert.match(lines[0] ?? '', /^[0-9A-HJKMNP-TV-Z]{10}$/);
    assert.equal(lines[0], lines[2]);
    assert.notEqual(lines[0], lines[1]);
    keys.push(lines[0]);
  }
  assert.notEqual(keys[0], keys[1]);
});

test('done marks are blanks to be overwritten', async () => {
  const profile = profileOf(['a', { from: 'done-mark', name: 'done', width: 3 }], { widthIn: 'characters' });
  assert.equal((await written(profile, ['a'], [['1']])).text, '1,   \n');
});

test('a file with secrets is not written in the clear unawares', async () => {
  const profile = profileOf(['a'], { columns: { a: { secret: true } } });
  await assert.rejects(written(profile, ['a'], [['1']], {}), refusalOf('perso-encryption-missing'));
});

test('a log string that a spreadsheet would compute is refused as a text is', async () => {
  const log = { from: 'log', name: 'log', value: '{name}' } as const;
  const profile = profileOf(['no', log], { columns: { no: {}, name: {} } });
  const rowOf = (name: string): string[][] => [['1', name]];
  await assert.rejects(
    written(profile, ['no', 'name'], rowOf('=1+1')),
    refusalOf('perso-value-formula', 'log'),
  );
  assert.equal((await written(profile, ['no', 'name'], rowOf('1=1'))).text, '1,1=1\n');
});
