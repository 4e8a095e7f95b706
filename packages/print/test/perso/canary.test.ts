import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { test } from 'node:test';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { writeExport } from '../../src/perso/export.ts';
import { persoFileName } from '../../src/perso/file-name.ts';
import { readPressKey } from '../../src/perso/press-key.ts';
import { readPerso } from '../../src/perso/read.ts';
import { writePerso } from '../../src/perso/write.ts';
import { Collected, piecesOf, profileOf, sourceOf, written } from './given.ts';
import { sheetRows } from './unzipped.ts';

const columns = ['no', 'pin'];
const canary = (index: number): string => `CANARY${String(index).padStart(10, '0')}`;
const rows = Array.from({ length: 300 }, (_, index) => [String(10_000 + index), canary(index)]);
const matchSecret = Buffer.alloc(32, 5);
const profile = profileOf(
  [
    'no',
    { from: 'record', name: 'pin', value: '{pin}', width: 16, case: 'upper' },
    { from: 'match-key', name: 'match', value: '{no}', characters: 26 },
    { from: 'log', name: 'log', value: 'made {no}' },
    { from: 'bundle-end', name: 'end', last: '1', other: '0' },
  ],
  {
    widthIn: 'characters',
    columns: { no: {}, pin: { secret: true } },
    bundle: { size: 100, marker: '#END' },
    totals: { marker: '#TOTAL', sum: 'no' },
  },
);

/** A secret in any of the ways in which it might be hidden, also as a digest or keyed digest that could be tried. */
function disguises(secret: string): readonly string[] {
  const bytes = Buffer.from(secret);
  const digests = [
    ...['sha256', 'sha1', 'md5'].map((name) => createHash(name).update(bytes)),
    createHmac('sha256', matchSecret).update(bytes),
  ].map((hash) => hash.digest('hex').slice(0, 16));
  return [
    secret.slice(-10),
    bytes.toString('hex'),
    bytes.toString('base64').slice(4, 16),
    Buffer.from(secret, 'utf16le').toString('hex').slice(8, 40),
    ...digests,
  ];
}

function holdsNoSecret(text: string, what: string): void {
  const lower = text.toLowerCase();
  for (const [, secret] of rows) {
    for (const disguise of disguises(secret as string)) {
      assert.ok(!lower.includes(disguise.toLowerCase()), `${what} holds a secret`);
    }
  }
}

test('the plain file is the only place where the secrets are', async () => {
  const { text } = await written(profile, columns, rows, { unencrypted: true, matchSecret });
  assert.ok(text.includes(canary(299)), 'the canaries sing');
  const others = text.split('\n').map((line) => line.split(',').toSpliced(1, 1).join(','));
  holdsNoSecret(others.join('\n'), 'a field beside the secret one');
});

test('summary, cipher, file name and check hold none', async () => {
  const identity = await generateX25519Identity();
  const pressKey = await readPressKey(await identityToRecipient(identity), new Date(0));
  const sink = new Collected();
  const options = { pressKey, matchSecret };
  const summary = await writePerso(sourceOf(columns, rows), profile, sink, options);
  holdsNoSecret(JSON.stringify(summary), 'the summary');
  holdsNoSecret(sink.bytes.toString('latin1'), 'the cipher');
  holdsNoSecret(persoFileName('job-17', profile, pressKey), 'the file name');
  assert.equal(persoFileName('job-17', profile, pressKey), 'job-17.csv.age');
  const plain = await written(profile, columns, rows, { unencrypted: true, matchSecret });
  assert.ok(!JSON.stringify(summary).includes(plain.summary.file.sha256), 'nor the hash of the plain file');
  holdsNoSecret(
    JSON.stringify(await readPerso(piecesOf(plain.bytes), profile, { matchSecret })),
    'the check',
  );
  for (const id of ['../x', 'a b', '', '.hidden', canary(1).repeat(20)]) {
    assert.throws(() => persoFileName(id, profile), RangeError);
  }
});

test('no refusal repeats a secret', async () => {
  const wrongs: readonly (readonly string[])[] = [
    ['1', `${canary(0)}1`],
    ['1', canary(0).slice(1)],
    ['1', `${canary(0)}\u202e`],
    ['1', `${canary(0).slice(0, 15)},`],
    ['1', canary(0).repeat(500)],
    ['1', `=${canary(0).slice(1)}`],
    ['1', canary(0), canary(1)],
    [canary(0), canary(0)],
    ['1', ''],
  ];
  for (const wrong of wrongs) {
    await assert.rejects(
      written(profile, columns, [...rows.slice(1, 5), wrong], { unencrypted: true, matchSecret }),
      (error: Error) => {
        holdsNoSecret(`${error.message}${error.stack}${JSON.stringify(error)}`, error.message);
        return true;
      },
    );
  }
});

test('exports hold none', async () => {
  const request = [{ column: 'no' }];
  for (const format of ['csv', 'xlsx'] as const) {
    const sink = new Collected();
    const summary = await writeExport(sourceOf(columns, rows), profile, { format, columns: request }, sink);
    const text = format === 'csv' ? sink.bytes.toString() : sheetRows(sink.bytes).join('\n');
    assert.ok(text.includes('10299'));
    holdsNoSecret(text + JSON.stringify(summary), `the ${format}`);
  }
});
