import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { sheetRows } from '../perso/unzipped.ts';
import { done, filesUnder, holdsNoSecret, newFolder, refused, run, sample, write } from './running.ts';

const folder = newFolder();
const inFolder = (name: string): string => join(folder, name);
const perso = (...args: string[]) => run(['perso', ...sample, ...args], folder);
const ofLine = ['--profile', 'sample:line-csv'];
const firstCard =
  '00000001,6200000000000001,9876000154320001,https://example.invalid/card/6200000000000001?k=test-only-0001,50,0, ,card 6200000000000001';

function holdsAllCards(plain: string): void {
  const lines = plain.split('\r\n');
  assert.equal(lines[1], firstCard);
  assert.equal(lines.filter((line) => /^\d{8},6200/.test(line)).length, 100);
}

suite('perso', { concurrency: 2 }, () => {
  test('encrypts to an age recipient, in a file or as it is, and age opens it', async () => {
    const identity = execFileSync('age-keygen', { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    const recipient = /age1\w+/.exec(identity)![0];
    write(folder, 'age.key', identity);
    write(folder, 'age.pub', `# press\n${recipient}\n`);
    const [file, text, secret] = await Promise.all([
      perso(...ofLine, '--encrypt-to', 'age.pub', '--out', 'age', '--id', 'job-17'),
      perso(...ofLine, '--encrypt-to', recipient, '--out', 'age-text', '--json'),
      perso(...ofLine, '--encrypt-to', /AGE-SECRET-KEY-\w+/.exec(identity)![0], '--out', 'none'),
    ]);
    assert.ok(done(file).includes(`已加密 encrypted to age ${recipient}\nage/job-17.csv.age `), file.stdout);
    const summary = JSON.parse(done(text));
    assert.deepEqual(
      [summary.path, summary.records, summary.encryptedTo],
      ['age-text/cards.csv.age', 100, { kind: 'age', fingerprint: recipient }],
    );
    for (const { stdout } of [file, text]) holdsNoSecret(stdout);
    for (const path of ['age/job-17.csv.age', summary.path]) {
      holdsNoSecret(readFileSync(inFolder(path), 'latin1'));
      const plain = execFileSync('age', ['--decrypt', '--identity', inFolder('age.key'), inFolder(path)]);
      holdsAllCards(plain.toString());
      assert.match(done(await run(['perso-verify', '-', ...ofLine], folder, plain)), /^完好 whole: 100 /);
    }
    refused(secret, 'perso-key-private');
    assert.doesNotMatch(secret.stderr, /AGE-SECRET/);
  });

  test('encrypts to an OpenPGP key, and gpg opens it', async () => {
    const home = inFolder('gpg');
    mkdirSync(home, { mode: 0o700 });
    const gpg = (...args: string[]) =>
      execFileSync('gpg', ['--homedir', home, '--batch', '--quiet', ...args], {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
    try {
      gpg(
        '--passphrase',
        '',
        '--quick-generate-key',
        'press@example.invalid',
        'future-default',
        'default',
        'never',
      );
      write(folder, 'press.asc', gpg('--armor', '--export'));
      write(folder, 'private.asc', gpg('--passphrase', '', '--armor', '--export-secret-keys'));
      const [sealed, secret] = await Promise.all([
        perso(...ofLine, '--encrypt-to', 'press.asc', '--out', 'pgp'),
        perso(...ofLine, '--encrypt-to', 'private.asc', '--out', 'none'),
      ]);
      assert.match(done(sealed), /已加密 encrypted to openpgp [0-9A-F]{40}\npgp\/cards\.csv\.pgp /);
      holdsAllCards(gpg('--decrypt', inFolder('pgp/cards.csv.pgp')).toString());
      refused(secret, 'perso-key-private', /private\.asc/);
    } finally {
      execFileSync('gpgconf', ['--homedir', home, '--kill', 'all']);
    }
  });

  test('writes no secret in the clear unless told to', async () => {
    refused(await perso(...ofLine, '--out', 'none'), 'perso-encryption-missing', /line-csv/);
    assert.ok(filesUnder(folder).every((name) => !name.startsWith('none')));
  });

  test('writes match keys with the secret of a file, and perso-verify checks them', async () => {
    const fixed = ['--profile', 'sample:line-fixed-gb18030'];
    write(folder, 'match.key', `${'5a'.repeat(32)}\n`);
    write(folder, 'other.key', `${'5b'.repeat(32)}\n`);
    write(folder, 'bad.key', 'not hexadecimal');
    const to = (name: string) => ['--unencrypted', '--out', name];
    done(await perso(...fixed, '--match-secret', 'match.key', '--first-no', '501', ...to('fixed')));
    const check = (...args: string[]) => run(['perso-verify', 'fixed/cards.txt', ...fixed, ...args], folder);
    const [whole, unkeyed, otherKey, badKey, noKey] = await Promise.all([
      check('--match-secret', 'match.key', '--first-no', '501', '--json'),
      check('--first-no', '501'),
      check('--match-secret', 'other.key', '--first-no', '501'),
      perso(...fixed, '--match-secret', 'bad.key', ...to('none')),
      perso(...fixed, ...to('none')),
    ]);
    assert.equal(JSON.parse(done(whole)).records, 100);
    assert.match(done(unkeyed), /仅核对宽度 checked by width only: match/);
    refused(otherKey, 'perso-file-damaged', /fixed\/cards\.txt/);
    refused(badKey, 'perso-match-secret-malformed', /bad\.key/);
    refused(noKey, 'perso-match-secret-missing');
    const first = readFileSync(inFolder('fixed/cards.txt')).subarray(0, 8).toString();
    assert.equal(first, '00000501');
  });

  test('perso-verify finds a changed file, perso-lock a changed profile', async () => {
    done(await perso(...ofLine, '--unencrypted', '--out', 'plain'));
    const plain = readFileSync(inFolder('plain/cards.csv'), 'utf8');
    holdsAllCards(plain);
    write(folder, 'changed.csv', plain.replace(',9876000154320001,', ',9876000154320002,'));
    const locked = done(await run(['perso-lock', 'sample:line-csv'], folder));
    write(folder, 'locked.json', locked);
    write(folder, 'changed.json', locked.replace('"size": 100', '"size": 50'));
    const [damaged, kept, changed] = await Promise.all([
      run(['perso-verify', 'changed.csv', ...ofLine], folder),
      perso('--profile', 'locked.json', '--unencrypted', '--out', 'locked'),
      perso('--profile', 'changed.json', '--unencrypted', '--out', 'none'),
    ]);
    refused(damaged, 'perso-file-damaged', /changed\.csv/);
    assert.match(done(kept), /已锁定 locked/);
    refused(changed, 'perso-profile-changed', /changed\.json/);
  });
});

suite('export', { concurrency: 2 }, () => {
  const toSheet = (...args: string[]) => run(['export', ...sample, ...ofLine, ...args], folder);

  test('writes the columns asked for with their titles, as text', async () => {
    const args = ['--range', '1-2', '--columns', 'name=姓名', 'card_no'];
    const [xlsx, csv] = await Promise.all([
      toSheet(...args, '--out', 'deep/er/cards.xlsx', '--json'),
      toSheet(...args, '--out', 'cards.CSV'),
    ]);
    assert.equal(JSON.parse(done(xlsx)).records, 2);
    const rows = [
      ['姓名', 'card_no'],
      ['张三', '6200000000000001'],
      ['李四', '6200000000000002'],
    ];
    assert.deepEqual(sheetRows(readFileSync(inFolder('deep/er/cards.xlsx'))), rows);
    assert.match(done(csv), /^2 条记录 records, 2 列 columns\n/);
    const text = readFileSync(inFolder('cards.CSV'), 'utf8').replace(/[\ufeff"\t]/g, '');
    assert.deepEqual(
      text
        .trimEnd()
        .split('\r\n')
        .map((line) => line.split(',')),
      rows,
    );
  });

  test('has no secret column, asked for or not', async () => {
    const [all, asked] = await Promise.all([
      toSheet('--out', 'all.csv'),
      toSheet('--columns', 'card_no', 'password', '--out', 'secret.csv'),
    ]);
    assert.match(done(all), /^100 条记录 records, 3 列 columns\n/);
    holdsNoSecret(readFileSync(inFolder('all.csv'), 'utf8'));
    refused(asked, 'perso-secret-exposed', /password/);
    assert.ok(!filesUnder(folder).includes('secret.csv'));
  });
});
