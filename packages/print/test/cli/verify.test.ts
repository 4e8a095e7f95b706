import assert from 'node:assert/strict';
import { cpSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, suite, test } from 'node:test';
import { done, newFolder, packageFile, refused, run, sample } from './running.ts';

suite('verify', { concurrency: 2 }, () => {
  const folder = newFolder();
  const press = 'press.json';
  before(async () => {
    const digital = JSON.parse(readFileSync(packageFile('samples/presses/digital-sra3.json'), 'utf8'));
    writeFileSync(join(folder, press), JSON.stringify({ ...digital, sheetsPerFile: 2 }));
    const made = await run(
      ['impose', ...sample, '--layout', 'sample:minimal', '--press', press, '--out', 'made'],
      folder,
    );
    assert.match(
      done(made),
      /^100 张卡 cards on 5 大张 sheets \(5 页 pages\), 0 空位 VOID\n3 个文件 files in made/,
    );
  });

  let copies = 0;
  function changed(change: (copy: string) => void): Promise<Awaited<ReturnType<typeof run>>> {
    const copy = `copy-${++copies}`;
    cpSync(join(folder, 'made'), join(folder, copy), { recursive: true });
    change(join(folder, copy));
    return run(['verify', copy], folder);
  }

  test('finds a whole run whole, by its folder or its manifest', async () => {
    const [byFolder, byManifest] = await Promise.all([
      run(['verify', 'made'], folder),
      run(['verify', 'made/manifest.json', '--json'], folder),
    ]);
    assert.equal(done(byFolder), '完好 whole: made/manifest.json\n');
    assert.deepEqual(JSON.parse(done(byManifest)), { manifestPath: 'made/manifest.json', problems: [] });
  });

  const changes: readonly (readonly [string, RegExp, (copy: string) => void])[] = [
    [
      'a byte that flipped',
      /^0002-print\.pdf: SHA-256 不符 · SHA-256 differs/,
      (copy) => {
        const path = join(copy, '0002-print.pdf');
        const bytes = readFileSync(path);
        bytes[bytes.length >> 1]! ^= 1;
        writeFileSync(path, bytes);
      },
    ],
    ['a file that is gone', /^0003-print\.pdf: 文件无法读取/, (copy) => rmSync(join(copy, '0003-print.pdf'))],
    [
      'a file that was cut',
      /^0001-print\.pdf: 字节数不符/,
      (copy) => truncateSync(join(copy, '0001-print.pdf'), 5000),
    ],
    [
      'a record that changed its place',
      /^places\.csv: /,
      (copy) => {
        const path = join(copy, 'places.csv');
        writeFileSync(path, readFileSync(path, 'latin1').replace('\r\n7,', '\r\n8,'));
      },
    ],
  ];
  for (const [what, says, change] of changes)
    test(`finds ${what}, and names the file`, async () => {
      const { code, stdout, stderr } = await changed(change);
      assert.deepEqual([code, stderr], [1, '']);
      assert.match(stdout, says);
      assert.match(stdout, /勿上机.*do not print/);
    });

  test('refuses what is no manifest', async () => {
    const [nowhere, broken] = await Promise.all([
      run(['verify', 'nowhere'], folder),
      changed((copy) => truncateSync(join(copy, 'manifest.json'), 100)),
    ]);
    refused(nowhere, 'input-unreadable', /nowhere: ENOENT/);
    refused(broken, 'manifest-malformed', /manifest\.json/);
  });
});
