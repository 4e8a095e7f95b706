import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { isSignMethod, type SignMethod, signApi, signApiReading } from '../../src/api/sign.ts';

interface ApiVector {
  readonly id: string;
  readonly kind: string;
  readonly secret: string;
  readonly sign_method: string;
  readonly form: Readonly<Record<string, string>>;
  readonly body: string | null;
  readonly expect_sign: string;
}
const vectors = (
  JSON.parse(readFileSync(new URL('../vectors.json', import.meta.url), 'utf8')) as ApiVector[]
).filter(({ kind }) => kind === 'api' || kind === 'api-capture');

test('the vectors cover every sign method', () => {
  assert.equal(vectors.length, 16);
  const methods = new Set(vectors.map((vector) => vector.sign_method));
  assert.deepEqual([...methods].sort(), ['hmac', 'hmac-sha256', 'md5']);
});

for (const vector of vectors) {
  test(`vector ${vector.id}`, () => {
    assert.ok(isSignMethod(vector.sign_method));
    // The raw body of a capture is no part of its digest.
    const body = vector.kind === 'api' ? (vector.body ?? undefined) : undefined;
    assert.equal(signApi(vector.form, vector.secret, vector.sign_method, body), vector.expect_sign);
    if (body !== undefined) {
      const bytes = Buffer.from(body, 'utf8');
      assert.equal(signApi(vector.form, vector.secret, vector.sign_method, bytes), vector.expect_sign);
    }
  });
}

const signMethod = fc.constantFrom<SignMethod>('md5', 'hmac', 'hmac-sha256');
const params = fc.dictionary(fc.string({ minLength: 1 }), fc.string(), { noNullPrototype: true });

test('neither the order of parameters nor a sign among them changes the signature', () => {
  fc.assert(
    fc.property(params, fc.string(), signMethod, (given, secret, method) => {
      const reversed = Object.fromEntries(Object.entries(given).reverse());
      assert.equal(
        signApi({ ...reversed, sign: 'X' }, secret, method),
        signApi({ ...given, sign: 'Y' }, secret, method),
      );
    }),
  );
});

test('the two readings differ exactly where a value is blank', () => {
  const read = (value: string) =>
    (['left-out', 'signed'] as const).map((blanks) =>
      signApiReading(new Map([['a', value]]), 's', 'md5', blanks),
    );
  for (const blank of ['', ' ', '\t\n', '\u3000', '\u001c']) {
    const [leftOut, signed] = read(blank);
    assert.notEqual(leftOut, signed, JSON.stringify(blank));
    assert.equal(leftOut, signApi({}, 's', 'md5'));
  }
  // Not white space to Java, so it is content.
  for (const content of ['x', '\u00a0', '\ufeff', ' x ']) {
    const [leftOut, signed] = read(content);
    assert.equal(leftOut, signed, JSON.stringify(content));
  }
});

test('names are sorted by code unit', () => {
  // U+FF5E sorts after the surrogates of U+1F600 by code unit, before it by code point.
  const swapped = { '\uff5e': '1', '\u{1f600}': '2', Z: '3', a: '4' };
  const glued = { 'Z3a4\u{1f600}2\uff5e': '1' };
  assert.equal(signApi(swapped, 's', 'hmac'), signApi(glued, 's', 'hmac'));
});
