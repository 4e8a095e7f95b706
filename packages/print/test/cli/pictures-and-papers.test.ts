import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { paperSchemas } from '../../src/paper/schema.ts';
import { done, header, misused, newFolder, recordLine, refused, run, write } from './running.ts';

const folder = newFolder();
const read = (name: string): Buffer => readFileSync(join(folder, name));

suite('preview', { concurrency: 2 }, () => {
  const preview = (...args: string[]) => run(['preview', '--layout', 'sample:gift-card', ...args], folder);

  test('is a PNG of the asked resolution, or an SVG', async () => {
    const [png, svg] = await Promise.all([
      preview('--side', 'front', '--dpi', '100', '--out', 'new/front.png'),
      preview('--side', 'back', '--bleed', '--guides', '--out', 'back.svg'),
    ]);
    assert.match(done(png), /^new\/front\.png [\d.]+ kB\n$/);
    done(svg);
    const header = read('new/front.png');
    assert.equal(header.subarray(1, 4).toString(), 'PNG');
    assert.deepEqual(
      [header.readUInt32BE(16), header.readUInt32BE(20)],
      [Math.round(85.6 / 0.254), Math.round(53.98 / 0.254)],
    );
    assert.match(read('back.svg').toString(), /^<svg .*<\/svg>\s*$/s);
  });

  test('shows a record’s texts, and no trace of its secrets', async () => {
    for (const [name, secret] of [
      ['a.csv', 1],
      ['b.csv', 2],
    ] as const)
      write(folder, name, `${header}\n${recordLine(1, '李四')}\n${recordLine(2, '王小明', secret)}\n`);
    const of = (records: string, record: string, side: string, out: string) =>
      preview('--records', records, '--record', record, '--side', side, '--out', out);
    const runs = await Promise.all([
      of('a.csv', '2', 'back', 'a.svg'),
      of('b.csv', '2', 'back', 'b.svg'),
      of('a.csv', '1', 'front', 'first.svg'),
      of('a.csv', '2', 'front', 'second.svg'),
    ]);
    for (const ended of runs) done(ended);
    assert.deepEqual(
      read('a.svg'),
      read('b.svg'),
      'records that differ in their secrets alone look the same',
    );
    assert.notDeepEqual(read('first.svg'), read('second.svg'));
    refused(await of('a.csv', '3', 'front', 'none.svg'), 'selection-record-absent', /record 3/);
  });

  test('takes no other ending', async () => {
    misused(await preview('--out', 'front.jpg'), /\.png or \.svg/);
  });
});

suite('label', { concurrency: 2 }, () => {
  const label = (kind: string, ...args: string[]) =>
    run(['label', '--kind', kind, '--data', `sample:${kind}`, ...args], folder);

  test('is a PDF or ZPL by its ending or by --format', async () => {
    const [pdf, zpl, other] = await Promise.all([
      label('waybill', '--out', 'waybill.pdf'),
      label('box-label', '--dpi', '300', '--out', 'box.zpl'),
      label('box-label', '--format', 'zpl', '--codes', 'bitmap', '--out', 'box.prn'),
    ]);
    for (const ended of [pdf, zpl, other]) done(ended);
    execFileSync('qpdf', ['--check', join(folder, 'waybill.pdf')], { stdio: 'ignore' });
    assert.match(execFileSync('pdftotext', [join(folder, 'waybill.pdf'), '-'], { encoding: 'utf8' }), /\*/);
    for (const name of ['box.zpl', 'box.prn']) assert.match(read(name).toString(), /^\^XA.*\^XZ\s*$/s);
  });

  test('says what to do about an unclear format, a paper that has no ZPL, and wrong data', async () => {
    write(folder, 'wrong.json', '{"version":1,"kiwi":true}');
    const [unclear, noZpl, wrong] = await Promise.all([
      label('box-label', '--out', 'box.txt'),
      label('certificate', '--out', 'certificate.zpl'),
      run(['label', '--kind', 'box-label', '--data', 'wrong.json', '--out', 'none.pdf'], folder),
    ]);
    misused(unclear, /--format/);
    refused(noZpl, 'paper-format-unsupported');
    refused(wrong, 'paper-malformed', /wrong\.json/);
  });
});

suite('schema', { concurrency: 2 }, () => {
  test('prints the schema of every kind of file', async () => {
    for (const kind of ['layout', 'press', 'perso', Object.keys(paperSchemas)[0]!]) {
      const schema = JSON.parse(done(await run(['schema', kind], folder)));
      assert.equal(schema.type, 'object');
      assert.ok(schema.required.includes('version'), kind);
    }
  });
});
