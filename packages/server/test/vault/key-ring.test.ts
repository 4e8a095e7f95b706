import assert from 'node:assert/strict';
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { keyProvider } from '../../src/vault/key-provider.ts';
import { KeyRing } from '../../src/vault/key-ring.ts';
import { openVault } from '../../src/vault/vault.ts';
import { fileVault, receiver, scratchFolder } from './fixture.ts';

const oneLine = Buffer.alloc(32, 7).toString('base64');
const place = { environment: 'daily', cardOrderId: 1n, column: 'receiver' } as const;

test('the key file is made once, for its owner only; an open one is refused', async (t) => {
  const path = join(scratchFolder(t), 'vault.key');
  const first = await fileVault(path);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal((await fileVault(path)).keyId, first.keyId);
  chmodSync(path, 0o644);
  await assert.rejects(fileVault(path), /chmod 600/);
  chmodSync(path, 0o600);
  const text = readFileSync(path, 'utf8').trim();
  writeFileSync(path, text.slice(0, -20));
  await assert.rejects(fileVault(path), (error: Error) => {
    assert.match(error.message, /32 bytes/);
    assert.equal(error.message.includes(text.slice(-40, -20)), false);
    return true;
  });
});

test('several that start at once make one file and use its key', async (t) => {
  const folder = scratchFolder(t);
  const path = join(folder, 'vault.key');
  const vaults = await Promise.all(Array.from({ length: 8 }, () => fileVault(path)));
  assert.equal(new Set(vaults.map((vault) => vault.keyId)).size, 1);
  assert.deepEqual(readdirSync(folder), ['vault.key']);
});

test('a ring reads what it writes, and keeps what duplicates are known by', () => {
  const before = KeyRing.parse(`${oneLine}\n`, 'TEST');
  const after = KeyRing.parse(before.withNewKey().withNewKey().format(), 'TEST');
  assert.equal(after.keyIds[0], before.current.keyId);
  assert.equal(after.keyIds.length, 3);
  assert.equal(after.current.keyId, after.keyIds[2]);
  const dropped = KeyRing.parse(after.without(after.keyIds).format(), 'TEST');
  assert.deepEqual(dropped.keyIds, [after.current.keyId]);
  assert.deepEqual(dropped.macRoot, before.macRoot);
});

test('the environment may hold a whole ring, on lines or with commas', () => {
  const ring = KeyRing.parse(oneLine, 'TEST').withNewKey();
  const commas = ring
    .format()
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join(',');
  assert.deepEqual(KeyRing.parse(commas, 'TEST').keyIds, ring.keyIds);
});

test('rings that cannot be right are refused without showing a key', () => {
  const other = Buffer.alloc(32, 8).toString('base64');
  const wrong = {
    empty: '\n# nothing\n',
    short: 'c2hvcnQ=',
    'several without mac': `${oneLine}\n${other}`,
    'wrong id': `0123456789abcdef ${oneLine}`,
    twice: `mac ${oneLine}\n${other}\n${other}`,
  };
  for (const [what, text] of Object.entries(wrong)) {
    assert.throws(
      () => KeyRing.parse(text, 'TEST'),
      (error: Error) => /TEST/.test(error.message) && !error.message.includes(oneLine.slice(0, 20)),
      what,
    );
  }
});

test('a running vault takes a new current key up within a second, and unknown keys at once', async (t) => {
  const path = join(scratchFolder(t), 'vault.key');
  let nowMs = 0;
  const running = await openVault(keyProvider({ kind: 'file', path }), () => nowMs);
  const rotating = await fileVault(path);
  await rotating.addKey();
  const byNewKey = rotating.seal(place, receiver);
  assert.equal(running.seal(place, receiver).keyId, rotating.keyIds[0], 'not noticed yet');
  nowMs += 1_001;
  running.seal(place, receiver);
  await new Promise(setImmediate);
  assert.equal(running.seal(place, receiver).keyId, rotating.keyId);
  const other = await openVault(keyProvider({ kind: 'file', path }), () => nowMs);
  await rotating.addKey();
  assert.equal(await other.open(place, byNewKey), receiver);
  assert.equal(await other.open(place, rotating.seal(place, receiver)), receiver, 'loads the file by itself');
});

test('a file that was exchanged for another house’s is refused while running', async (t) => {
  const path = join(scratchFolder(t), 'vault.key');
  const vault = await fileVault(path);
  const before = vault.keyId;
  writeFileSync(path, KeyRing.generate().format());
  await assert.rejects(vault.refresh(), /another house/);
  assert.equal(vault.keyId, before);
});
