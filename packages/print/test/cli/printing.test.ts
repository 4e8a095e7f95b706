import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, suite, test } from 'node:test';
import type { RunManifest } from '../../src/imposition/manifest.ts';
import { codesOn, drawnPages, textsOf } from '../run/reading.ts';
import {
  done,
  filesUnder,
  giftCards,
  header,
  holdsNoSecret,
  newFolder,
  packageFile,
  recordLine,
  refused,
  run,
  sample,
  write,
} from './running.ts';

const folder = newFolder();
const onSheets = ['--layout', 'sample:gift-card', '--press', 'sample:digital-sra3'];
const minimal = ['--layout', 'sample:minimal', '--press', 'sample:one-up-600dpi'];
const manifestIn = (name: string): RunManifest =>
  JSON.parse(readFileSync(join(folder, name, 'manifest.json'), 'utf8'));
const pdfIn = (name: string): Buffer => readFileSync(join(folder, name, '0001-print.pdf'));
const recordNosIn = (name: string): number[] =>
  readFileSync(join(folder, name, 'places.csv'), 'latin1')
    .split('\r\n')
    .slice(1, -1)
    .map((line) => Number(line.split(',')[0]));
const words = (text: string): string => text.replaceAll(/\s+/g, '');

suite('pdf and impose', { concurrency: 2 }, () => {
  test('say in JSON what they made, of JSON lines as of CSV', async () => {
    const [csv, jsonl] = await Promise.all([
      run(['pdf', ...sample, ...giftCards, '--out', 'csv', '--json'], folder),
      run(['pdf', '--records', 'sample:sample-100.jsonl', ...giftCards, '--out', 'jsonl', '--json'], folder),
    ]);
    const summary = JSON.parse(done(csv));
    assert.deepEqual(summary.totals, { records: 100, voids: 0, sheets: 100, files: 1 });
    assert.deepEqual(
      [summary.manifestPath, summary.filesKept, summary.warnings],
      ['csv/manifest.json', 0, []],
    );
    assert.equal(summary.bytes, pdfIn('csv').length);
    assert.ok(summary.seconds > 0);
    holdsNoSecret(csv.stdout);
    assert.deepEqual(JSON.parse(done(jsonl)).totals, summary.totals);
    assert.equal(manifestIn('jsonl').source.sha256, manifestIn('csv').source.sha256);
    const pages = execFileSync('qpdf', ['--show-npages', join(folder, 'csv/0001-print.pdf')], {
      encoding: 'utf8',
    });
    assert.equal(pages.trim(), '200');
  });

  test('read GB18030, rare names among it, and refuse it where it is taken for UTF-8', async () => {
    const text = `${header}\n${recordLine(1, '王小明')}\n`;
    const gb = execFileSync('iconv', ['-f', 'UTF-8', '-t', 'GB18030'], {
      input: `${text}${recordLine(2, '𠮷䶮')}\n`,
    });
    write(folder, 'gb.csv', gb);
    const [read, taken] = await Promise.all([
      run(['pdf', '--records', 'gb.csv', '--encoding', 'GBK', ...giftCards, '--out', 'gb'], folder),
      run(['pdf', '--records', 'gb.csv', ...giftCards, '--out', 'not-utf-8'], folder),
    ]);
    assert.match(
      done(read),
      /^2 张卡 cards, 4 页 pages\n1 个文件 file in gb, [\d.]+ kB\n用时 took .*\n清单 manifest gb\/manifest\.json\n$/,
    );
    const [first, , second] = textsOf(pdfIn('gb')).map(words);
    assert.match(first!, /王小明/);
    assert.match(second!, /𠮷䶮/);
    refused(taken, 'records-encoding-wrong', /gb\.csv: record 1: line 2/, /gb18030/);
  });

  test('take the records of a range or a list, with their numbers', async () => {
    write(folder, 'numbers.txt', '31\n7\r\n');
    write(folder, 'keys.txt', '6200000000000031\n6200000000000007\n');
    const [range, numbers, keys] = await Promise.all([
      run(['impose', ...sample, ...onSheets, '--range', '7,31-33', '--out', 'range'], folder),
      run(['pdf', ...sample, ...minimal, '--remake', 'numbers.txt', '--out', 'numbers'], folder),
      run(
        ['pdf', ...sample, ...minimal, '--remake', 'keys.txt', '--remake-by', 'card_no', '--out', 'keys'],
        folder,
      ),
    ]);
    assert.match(done(range), /^4 张卡 cards on 1 大张 sheet \(2 页 pages\), 16 空位 VOID\n/);
    done(numbers);
    done(keys);
    assert.deepEqual(recordNosIn('range'), [7, 31, 32, 33]);
    assert.deepEqual(recordNosIn('numbers'), [7, 31]);
    assert.deepEqual(recordNosIn('keys'), [7, 31]);
    assert.deepEqual(textsOf(pdfIn('keys')).map(words), ['6200000000000007', '6200000000000031']);
  });

  test('refuse numbers and keys that are not there, and leave nothing', async () => {
    write(folder, 'absent.txt', '7\n101\n');
    write(folder, 'secret-keys.txt', '9876000154320001\n9876999954329999\n');
    const of = (...args: string[]) => run(['pdf', ...sample, ...giftCards, '--out', 'none', ...args], folder);
    const [range, list, key, undeclared, malformed] = await Promise.all([
      of('--range', '100-101'),
      of('--remake', 'absent.txt'),
      of('--remake', 'secret-keys.txt', '--remake-by', 'password'),
      // A layout that does not speak of the column does not say either that it may be shown.
      of('--remake', 'secret-keys.txt', '--remake-by', 'password', ...minimal),
      of('--range', '5-1'),
    ]);
    refused(range, 'selection-record-absent', /record 101/);
    refused(list, 'selection-record-absent', /record 101/);
    for (const each of [key, undeclared]) {
      refused(each, 'selection-record-absent', /key 2 of the list/);
      assert.doesNotMatch(each.stderr, /9876/);
    }
    refused(malformed, 'selection-malformed');
    assert.ok(filesUnder(folder).every((name) => !name.startsWith('none')));
  });

  test('refuse a number or a secret that comes twice, and do not show the secret', async () => {
    write(
      folder,
      'twice.csv',
      `${header}\n${recordLine(1)}\n${recordLine(2)}\n${recordLine(3, '李四', 1)}\n${recordLine(2)}\n`,
    );
    const by = (column: string) =>
      run(['pdf', '--records', 'twice.csv', '--unique-by', column, ...giftCards, '--out', 'none'], folder);
    const [cardNo, password] = await Promise.all([by('card_no'), by('password')]);
    refused(cardNo, 'record-duplicate', /record 4/, /card_no/);
    refused(password, 'record-duplicate', /record 3/, /password/);
  });

  test('take a font of the user’s own by the name that the layout gives it', async () => {
    const layout = JSON.parse(readFileSync(packageFile('samples/layouts/minimal.json'), 'utf8'));
    layout.front[0].font = 'house';
    write(folder, 'house.json', JSON.stringify(layout));
    const font = packageFile('fonts/JetBrainsMono-Regular.ttf');
    const args = [
      'pdf',
      ...sample,
      '--layout',
      'house.json',
      '--press',
      'sample:one-up-600dpi',
      '--out',
      'house',
    ];
    const [without, given, absent] = await Promise.all([
      run(args, folder),
      run([...args.slice(0, -1), 'own', '--font', `house=${font}`], folder),
      run([...args, '--font', 'house=nowhere.ttf'], folder),
    ]);
    refused(without, 'layout-font-missing', /house/);
    done(given);
    assert.match(
      execFileSync('pdffonts', [join(folder, 'own/0001-print.pdf')], { encoding: 'utf8' }),
      /\+JetBrainsMono/,
    );
    refused(absent, 'font-unreadable', /nowhere\.ttf/);
  });

  test('need a sheet to impose on', async () => {
    refused(
      await run(['impose', ...sample, ...giftCards, '--out', 'none'], folder),
      'press-lacks-sheet',
      /one-up-600dpi/,
    );
  });

  test('go on in a folder of the same run, and refuse one of another', async () => {
    const args = ['pdf', ...sample, ...minimal, '--range', '1-3', '--out', 'again'];
    done(await run(args, folder));
    const [again, other] = await Promise.all([
      run([...args, '--json'], folder),
      run(args.with(args.indexOf('1-3'), '2-3'), folder),
    ]);
    assert.equal(JSON.parse(done(again)).filesKept, 1);
    refused(other, 'run-folder-taken', /again/);
  });
});

