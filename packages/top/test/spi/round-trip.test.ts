import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { composeSpi } from '../../src/spi/compose.ts';
import { signSpi } from '../../src/spi/sign.ts';
import { verifySpi } from '../../src/spi/verify.ts';
import { charsets, decodeBytes, encodeText } from '../../src/wire/charset.ts';
import { bodies, order, orderJson, secret, signedRequest } from './sample.ts';

const common = { url: '/spi', method: 'm', appKey: '1', secret, timestamp: new Date(0) };
const text = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.string({
    unit: fc.constantFrom('中', '储', 'é', '　', '%', '+', '&', '=', '\r\n', '"', ' ', '€'),
    maxLength: 12,
  }),
);
const name = text.filter((value) => !['', 'sign'].includes(value) && !/[\r\n]/.test(value));
const fields = fc.dictionary(name, text, { maxKeys: 6 });

test('what is composed verifies and arrives as it was, in every kind and charset', () => {
  const input = fc.record({
    charset: fc.constantFrom(...charsets),
    body: fc.oneof(
      fc.record({ kind: fc.constantFrom('form' as const, 'get' as const, 'multipart' as const), fields }),
      fc.record({ kind: fc.constantFrom('json' as const, 'xml' as const, 'text' as const), payload: text }),
    ),
    system: fc.dictionary(fc.stringMatching(/^x_[a-z]{1,4}$/), text, { maxKeys: 3 }),
    signedHeaders: fc.dictionary(fc.stringMatching(/^[Hh]-[a-z]{1,4}$/), text, { maxKeys: 3 }),
  });
  fc.assert(
    fc.property(input, (chosen) => {
      const { charset, body } = chosen;
      const given = 'fields' in body ? body.fields : {};
      const names = [
        ...Object.keys(given),
        ...Object.keys(chosen.system),
        ...Object.keys(chosen.signedHeaders),
      ];
      const reserved = ['app_key', 'method', 'timestamp', 'v', 'format', 'sign_method'];
      fc.pre(
        new Set([...names, ...reserved].map((n) => n.toLowerCase())).size === names.length + reserved.length,
      );
      fc.pre(encodeText(JSON.stringify(chosen), charset) !== undefined);
      const verdict = verifySpi(composeSpi({ ...common, ...chosen }), secret);
      assert.ok(verdict.ok, verdict.ok ? '' : verdict.detail);
      const { parts } = verdict;
      assert.equal(parts.charset, charset);
      const source = body.kind === 'get' ? parts.query : parts.form;
      for (const [key, value] of Object.entries(given)) {
        assert.equal(decodeBytes(source.get(key) ?? Buffer.from('absent'), charset), value);
      }
      if ('payload' in body) assert.equal(decodeBytes(parts.payload, charset), body.payload);
    }),
    { numRuns: 3000 },
  );
});

test('another secret, or the same one in another case, does not verify', () => {
  for (const body of bodies) {
    const request = signedRequest(body, { charset: 'gbk' });
    assert.ok(verifySpi(request, secret).ok, body.kind);
    for (const other of ['Helloworld', 'helloworl', 'helloworld ', '密']) {
      const verdict = verifySpi(request, other);
      assert.ok(!verdict.ok && verdict.reason === 'wrong-sign');
    }
  }
});

test('the parameters of the configured URL are kept and signed', () => {
  for (const url of ['/spi?shop=1%2B1&x', '/spi?shop=1%2B1&x&', '/spi?']) {
    const request = signedRequest({ kind: 'json', payload: orderJson }, { url });
    const verdict = verifySpi(request, secret);
    assert.ok(verdict.ok);
    assert.equal(verdict.parts.query.get('shop')?.toString(), url === '/spi?' ? undefined : '1+1');
    assert.match(request.url, /\?(?:shop=1%2B1&x&)?app_key=12345678&method=/);
  }
});

test('the platform sends its own time, GMT+8', () => {
  const request = composeSpi({
    ...common,
    timestamp: new Date('2025-12-31T16:00:00Z'),
    body: { kind: 'form', fields: {} },
  });
  assert.match(request.url, /&timestamp=2026-01-01\+00%3A00%3A00&v=2.0&format=json&sign_method=md5&sign=/);
});

test('the multipart boundary avoids the values, and equal input gives equal bytes', () => {
  const body = { kind: 'multipart', fields: { a: '--cardwright', b: 'cardwright-0' } } as const;
  const request = composeSpi({ ...common, body });
  assert.match(String(request.headers['Content-Type']), /boundary=cardwright-1$/);
  assert.deepEqual(composeSpi({ ...common, body }), request);
});

test('what cannot be sent or verified is a TypeError with its reason', () => {
  const compose = (body: Parameters<typeof composeSpi>[0]['body'], url = '/spi') =>
    composeSpi({ ...common, url, charset: 'gbk', body });
  assert.throws(() => compose({ kind: 'json', payload: '😀' }), TypeError);
  assert.throws(() => compose({ kind: 'form', fields: { v: '1' } }), /^TypeError: duplicate-parameter/);
  assert.throws(
    () => compose({ kind: 'form', fields: order }, '/spi?own_sign=daily'),
    /^TypeError: duplicate-parameter/,
  );
  assert.throws(() => compose({ kind: 'form', fields: {} }, '/spi?a=%'), /^TypeError: bad-escape/);
  assert.throws(() => compose({ kind: 'form', fields: { sign: '' } }), TypeError);
  assert.throws(() => compose({ kind: 'multipart', fields: { 'a\r\nb': '' } }), TypeError);
  assert.throws(
    () => signSpi({ method: 'PUT', url: '/', headers: {}, body: Buffer.alloc(0) }, secret),
    /^TypeError: http-method/,
  );
});
