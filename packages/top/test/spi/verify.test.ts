import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import type { SpiRefusal, SpiRequest } from '../../src/spi/request.ts';
import { signSpi } from '../../src/spi/sign.ts';
import { verifySpi } from '../../src/spi/verify.ts';
import { bodies, order, secret, signedRequest, withBody, withContentType, withSign } from './sample.ts';

const form = signedRequest({ kind: 'form', fields: order });
const json = signedRequest({ kind: 'json', payload: '{"a":1}' });

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex').toUpperCase();
}

/** A request that is signed right over `signed`, the text between the two secrets. */
function post(query: string, body: string, signed: string, headers: SpiRequest['headers'] = {}): SpiRequest {
  const url = `/spi?${query}&sign=${md5(secret + signed + secret)}`;
  return { method: 'POST', url, headers, body: Buffer.from(body, 'latin1') };
}

function partsOf(request: SpiRequest) {
  const verdict = verifySpi(request, secret);
  assert.ok(verdict.ok, verdict.ok ? '' : verdict.detail);
  return verdict.parts;
}

function texts(values: ReadonlyMap<string, Buffer>): Record<string, string> {
  return Object.fromEntries(Array.from(values, ([name, value]) => [name, value.toString()]));
}

function assertRefused(request: SpiRequest, reason: SpiRefusal): string {
  const verdict = verifySpi(request, secret);
  assert.ok(!verdict.ok, `accepted, expected ${reason}`);
  assert.equal(verdict.reason, reason, verdict.detail);
  return verdict.detail;
}

test('the digest, spelled out: names sorted, empty values and = in values signed, empty pairs skipped', () => {
  const parts = partsOf(post('b=2&&flag&a=x=y&e=', 'Z=%2B+&c=', 'Z+ ax=yb2ceflag'));
  assert.deepEqual(texts(parts.query), { a: 'x=y', b: '2', e: '', flag: '' });
  assert.deepEqual(texts(parts.form), { Z: '+ ', c: '' });
});

test('names sort by UTF-16 code unit: a surrogate pair comes before U+FF5E', () => {
  partsOf(post('%EF%BD%9E=1&%F0%A0%AE%B7=2', '', '𠮷2~1'.replace('~', '\uff5e')));
});

test('__proto__, constructor and toString are names like any others', () => {
  const parts = partsOf(post('__proto__=x&toString=', 'constructor=y', '__proto__xconstructorytoString'));
  assert.equal(parts.query.get('__proto__')?.toString(), 'x');
  assertRefused(withBody(post('__proto__=x&toString=', '', 'toString'), ''), 'wrong-sign');
});

test('the body of the text kinds is signed as it came, white space and all', () => {
  for (const type of ['application/json', 'text/xml', 'application/xml', 'text/plain']) {
    const request = post('a=1', ' {}\r\n', 'a1 {}\r\n', { 'content-type': type });
    assert.equal(partsOf(request).payload.toString(), ' {}\r\n');
    assertRefused(withBody(request, ' {}\n'), 'wrong-sign');
  }
});

test('signed headers: spelling of the list, decoded value, absent and empty ones as empty', () => {
  const headers = { 'Top-Sign-List': 'X-One,,x-two, x-one,x-none', 'x-ONE': 'a%2Bb+c', 'x-two': '' };
  partsOf(post('z=1', '', ' x-oneX-Onea+b cx-nonex-twoz1', headers));
});

test('raw bytes in a form or a query are themselves', () => {
  const parts = partsOf(post('q=\xe4\xbd\xa0', 'f=\xe5\xa5\xbd', 'f好q你'));
  assert.equal(parts.query.get('q')?.toString(), '你');
});

test('a list of secrets: the index of the one that matched', () => {
  for (const [index, secrets] of [
    [0, [secret, 'b', 'c']],
    [2, ['a', 'b', secret]],
    [1, ['a', secret, secret]],
  ] as const) {
    const verdict = verifySpi(form, secrets);
    assert.ok(verdict.ok);
    assert.equal(verdict.secretIndex, index);
  }
  assert.equal(verifySpi(form, ['a', 'b']).ok, false);
});

