import assert from 'node:assert/strict';
import { createSecretKey, type KeyObject } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { binding, decrypt, encrypt } from '../../src/vault/gcm.ts';

/** Test cases 13 to 16 of McGrew and Viega, "The Galois/Counter Mode of Operation (GCM)", appendix B: AES-256. */
const longKey = 'feffe9928665731c6d6a8f9467308308'.repeat(2);
const longPlain =
  'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72' +
  '1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255';
const longSealed =
  '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa' +
  '8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad';
const vectors = [
  {
    key: '00'.repeat(32),
    nonce: '00'.repeat(12),
    plain: '',
    associated: '',
    sealed: '',
    tag: '530f8afbc74536b9a963b4f1c4cb738b',
  },
  {
    key: '00'.repeat(32),
    nonce: '00'.repeat(12),
    plain: '00'.repeat(16),
    associated: '',
    sealed: 'cea7403d4d606b6e074ec5d3baf39d18',
    tag: 'd0d1c8a799996bf0265b98b5d48ab919',
  },
  {
    key: longKey,
    nonce: 'cafebabefacedbaddecaf888',
    plain: longPlain,
    associated: '',
    sealed: longSealed,
    tag: 'b094dac5d93471bdec1a502270e3cc6c',
  },
  {
    key: longKey,
    nonce: 'cafebabefacedbaddecaf888',
    plain: longPlain.slice(0, 120),
    associated: 'feedfacedeadbeeffeedfacedeadbeefabaddad2',
    sealed: longSealed.slice(0, 120),
    tag: '76fc6ece0f4e1768cddf8853bb2d551b',
  },
] as const;

const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const keyOf = (text: string): KeyObject => createSecretKey(hex(text));

test('the published vectors of AES-256-GCM come out, and open', () => {
  for (const { key, nonce, plain, associated, sealed, tag } of vectors) {
    const made = encrypt(keyOf(key), hex(nonce), hex(associated), hex(plain));
    assert.equal(made.toString('hex'), sealed + tag);
    assert.deepEqual(decrypt(keyOf(key), hex(nonce), hex(associated), made), hex(plain));
  }
});

test('every changed bit of nonce, ciphertext, tag and associated data is refused', () => {
  const { key, nonce, associated, sealed, tag } = vectors[3];
  const parts = { nonce: hex(nonce), associated: hex(associated), sealed: hex(sealed + tag) };
  for (const part of ['nonce', 'associated', 'sealed'] as const) {
    for (let bit = 0; bit < parts[part].length * 8; bit++) {
      const changed = Buffer.from(parts[part]);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const tried = { ...parts, [part]: changed };
      assert.equal(
        decrypt(keyOf(key), tried.nonce, tried.associated, tried.sealed),
        undefined,
        `${part} ${bit}`,
      );
    }
  }
});

test('tags that are cut, all zero, all one or another vector’s are refused, and so are other nonce sizes', () => {
  const { key, nonce, associated, sealed, tag } = vectors[3];
  const attempt = (forged: string, forgedNonce = nonce as string): Buffer | undefined =>
    decrypt(keyOf(key), hex(forgedNonce), hex(associated), hex(sealed + forged));
  assert.notEqual(attempt(tag), undefined);
  for (let bytes = 0; bytes < 16; bytes++)
    assert.equal(attempt(tag.slice(0, bytes * 2)), undefined, `${bytes} bytes of tag`);
  for (const forged of ['00'.repeat(16), 'ff'.repeat(16), vectors[2].tag, `${tag}00`])
    assert.equal(attempt(forged), undefined, forged);
  for (const bytes of [0, 1, 8, 11, 13, 16])
    assert.equal(attempt(tag, 'ca'.repeat(bytes)), undefined, `nonce of ${bytes} bytes`);
});

test('no two lists of parts give the same associated data', () => {
  const parts = fc.array(
    fc.oneof(fc.string(), fc.constantFrom('', ':', '1:', '0:', '1:a', '12:'), fc.bigInt()),
    {
      maxLength: 5,
    },
  );
  fc.assert(
    fc.property(parts, parts, (one, two) => {
      const same = JSON.stringify(one.map(String)) === JSON.stringify(two.map(String));
      assert.equal(binding(...one).equals(binding(...two)), same);
    }),
    { numRuns: 2_000 },
  );
});
