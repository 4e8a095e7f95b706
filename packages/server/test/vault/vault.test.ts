import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadMasterKey } from '../../src/vault/keys.ts';
import { type SealedValue, Vault } from '../../src/vault/vault.ts';

const place = { environment: 'daily', cardOrderId: 16002n, column: 'receiver' } as const;
const secret = '{"name":"张三","phone":"15512345678"}';
const key = (fill: number) =>
  loadMasterKey({ kind: 'environment', base64: Buffer.alloc(32, fill).toString('base64'), setting: 'TEST' });

test('opens what it sealed, in its place only', () => {
  const vault = new Vault(key(1));
  const value = vault.seal(place, secret);
  assert.equal(vault.open(place, value), secret);
  assert.equal(vault.open({ ...place, cardOrderId: 16003n }, value), undefined);
  assert.equal(vault.open({ ...place, environment: 'online' }, value), undefined);
  assert.equal(new Vault(key(2)).open(place, value), undefined);
  assert.equal(new Vault(key(2)).open(place, { ...value, keyId: new Vault(key(2)).keyId }), undefined);
});

test('every bit flip is refused', () => {
  const vault = new Vault(key(1));
  const value = vault.seal(place, secret);
  for (const field of ['wrappedKey', 'sealed'] as const) {
    for (let bit = 0; bit < value[field].length * 8; bit++) {
      const changed = Buffer.from(value[field]);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.equal(
        vault.open(place, { ...value, [field]: changed } as SealedValue),
        undefined,
        `${field} bit ${bit}`,
      );
    }
  }
});

test('nothing of the content shows, and equal content seals differently', () => {
  const vault = new Vault(key(1));
  const [one, two] = [vault.seal(place, secret), vault.seal(place, secret)];
  assert.notDeepEqual(one.sealed, two.sealed);
  assert.equal(one.sealed.includes(Buffer.from('15512345678')), false);
});

test('the key file is made once, for its owner only; an open one is refused', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'cardwright-vault-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'vault.key');
  const first = loadMasterKey({ kind: 'file', path });
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(loadMasterKey({ kind: 'file', path }), first);
  chmodSync(path, 0o644);
  assert.throws(() => loadMasterKey({ kind: 'file', path }), /chmod 600/);
  chmodSync(path, 0o600);
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, text.slice(0, 10));
  assert.throws(
    () => loadMasterKey({ kind: 'file', path }),
    (error: Error) => !error.message.includes(text.slice(0, 10)) && /32 bytes/.test(error.message),
  );
});
