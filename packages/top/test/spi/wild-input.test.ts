import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { explainSpi } from '../../src/spi/explain.ts';
import { type SpiRequest, spiRefusals } from '../../src/spi/request.ts';
import { verifySpi } from '../../src/spi/verify.ts';

function assertAnswers(request: unknown): void {
  const verdict = verifySpi(request as SpiRequest, ['helloworld', 'b']);
  assert.equal(verdict.ok, false);
  assert.ok(!verdict.ok && verdict.reason in spiRefusals && verdict.detail.length > 0);
  const explanation = explainSpi(request as SpiRequest, 'helloworld');
  assert.equal(explanation.ok, false);
  assert.equal(explanation.reason, verdict.reason);
}

test('values of any type in any place are refused, not thrown', () => {
  const transferred = new Uint8Array(8);
  structuredClone(transferred.buffer, { transfer: [transferred.buffer] });
  const throwing = {
    get method(): string {
      throw new Error('trap');
    },
  };
  const headers = { 'content-type': 'application/json' };
  for (const request of [
    undefined,
    null,
    5,
    'GET /',
    [],
    throwing,
    { method: 'POST', url: '/', headers, body: 'text' },
    { method: 'POST', url: '/', headers: null, body: Buffer.alloc(0) },
    { method: 'POST', url: '/', headers, body: transferred },
    { method: 'POST', url: { toString: () => '/' }, headers, body: Buffer.alloc(0) },
    { method: 'POST', url: '/?sign=', headers: { 'content-type': { a: 1 } }, body: Buffer.alloc(0) },
    {
      method: 'POST',
      url: '/?sign=',
      headers: new Proxy({}, { ownKeys: () => [Symbol.iterator, 'a'] }),
      body: Buffer.alloc(0),
    },
  ]) {
    assertAnswers(request);
  }
  fc.assert(
    fc.property(
      fc.record(
        { method: fc.anything(), url: fc.anything(), headers: fc.anything(), body: fc.anything() },
        { requiredKeys: [] },
      ),
      assertAnswers,
    ),
    { numRuns: 2000 },
  );
});

const piece = fc.constantFrom(
  ...[
    '&',
    '=',
    '%',
    '+',
    '?',
    '#',
    'a',
    'sign',
    '%41',
    '%C4',
    '\xc4',
    '\u4f60',
    '"',
    '{',
    ':',
    '<',
    '>',
    '/',
  ],
  ...[
    '--B',
    '\r\n',
    'receiver_name',
    'Content-Disposition: form-data; name="a"',
    '__proto__',
    '\\',
    '[',
    ']',
    ',',
  ],
);
const wild = fc.oneof(fc.string({ unit: piece, maxLength: 40 }), fc.string({ unit: 'binary' }));
const contentType = fc.oneof(
  wild,
  fc.constantFrom(
    'application/x-www-form-urlencoded;charset=GBK',
    'application/json',
    'text/xml;charset=gb18030',
    'text/plain',
    'multipart/form-data;boundary=B',
    'application/octet-stream',
  ),
);
const header = fc.oneof(wild, fc.array(wild, { maxLength: 2 }), fc.constant(undefined), fc.anything());

test('requests of the right types and any content are refused, not thrown', () => {
  const request = fc.record({
    method: fc.constantFrom('POST', 'GET', 'PUT'),
    url: wild.map((query) => `/spi?${query}`),
    headers: fc.record(
      {
        'content-type': contentType,
        'top-sign-list': header,
        a: header,
        Sign: header,
        'content-encoding': header,
      },
      { requiredKeys: [] },
    ),
    body: fc.oneof(
      wild.map((text) => Buffer.from(text, 'latin1')),
      fc.uint8Array({ maxLength: 60 }),
    ),
  });
  fc.assert(fc.property(request, assertAnswers), { numRuns: 5000 });
});
