import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Decrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { decrypt, generateKey, type PrivateKey, readMessage } from 'openpgp';
import { openWholeFile } from '../../src/file/whole-file.ts';
import { readPressKey } from '../../src/perso/press-key.ts';
import { readPerso } from '../../src/perso/read.ts';
import { writePerso } from '../../src/perso/write.ts';
import { Collected, profileOf, refusalOf, sourceOf } from './given.ts';

const today = new Date('2026-06-01T00:00:00Z');
const userIDs = [{ name: 'Press', email: 'press@example.invalid' }];
const columns = ['no', 'pin'];
const profile = profileOf(columns, {
  columns: { no: {}, pin: { secret: true } },
  totals: { marker: '#TOTAL' },
});
/** Some megabytes, so that many pieces of each kind of cipher are needed. */
const rows = Array.from({ length: 60_000 }, (_, index) => [
  String(index),
  createHash('sha256').update(String(index)).digest('hex'),
]);
const folder = mkdtempSync(join(tmpdir(), 'cardwright-seal-'));
after(() => rmSync(folder, { recursive: true }));

async function sealed(key: string): Promise<Buffer> {
  const sink = new Collected();
  const pressKey = await readPressKey(key, today);
  const summary = await writePerso(sourceOf(columns, rows, 1000), profile, sink, { pressKey });
  assert.deepEqual(summary.encryptedTo, { kind: pressKey.kind, fingerprint: pressKey.fingerprint });
  assert.equal(summary.file.sha256, createHash('sha256').update(sink.bytes).digest('hex'));
  assert.equal(summary.file.bytes, sink.bytes.length);
  assert.ok(sink.pieces.length > 10, 'it comes as a stream');
  return sink.bytes;
}

const streamOf = (bytes: Uint8Array): ReadableStream<Uint8Array> =>
  new Blob([new Uint8Array(bytes)]).stream();

async function isWhole(plain: AsyncIterable<Uint8Array>): Promise<void> {
  assert.equal((await readPerso(plain, profile)).records, rows.length);
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

function run(command: string, args: readonly string[], input?: Uint8Array, home?: string): Buffer {
  return execFileSync(command, args, {
    ...(input === undefined ? {} : { input }),
    env: { PATH: '/usr/local/bin:/usr/bin:/bin', ...(home === undefined ? {} : { GNUPGHOME: home }) },
    maxBuffer: 1 << 28,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

test('age: the library opens it, piece by piece', async () => {
  const identity = await generateX25519Identity();
  const bytes = await sealed(await identityToRecipient(identity));
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  await isWhole(await decrypter.decrypt(streamOf(bytes)));
  const cut = new Decrypter();
  cut.addIdentity(identity);
  await assert.rejects(async () => isWhole(await cut.decrypt(streamOf(bytes.subarray(0, -20_000)))));
});

test('age: the tool of that name opens it', async () => {
  const identityFile = join(folder, 'identity');
  const identity = await generateX25519Identity();
  writeFileSync(identityFile, identity);
  const bytes = await sealed(await identityToRecipient(identity));
  await isWhole(once(run('age', ['--decrypt', '--identity', identityFile], bytes)));
});

test('OpenPGP: the library opens it, AEAD-protected for a key that knows it', async () => {
  for (const aeadProtect of [false, true]) {
    const { publicKey, privateKey } = await generateKey({
      userIDs,
      date: new Date('2026-01-01T00:00:00Z'),
      format: 'object',
      config: { aeadProtect },
    });
    const bytes = await sealed(publicKey.armor());
    const message = await readMessage({ binaryMessage: bytes });
    const packet = message.packets.find((part) => 'version' in part && !('publicKeyID' in part)) as unknown;
    assert.equal((packet as { version: number }).version, aeadProtect ? 2 : 1);
    const { data } = await decrypt({
      message,
      decryptionKeys: privateKey as PrivateKey,
      format: 'binary',
      date: today,
    });
    await isWhole(once(data as Uint8Array));
  }
});

test('OpenPGP: GnuPG makes the key and opens the file', async () => {
  const home = join(folder, 'gnupg');
  mkdirSync(home, { mode: 0o700 });
  const gpg = (...args: string[]): Buffer => run('gpg', ['--batch', '--quiet', ...args], undefined, home);
  try {
    gpg(
      '--passphrase',
      '',
      '--quick-generate-key',
      'Press <press@example.invalid>',
      'default',
      'default',
      'never',
    );
    const key = gpg('--armor', '--export', 'press@example.invalid').toString();
    const file = join(folder, 'perso.pgp');
    const pressKey = await readPressKey(key, new Date());
    const sink = new Collected();
    await writePerso(sourceOf(columns, rows, 1000), profile, sink, { pressKey });
    writeFileSync(file, sink.bytes);
    assert.match(
      gpg('--with-colons', '--list-keys').toString(),
      new RegExp(`^fpr:+${pressKey.fingerprint}:`, 'm'),
    );
    await isWhole(once(gpg('--decrypt', file)));
    const packets = gpg('--list-packets', file).toString();
    assert.match(packets, /encrypted data packet:\n\s+length: .*\n\s+mdc_method: 2/);
    assert.doesNotMatch(packets, /compressed packet/);
  } finally {
    run('gpgconf', ['--kill', 'all'], undefined, home);
  }
});

for (const kind of ['age', 'openpgp'] as const) {
  const keyOf = async (): Promise<string> =>
    kind === 'age'
      ? identityToRecipient(await generateX25519Identity())
      : (await generateKey({ userIDs, date: new Date('2026-01-01T00:00:00Z') })).publicKey;

  test(`${kind}: a bad record in the middle leaves no file`, async () => {
    const path = join(folder, `${kind}-bad`);
    const file = await openWholeFile(path);
    const bad = rows.with(50_000, ['x\u202e', 'pin']);
    const pressKey = await readPressKey(await keyOf(), today);
    await assert.rejects(
      writePerso(sourceOf(columns, bad, 1000), profile, file, { pressKey }),
      refusalOf('record-text-unsafe', 'no', 50_001),
    );
    await file.abort();
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.includes(`${kind}-bad`)),
      [],
    );
  });

  test(`${kind}: a full disk ends the writing with its own error`, async () => {
    let pieces = 0;
    const full = {
      write: async (): Promise<void> => {
        if (++pieces > 3) throw new Error('no space left');
      },
    };
    const pressKey = await readPressKey(await keyOf(), today);
    await assert.rejects(
      writePerso(sourceOf(columns, rows, 1000), profile, full, { pressKey }),
      /no space left/,
    );
    assert.equal(pieces, 4);
  });
}
