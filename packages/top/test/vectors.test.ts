import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type SignMethod, signApi, signSpi, verifySpi } from '../src/index.ts';

interface Vector {
  readonly id: string;
  readonly kind: string;
  readonly secret: string;
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly form: Record<string, string> | null;
  readonly body: string | null;
  readonly body_base64?: string;
  readonly sign_method?: string;
  readonly expect_sign: string;
  readonly expect_valid: boolean;
}

const vectors = JSON.parse(readFileSync(join(import.meta.dirname, 'vectors.json'), 'utf8')) as Vector[];
const bodyOf = (vector: Vector): Buffer =>
  vector.body_base64 === undefined
    ? Buffer.from(vector.body ?? '')
    : Buffer.from(vector.body_base64, 'base64');

for (const vector of vectors.filter(({ kind }) => kind.startsWith('spi-') && kind !== 'spi-quirk')) {
  test(`SPI vector ${vector.id}`, () => {
    const request = { method: vector.method, url: vector.url, headers: vector.headers, body: bodyOf(vector) };
    assert.equal(verifySpi(request, ['another', vector.secret]).ok, vector.expect_valid);
    if (vector.expect_valid) assert.equal(signSpi(request, vector.secret), vector.expect_sign);
  });
}

for (const vector of vectors.filter(({ kind }) => kind === 'api' || kind === 'api-capture')) {
  test(`API vector ${vector.id}`, () => {
    const body = vector.kind === 'api' && vector.body !== null ? vector.body : undefined;
    assert.equal(
      signApi(vector.form ?? {}, vector.secret, vector.sign_method as SignMethod, body),
      vector.expect_sign,
    );
  });
}

test('no kind of vector is left out but the quirks', () => {
  const kinds = new Set(vectors.map(({ kind }) => kind).filter((kind) => !kind.endsWith('-quirk')));
  assert.deepEqual([...kinds].sort(), [
    'api',
    'api-capture',
    'spi-bad',
    'spi-form',
    'spi-header',
    'spi-text',
  ]);
});
