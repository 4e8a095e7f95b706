import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generateIdentity, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { generateKey, type PrivateKey, readKey, revokeKey } from 'openpgp';
import { readPressKey } from '../../src/perso/press-key.ts';
import { refusalOf } from './given.ts';

const today = new Date('2026-06-01T00:00:00Z');
const born = new Date('2026-01-01T00:00:00Z');
const userIDs = [{ name: 'Press', email: 'press@example.invalid' }];
const daySeconds = 86_400;
const recipient = async (): Promise<string> => identityToRecipient(await generateX25519Identity());

test('age: a recipient is its own fingerprint; comments and line ends are no matter', async () => {
  const key = await recipient();
  for (const text of [key, `# press 3\r\n\r\n${key}\r\n`, Buffer.from(`${key}\n`)]) {
    const { kind, fingerprint, extension } = await readPressKey(text, today);
    assert.deepEqual({ kind, fingerprint, extension }, { kind: 'age', fingerprint: key, extension: '.age' });
  }
});

test('age: mistyped, doubled, foreign recipients are refused', async () => {
  const key = await recipient();
  const mistyped = key.slice(0, -1) + (key.endsWith('q') ? 'p' : 'q');
  for (const text of [
    mistyped,
    `${key}\n${await recipient()}`,
    'age1',
    'age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t',
  ]) {
    await assert.rejects(readPressKey(text, today), refusalOf('perso-key-unfit'));
  }
});

test('OpenPGP: armored and binary keys, with the fingerprint of the primary key', async () => {
  const { publicKey } = await generateKey({ userIDs, date: born });
  const read = await readKey({ armoredKey: publicKey });
  for (const key of [publicKey, Buffer.from(publicKey), read.write()]) {
    const { kind, fingerprint } = await readPressKey(key, today);
    assert.deepEqual(
      { kind, fingerprint },
      { kind: 'openpgp', fingerprint: read.getFingerprint().toUpperCase() },
    );
  }
});

test('private keys given by mistake are refused and never repeated', async () => {
  const pgp = await generateKey({ userIDs, date: born, format: 'object' });
  const age = await generateX25519Identity();
  const keys = [
    age,
    age.toLowerCase(),
    `# mine\n${age}`,
    await generateIdentity(),
    pgp.privateKey.armor(),
    pgp.privateKey.write(),
  ];
  for (const key of keys) {
    await assert.rejects(readPressKey(key, today), (error: Error) => {
      const body =
        typeof key === 'string'
          ? key
              .split('\n')
              .toSorted((a, b) => b.length - a.length)[0]
              ?.slice(-20)
          : Buffer.from(key).toString('latin1').slice(10, 30);
      assert.ok(body && !error.message.includes(body));
      return refusalOf('perso-key-private')(error);
    });
  }
});

test('OpenPGP: revoked, expired, not yet valid and signing-only keys are refused', async () => {
  const soon = await generateKey({ userIDs, date: born, keyExpirationTime: 30 * daySeconds });
  await readPressKey(soon.publicKey, new Date('2026-01-15T00:00:00Z'));
  await refuses(soon.publicKey, /expired on 2026-01-31/);

  const whole = await generateKey({ userIDs, date: born, format: 'object' });
  const revoked = await revokeKey({ key: whole.privateKey as PrivateKey, date: born, format: 'armored' });
  await refuses(revoked.publicKey, /revoked/);

  const signing = await generateKey({ userIDs, date: born, subkeys: [{ sign: true }] });
  await refuses(signing.publicKey, /signing only/);

  const subkeyGone = await generateKey({
    userIDs,
    date: born,
    subkeys: [{ keyExpirationTime: 30 * daySeconds }],
  } as never);
  await refuses((subkeyGone as { publicKey: string }).publicKey, /no part of it can encrypt/);

  const later = await generateKey({ userIDs, date: new Date('2026-12-01T00:00:00Z') });
  await refuses(later.publicKey, /./);

  async function refuses(key: string, detail: RegExp): Promise<void> {
    await assert.rejects(readPressKey(key, today), (error: Error) => {
      assert.match(error.message, detail);
      return refusalOf('perso-key-unfit')(error);
    });
  }
});

test('OpenPGP: two keys, damaged keys, other files and large ones are refused', async () => {
  const one = await generateKey({ userIDs, date: born, format: 'object' });
  const two = await generateKey({ userIDs, date: born, format: 'object' });
  const bytes = one.publicKey.write();
  const cases = [
    Buffer.concat([bytes, two.publicKey.write()]),
    bytes.subarray(0, bytes.length / 2),
    'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ',
    '',
    Buffer.from('hello'),
    Buffer.alloc(300_000),
    one.publicKey.armor().replace(/^(.{60})$/m, 'A'.repeat(60)),
  ];
  for (const key of cases) await assert.rejects(readPressKey(key, today), refusalOf('perso-key-unfit'));
});