test('a secret that is missing or empty never verifies anything', () => {
  const unsigned = post('a=1', '', 'a1');
  const byNobody = withSign(unsigned, md5('a1'));
  for (const secrets of ['', [], [''], [secret, ''], undefined, null, 5] as unknown[]) {
    const verdict = verifySpi(byNobody, secrets as string);
    assert.ok(!verdict.ok && verdict.reason === 'no-secret');
  }
  assert.throws(() => signSpi(unsigned, ''), TypeError);
  // Nor does one that the charset of the request cannot carry.
  const gbk = { ...byNobody, headers: { 'content-type': 'application/x-www-form-urlencoded;charset=gbk' } };
  assert.equal(verifySpi(gbk, '😀').ok, false);
});

test('the bound on parameters counts query, form and signed headers together', () => {
  const names = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => `${prefix}${i}`);
  const both = {
    ...withBody(form, names('f', 300).join('&')),
    url: `${form.url}&${names('q', 300).join('&')}`,
  };
  assertRefused(both, 'too-many-parameters');
  const listed = { ...form.headers, 'top-sign-list': names('h', 600).join(',') };
  assertRefused({ ...form, headers: listed }, 'too-many-parameters');
  assertRefused(withBody(form, names('f', 300).join('&')), 'wrong-sign');
});

test('sign: only in the query, only upper case, only whole', () => {
  const sign = signSpi(json, secret);
  assert.ok(verifySpi(withSign(json, sign), secret).ok);
  const escaped = Buffer.from(sign).toString('hex').replace(/../g, '%$&');
  assert.ok(verifySpi(withSign(json, escaped), secret).ok);
  for (const wrong of [sign.toLowerCase(), sign.slice(1), sign + '0', '', `${sign}%20`, '%00'.repeat(32)]) {
    assertRefused(withSign(json, wrong), 'wrong-sign');
  }
  const none = { ...form, url: form.url.replace(/&sign=.*$/, '') };
  assertRefused(none, 'missing-sign');
  const inForm = withBody(none, `${form.body}&sign=${signSpi(none, secret)}`);
  assertRefused(inForm, 'missing-sign');
  assert.throws(() => signSpi(inForm, secret), /duplicate-parameter/);
  assertRefused(withBody(form, `${form.body}&sign=x`), 'duplicate-parameter');
  assertRefused({ ...form, headers: { ...form.headers, 'top-sign-list': 'sign' } }, 'duplicate-parameter');
});

test('a name given twice is refused wherever the two are', () => {
  const twice = [
    post('a=1&a=1', '', 'a1'),
    post('a=1&%61=2', '', 'a2'),
    post('b=1', 'a=1&a=2', 'a1b1'),
    post('a=1', 'a=1', 'a1'),
    post('a=1', '', 'a1', { 'top-sign-list': 'a', a: '1' }),
    post('b=1', '', 'a1b1', { 'top-sign-list': 'a,a', a: '1' }),
    post('b=1', 'a=1', 'a1b1', { 'top-sign-list': 'a', a: '1' }),
  ];
  for (const request of twice) assert.match(assertRefused(request, 'duplicate-parameter'), /parameter "a"/);
  const twoSpellings = { 'content-type': 'text/plain;charset=gbk' };
  // Two byte sequences of GBK that mean one character.
  assertRefused(post('%A1%A1=1&%A3%A0=2', '', '', twoSpellings), 'duplicate-parameter');
});

