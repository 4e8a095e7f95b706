import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  filesUnder,
  giftCards,
  header,
  misused,
  newFolder,
  recordLine,
  refused,
  run,
  sample,
  write,
} from './running.ts';

const folder = newFolder();
const pdf = ['pdf', ...sample, ...giftCards, '--out', 'none'];
const withOther = (option: string, value: string): string[] => pdf.with(pdf.indexOf(option) + 1, value);

suite('wrong usage is told with the usage, and nothing is done', { concurrency: 2 }, () => {
  const wrong: readonly (readonly [string[], RegExp])[] = [
    [['print'], /unknown command 'print'/],
    [['pdf', ...sample], /--layout/],
    [[...pdf, '--colour'], /unknown option '--colour'/],
    [[...pdf, 'more'], /too many arguments/],
    [[...pdf, '--threads', 'many'], /--threads.* 0 to 256/],
    [[...pdf, '--encoding', 'latin1'], /--encoding.*gb18030/],
    [[...pdf, '--font', 'house.ttf'], /--font.*NAME=FILE/],
    [[...pdf, '--job', 'a\u202eb'], /--job/],
    [[...pdf, '--range', '1', '--remake', 'x.txt'], /--range.*--remake/],
    [[...pdf, '--remake-by', 'card_no'], /--remake-by needs --remake/],
    [['perso', ...sample, '--profile', 'sample:line-csv', '--out', 'none', '--id', '../up'], /--id/],
    [
      [
        'perso',
        ...sample,
        '--profile',
        'sample:line-csv',
        '--out',
        'none',
        '--unencrypted',
        '--encrypt-to',
        'k',
      ],
      /--unencrypted.*--encrypt-to/,
    ],
    [['label', '--kind', 'menu', '--data', 'x', '--out', 'x.pdf'], /--kind.*box-label/],
  ];
  for (const [args, says] of wrong)
    test(args.slice(0, 1).concat(args.slice(-2)).join(' '), async () =>
      misused(await run(args, folder), says),
    );
});

suite('refusals are one line, with the place, and leave nothing', { concurrency: 2 }, () => {
  test('files that are missing, or are not what they should be', async () => {
    write(folder, 'broken.json', '{"version": 1,\n');
    write(folder, 'empty.json', '{}');
    const cases: readonly (readonly [string, string, string, RegExp])[] = [
      ['--records', 'nowhere.csv', 'records-file-unreadable', /nowhere\.csv: ENOENT/],
      ['--records', 'cards.xlsx', 'records-file-unreadable', /cards\.xlsx/],
      ['--records', 'sample:gift', 'input-unreadable', /sample:sample-100/],
      ['--layout', 'nowhere.json', 'input-unreadable', /nowhere\.json: ENOENT/],
      ['--layout', 'sample:../gift', 'input-unreadable', /sample:code-card, sample:gift-card/],
      ['--layout', 'broken.json', 'input-not-json', /broken\.json: .*line 2/],
      ['--layout', 'empty.json', 'layout-malformed', /empty\.json/],
      ['--press', 'broken.json', 'press-malformed', /broken\.json/],
    ];
    for (const [option, value, code, says] of cases)
      refused(await run(withOther(option, value), folder), code, says);
  });

  test('records that are unsafe or do not fit, their secrets kept back', async () => {
    const cases: readonly (readonly [string, string, string, RegExp])[] = [
      [
        'bell',
        recordLine(2).replace('5432', '5432\u0007'),
        'record-text-unsafe',
        /record 2: line 3: password/,
      ],
      ['bidi', recordLine(2, '张\u202e三'), 'record-text-unsafe', /record 2: line 3: name/],
      ['ragged', `${recordLine(2)},more`, 'record-fields-uneven', /record 2: line 3/],
      ['letters', recordLine(2).replace('5432', 'a432'), 'password-unfit', /record 2/],
      ['glyph', recordLine(2, '\u{20abc}'), 'text-glyph-missing', /record 2/],
      ['long', recordLine(2, '长'.repeat(4000)), 'record-text-too-long', /record 2/],
    ];
    for (const [name, line, code, says] of cases) {
      write(folder, `${name}.csv`, `${header}\n${recordLine(1)}\n${line}\n`);
      refused(await run(withOther('--records', `${name}.csv`), folder), code, says);
    }
  });

  test('an output that cannot be written', async () => {
    write(folder, 'file', 'in the way');
    const [below, same, preview] = await Promise.all([
      run(withOther('--out', 'file/below'), folder),
      run(withOther('--out', 'file'), folder),
      run(['preview', '--layout', 'sample:minimal', '--out', 'file/a.svg'], folder),
    ]);
    refused(below, 'output-unwritable', /file\/below/);
    refused(same, 'output-unwritable', /file/);
    refused(preview, 'output-unwritable', /file/);
  });

  test('a name that would write on the terminal', async () => {
    const { stderr } = await run(withOther('--layout', '\u001b[2Jx\ny.json'), folder);
    assert.match(stderr, /^input-unreadable: [^\u001b\n]*\n$/);
  });

  test('leave no file', () => {
    assert.deepEqual(
      filesUnder(folder).filter((name) => /^none|\.part|\.pdf/.test(name)),
      [],
    );
  });
});