suite('proof', { concurrency: 2 }, () => {
  let said: string;
  before(async () => {
    said = done(await run(['proof', ...sample, ...giftCards, '--range', '5-9', '--out', 'proof'], folder));
  });

  test('shows the first three of the asked records, marked, with no secret', async () => {
    assert.match(said, /样张.*\n3 张卡 cards, 6 页 pages\n/);
    assert.deepEqual(recordNosIn('proof'), [5, 6, 7]);
    const texts = textsOf(pdfIn('proof')).map(words);
    for (const text of texts) {
      assert.match(text, /PROOF/);
      holdsNoSecret(text);
    }
    assert.match(texts[0]!, /赵𠮷/);
    let pages = 0;
    for (const page of drawnPages(pdfIn('proof'), 200, { first: 1, step: 2 })) {
      const codes = await codesOn(page, 'QRCode');
      assert.equal(codes.length, 1);
      assert.doesNotMatch(codes[0]!.text, /test-only|https/);
      pages++;
    }
    assert.equal(pages, 3);
    const plain = execFileSync(
      'qpdf',
      ['--qdf', '--object-streams=disable', join(folder, 'proof/0001-print.pdf'), '-'],
      { maxBuffer: 2 ** 26 },
    );
    holdsNoSecret(plain.toString('latin1'));
  });

  test('shows all where there are fewer than three', async () => {
    write(folder, 'one.csv', `${header}\n${recordLine(1)}\n`);
    const one = await run(['proof', '--records', 'one.csv', ...giftCards, '--out', 'one', '--json'], folder);
    assert.equal(JSON.parse(done(one)).totals.records, 1);
    write(folder, 'none.csv', `${header}\n`);
    refused(
      await run(['proof', '--records', 'none.csv', ...giftCards, '--out', 'none'], folder),
      'records-empty',
    );
  });
});