test('every other reason', () => {
  const cases: readonly [SpiRefusal, SpiRequest][] = [
    ['http-method', { ...json, method: 'PUT' }],
    ['http-method', { ...json, method: 'post' }],
    ['url', { ...json, url: json.url + '#x' }],
    ['url', { ...json, url: json.url + ' ' }],
    ['url', { ...json, url: json.url + '&x=你' }],
    ['header', { ...json, headers: { ...json.headers, 'content-type': 'application/json' } }],
    ['header', { ...json, headers: { 'Content-Type': ['application/json', 'text/xml'] } }],
    ['header', { ...json, headers: { ...json.headers, 'top-sign-list': 'x-你' } }],
    ['header', { ...json, headers: { ...json.headers, 'top-sign-list': 'x', x: ['1', '2'] } }],
    ['content-type', withContentType(json, 'application/octet-stream')],
    ['charset', withContentType(json, 'application/json;charset=big5')],
    ['content-encoding', { ...json, headers: { ...json.headers, 'Content-Encoding': 'gzip' } }],
    ['unexpected-body', { ...json, method: 'GET' }],
    ['multipart', withContentType(json, 'multipart/form-data;boundary=B')],
    ['too-many-parameters', withBody(form, Array.from({ length: 600 }, (_, i) => `p${i}=`).join('&'))],
    ['too-many-parameters', withBody(form, '&'.repeat(5000))],
    ['bad-escape', withBody(form, 'a=100%')],
    ['bad-escape', { ...json, url: json.url + '&a=%zz' }],
    ['bad-escape', { ...json, headers: { ...json.headers, 'top-sign-list': 'x', x: '%' } }],
    ['bad-bytes', withBody(form, 'a=%FF')],
    ['bad-bytes', withBody(form, '%FF=a')],
    ['bad-bytes', withBody(json, Buffer.from([0x22, 0xc4, 0xe3, 0x22]))],
    ['bad-bytes', withBody(withContentType(form, 'application/x-www-form-urlencoded;charset=gbk'), 'a=%C4')],
    ['bad-bytes', withBody(withContentType(json, 'text/plain;charset=gbk'), Buffer.from([0xc4]))],
  ];
  for (const [reason, request] of cases) assertRefused(request, reason);
  assert.ok(verifySpi({ ...json, headers: { ...json.headers, 'content-encoding': 'Identity' } }, secret).ok);
});

test('bytes split over a value and the body do not make one character', () => {
  const split = { ...json, url: '/spi?z=%E4', body: Buffer.from([0xbd, 0xa0]) };
  assertRefused({ ...split, url: split.url + '&sign=' + md5(`${secret}z你${secret}`) }, 'bad-bytes');
});

test('a refusal says where, but repeats neither values nor what only poses as a name', () => {
  assert.match(assertRefused(withBody(form, 'card_name=1%zz&own_sign=daily'), 'bad-escape'), /"card_name"/);
  const jsonAsForm = withBody(form, '{"receiver_name":"张三 100%"}');
  assert.doesNotMatch(assertRefused(jsonAsForm, 'bad-escape'), /receiver_name|张三/);
  assert.doesNotMatch(assertRefused(withBody(form, 'a=1&a=15512345678'), 'duplicate-parameter'), /155/);
});

test('what was verified stays what it was when the request is changed afterwards', () => {
  for (const body of bodies) {
    const request = signedRequest(body);
    const { query, form, payload } = partsOf(request);
    const before = JSON.stringify([texts(query), texts(form), payload.toString()]);
    request.body.fill(0x78);
    assert.equal(JSON.stringify([texts(query), texts(form), payload.toString()]), before, body.kind);
  }
});

test('the parts do not carry the secret or foreign memory along', () => {
  const { query, payload } = partsOf(json);
  const whole = Buffer.from(payload.buffer);
  assert.equal(whole.includes(secret), false);
  assert.equal(query.get('v')?.buffer, payload.buffer);
  assert.equal(whole.length, payload.byteOffset + payload.length);
});

test('multipart: text parts are signed, file parts are not', () => {
  const request = signedRequest({ kind: 'multipart', fields: { a: '1+1=%41', b: '' } });
  assert.deepEqual(texts(partsOf(request).form), { a: '1+1=%41', b: '' });
  const file =
    '--cardwright\r\nContent-Disposition: form-data; name="f"; filename="x"\r\n\r\n\xff\r\n--cardwright--\r\n';
  const withFile = request.body.toString().replace('--cardwright--\r\n', file);
  assert.deepEqual(texts(partsOf(withBody(request, Buffer.from(withFile, 'latin1'))).form), {
    a: '1+1=%41',
    b: '',
  });
  const asFile = withBody(request, request.body.toString().replace('name="a"', 'name="a";filename=""'));
  assertRefused(asFile, 'wrong-sign');
});
