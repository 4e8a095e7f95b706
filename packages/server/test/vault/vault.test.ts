import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SealedValue } from '../../src/vault/vault.ts';
import { fixedVault, receiver } from './fixture.ts';

const place = { environment: 'daily', cardOrderId: 16002n, column: 'receiver' } as const;

test('opens what it sealed, in its place only', async () => {
  const [vault, other] = [await fixedVault(1), await fixedVault(2)];
  const value = vault.seal(place, receiver);
  assert.equal(await vault.open(place, value), receiver);
  assert.equal(await vault.open({ ...place, cardOrderId: 16003n }, value), undefined);
  assert.equal(await vault.open({ ...place, environment: 'online' }, value), undefined);
  assert.equal(await vault.open({ ...place, column: 'card' }, value), undefined);
  assert.equal(await other.open(place, value), undefined);
  assert.equal(await other.open(place, { ...value, keyId: other.keyId }), undefined);
});

test('opens what the first version sealed', async () => {
  const vault = await fixedVault(7);
  const stored = {
    keyId: '6b86a116241863d4',
    wrappedKey: Buffer.from(
      'sx4nUJN6RbO6+K28aNRBHLhkc4a4d3nGWOZKUh3pgbXDOrR4M5+XBtLsC+l7e0jTBSbL7mRaCm97v8BN',
      'base64',
    ),
    sealed: Buffer.from(
      'fgAi1xgI9qLkntELFCmHZT9xoSJH71EwQ26+IO9TLijYuvH3dNX6rCfzNFDZx3AyQRzJUg8UYS8+/jgHylEnvh2eNA==',
      'base64',
    ),
  };
  assert.equal(await vault.open(place, stored), receiver);
  assert.equal(
    vault.fingerprint('content').toString('hex'),
    '9ea5c05ec55907926dfdb6767575b8ae8ab7ee0ed2d58c99b9d553e19bab1d6e',
  );
});

test('every bit flip is refused', async () => {
  const vault = await fixedVault(1);
  const value = vault.seal(place, receiver);
  for (const field of ['wrappedKey', 'sealed'] as const) {
    for (let bit = 0; bit < value[field].length * 8; bit++) {
      const changed = Buffer.from(value[field]);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const tried: SealedValue = { ...value, [field]: changed };
      assert.equal(await vault.open(place, tried), undefined, `${field} bit ${bit}`);
    }
    assert.equal(await vault.open(place, { ...value, [field]: Buffer.alloc(0) }), undefined);
  }
});

test('nothing of the content shows, and equal content seals differently', async () => {
  const vault = await fixedVault(1);
  const [one, two] = [vault.seal(place, receiver), vault.seal(place, receiver)];
  assert.notDeepEqual(one.sealed, two.sealed);
  assert.equal(one.sealed.includes(Buffer.from('15512345678')), false);
});

test('fingerprints are equal for equal content, and keyed', async () => {
  const [vault, other] = [await fixedVault(1), await fixedVault(2)];
  assert.deepEqual(vault.fingerprint('a'), vault.fingerprint('a'));
  assert.notDeepEqual(vault.fingerprint('a'), vault.fingerprint('b'));
  assert.notDeepEqual(vault.fingerprint('a'), other.fingerprint('a'));
});
