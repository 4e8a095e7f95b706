import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { canonicalise } from '../../src/spi/canonical.ts';
import { type SpiCauseCode, spiCauses } from '../../src/spi/causes.ts';
import { explainSpi } from '../../src/spi/explain.ts';
import type { SpiRequest } from '../../src/spi/request.ts';
import { signSpi } from '../../src/spi/sign.ts';
import { verifySpi } from '../../src/spi/verify.ts';
import {
  order,
  orderJson,
  orderXml,
  requestOf,
  secret,
  signedAs,
  signedRequest,
  spiVectors,
  withBody,
  withContentType,
  withSign,
} from './sample.ts';

const form = signedRequest({ kind: 'form', fields: order });
const json = signedRequest({ kind: 'json', payload: orderJson });
const xml = signedRequest({ kind: 'xml', payload: orderXml });
const formType = 'application/x-www-form-urlencoded';

const produced = new Set<string>();

/** The best finding about a request that is refused; what undoing the mistake proved unless told. */
function assertCause(
  request: SpiRequest,
  code: SpiCauseCode,
  about: RegExp = /./,
  confidence = 'certain',
  secrets: Parameters<typeof explainSpi>[1] = secret,
): void {
  const explanation = explainSpi(request, secrets);
  assert.equal(explanation.ok, false);
  const found = explanation.causes.find((candidate) => candidate.code === code);
  assert.ok(found, `${code} is not among ${explanation.causes.map((one) => one.code).join()}`);
  assert.equal(found.confidence, confidence, code);
  assert.match(found.en, about);
  assert.match(found.zh, /[\u4e00-\u9fff]/);
  assert.doesNotMatch(found.en + found.zh, /\{about\}/);
  produced.add(code);
}

function withFields(request: SpiRequest, change: (body: string) => string): SpiRequest {
  return withBody(request, change(request.body.toString()));
}

test('a right signature has no causes', () => {
  const explanation = explainSpi(form, [{ label: 'daily', secret }]);
  assert.equal(explanation.ok, true);
  assert.equal(explanation.secretLabel, 'daily');
  assert.deepEqual(explanation.causes, []);
  assert.equal(explanation.expected, signSpi(form, secret));
});

test('sign: missing, elsewhere, lower case, with white space, cut, by HMAC', () => {
  const unsigned = { ...json, url: json.url.replace(/&sign=.*/, '') };
  const sign = signSpi(json, secret);
  assertCause(unsigned, 'sign-missing');
  assertCause(withBody(unsigned, `{"sign":"${sign}"}`), 'sign-in-body', /JSON body/);
  assertCause({ ...unsigned, headers: { ...json.headers, Sign: sign } }, 'sign-in-body', /headers/);
  const unsignedForm = { ...form, url: form.url.replace(/&sign=.*/, '') };
  assertCause(withBody(unsignedForm, `${form.body}&sign=${sign}`), 'sign-in-body', /form/);
  assertCause(
    withBody({ ...xml, url: unsigned.url }, `<request><sign>${sign}</sign></request>`),
    'sign-in-body',
    /XML/,
  );
  assertCause(withSign(json, sign.toLowerCase()), 'sign-lowercase');
  assertCause(withSign(json, `${sign}%0A`), 'sign-white-space');
  assertCause(withSign(json, sign.slice(0, 30)), 'sign-malformed');
  const canonical = canonicalise(json);
  assert.ok(canonical.ok);
  for (const [algorithm, about] of [
    ['md5', /HMAC-MD5/],
    ['sha256', /HMAC-SHA256/],
  ] as const) {
    const hmac = createHmac(algorithm, secret).update(canonical.signed).digest('hex').toUpperCase();
    assertCause(withSign(json, hmac), 'sign-method', about);
    const lower = explainSpi(withSign(json, hmac.toLowerCase()), secret);
    assert.deepEqual(
      lower.causes.map(({ code }) => code),
      ['sign-method', 'sign-lowercase'],
    );
  }
  assertCause(withSign(json, 'AB'.repeat(32)), 'sign-method', /SHA256/, 'likely');
});

test('secrets: white space at either side, another environment', () => {
  assertCause(json, 'secret-white-space', /#1/, 'certain', `${secret}\n`);
  assertCause(json, 'secret-white-space', /#2/, 'certain', ['other', ` ${secret} `]);
  for (const theirs of [`${secret}\n`, ` ${secret}`, `${secret}\r\n`]) {
    assertCause(signedAs(json, json, theirs), 'secret-white-space');
  }
  assertCause(withSign(json, '0'.repeat(32)), 'secret-white-space', /#1/, 'possible', `${secret} `);
  const environments = [
    { label: 'daily', secret: 'another-one' },
    { label: 'daily', secret: 'the-next-one' },
    { label: 'online', secret },
  ];
  assertCause(json, 'other-secret', /"online"/, 'certain', environments);
  assert.equal(explainSpi(json, environments).reason, 'wrong-sign');
  assert.equal(explainSpi(json, [...environments].reverse()).ok, true);
  const both = explainSpi(signedAs(withBody(json, orderJson + '\n'), json), environments);
  assert.deepEqual(
    both.causes.map(({ code }) => code),
    ['body-white-space', 'other-secret'],
  );
});

test('charset: the digest over other bytes than were sent', () => {
  const gbkJson = signedRequest({ kind: 'json', payload: orderJson }, { charset: 'gbk' });
  assertCause(signedAs(json, gbkJson), 'charset', /sent in GB18030, signed in UTF-8/);
  assertCause(signedAs(gbkJson, json), 'charset', /sent in UTF-8, signed in GB18030/);
  const gbkForm = signedRequest({ kind: 'form', fields: order }, { charset: 'gbk' });
  assertCause(signedAs(form, gbkForm), 'charset');
  assertCause(signedAs(gbkForm, form), 'charset');
  const mojibake = Buffer.from(Buffer.from(orderJson).toString('latin1'));
  assertCause(signedAs(withBody(json, mojibake), json), 'charset', /ISO-8859-1/);
});

test('bodies changed after signing', () => {
  for (const other of [orderJson + '\n', orderJson + ' ', orderJson + '\r\n']) {
    assertCause(signedAs(withBody(json, other), json), 'body-white-space');
    assertCause(signedAs(json, withBody(json, other)), 'body-white-space');
  }
  assertCause(signedAs(json, withBody(json, `\n${orderJson}\n`)), 'body-white-space', /both ends/);
  assertCause(signedAs(withBody(json, '\ufeff' + orderJson), json), 'body-bom');
  assertCause(signedAs(json, withBody(json, '\ufeff' + orderJson)), 'body-bom');
  const windows = withFields(xml, (body) => body.replaceAll('\n', '\r\n'));
  assertCause(signedAs(windows, xml), 'body-line-ends', /CR LF/);
  assertCause(signedAs(xml, windows), 'body-line-ends', /signed with LF/);
  assertCause(signedAs(withBody(json, ''), json), 'body-not-signed');
});

test('content serialised anew, in the styles of common JSON writers', () => {
  const value = JSON.parse(orderJson);
  const escaped = (text: string) =>
    text.replace(/[\u0080-\uffff]/g, (c) => '\\u' + c.charCodeAt(0).toString(16).padStart(4, '0'));
  const python = orderJson.replaceAll(/([,:])(?=["[{\d])/g, '$1 ');
  for (const style of [
    JSON.stringify(value, null, 2),
    JSON.stringify(value, null, 4),
    escaped(orderJson),
    python,
    escaped(python),
    escaped(orderJson).replaceAll('/', '\\/'),
  ]) {
    assertCause(signedAs(withBody(json, style), json), 'body-reserialised');
    assertCause(signedAs(json, withBody(json, style)), 'body-reserialised');
  }
  const id = '{"card_order_id":9007199254740993}';
  const spaced = '{ "card_order_id" : 9007199254740993 }';
  assertCause(signedAs(withBody(json, id), withBody(json, spaced)), 'body-reserialised', /compact/);
  const field = signedRequest({
    kind: 'form',
    fields: { ...order, logistics_info: JSON.stringify(JSON.parse(order.logistics_info), null, 2) },
  });
  assertCause(signedAs(form, field), 'body-reserialised', /compact/);
  assertCause(
    signedAs(
      withFields(xml, (body) => body.replace(/>\s+</g, '><')),
      xml,
    ),
    'body-reserialised',
    /between tags/,
  );
});

test('plus, space and percent', () => {
  const encoded = (raw: string) => withBody(form, `a=${raw}`);
  assertCause(signedAs(encoded('1%2B1'), encoded('1+1')), 'plus-as-space', /signed as \+/);
  assertCause(signedAs(encoded('1%201'), encoded('1%2B1')), 'plus-as-space', /signed as a space/);
  assertCause(signedAs(encoded('%25E5%25BC%25A0'), encoded('%E5%BC%A0')), 'signed-encoded');
  assertCause(signedAs(encoded('%E5%BC%A0'), encoded('%25E5%25BC%25A0')), 'encoded-twice');
  assertCause(encoded('100%'), 'bad-escape');
  const decodedByProxy = explainSpi(signedAs(encoded('100%25'), encoded('100%')), secret);
  assert.equal(decodedByProxy.reason, 'bad-escape');
  const inQuery = { ...json, url: json.url + '&p=1+1' };
  assertCause(signedAs({ ...json, url: json.url + '&p=1%2B1' }, inQuery), 'plus-as-space', /parameter "p"/);
});

test('signed header list', () => {
  const headers = { 'X-Top-One': '中 文', 'x-top-two': '1' };
  const listed = signedRequest({ kind: 'json', payload: '{}' }, { signedHeaders: headers });
  const plain = signedRequest({ kind: 'json', payload: '{}' });
  assertCause(signedAs(plain, listed), 'signed-headers-ignored');
  const raw = {
    ...listed,
    headers: { ...listed.headers, 'X-Top-One': '%25E4%25B8%25AD+%25E6%2596%2587'.replace('+', '%2B') },
  };
  assertCause(signedAs(raw, listed), 'signed-header-form', /not decoded/);
  const lower = { ...listed, headers: { ...listed.headers, 'top-sign-list': 'x-top-one,x-top-two' } };
  assertCause(signedAs(lower, listed), 'signed-header-form', /lower case/);
  const spaced = { ...listed, headers: { ...listed.headers, 'top-sign-list': 'X-Top-One, x-top-two' } };
  const asIfTrimmed = { ...spaced, headers: { ...spaced.headers, ' x-top-two': '' } };
  assert.equal(verifySpi(signedAs(asIfTrimmed, asIfTrimmed), secret).ok, true);
});

test('parameters left out of the digest, or added to it', () => {
  const empty = { ...json, url: json.url + '&session=&ext=' };
  assertCause(signedAs(json, empty), 'empty-skipped');
  const added = { ...json, url: json.url + '&trace_id=7' };
  assertCause(signedAs(json, added), 'parameter-not-signed', /"trace_id"/);
  assertCause(signedAs(withBody(form, ''), form), 'form-not-signed');
  const appended = canonicalise(form);
  assert.ok(appended.ok);
  const asText = withContentType(withBody(json, Buffer.concat([form.body])), 'text/plain');
  assertCause(signedAs(asText, form), 'form-body-signed');
  const padded = withBody(form, 'a=+x+');
  assertCause(signedAs(withBody(form, 'a=x'), padded), 'values-trimmed');
});

test('requests refused for their form say so first, and still find the mistake of the signature', () => {
  assertCause(withBody(form, 'a=1&a=2'), 'duplicate-parameter');
  assertCause(withBody(form, 'a=%FF'), 'bad-bytes');
  assertCause({ ...json, method: 'PUT' }, 'not-acceptable');
  assertCause(withContentType(form, 'application/octet-stream'), 'not-acceptable');
  const both = explainSpi(
    signedAs(form, { ...withContentType(form, `${formType};charset=big5`) }, `${secret}\n`),
    secret,
  );
  assert.deepEqual(
    both.causes.map(({ code }) => code),
    ['not-acceptable', 'secret-white-space'],
  );
});

test('the habits of the official Java checker are found in its own vectors', () => {
  const expected: Readonly<Record<string, SpiCauseCode>> = {
    'spi-raw-equals-dropped': 'raw-equals',
    'spi-trailing-equals': 'raw-equals',
    'spi-dup-query': 'duplicate-parameter',
    'spi-gbk-unmappable': 'bad-bytes',
  };
  for (const vector of spiVectors) {
    const { ok, causes } = explainSpi(requestOf(vector), vector.secret);
    const code = expected[vector.id];
    assert.equal(ok, code === undefined && vector.expect_valid, vector.id);
    if (code === undefined) continue;
    assert.equal(causes[0]?.code, code, vector.id);
    produced.add(code);
  }
});

test('a repeated name is read as the Java checker reads it, and so its digest is right', () => {
  const repeated = spiVectors.find(({ id }) => id === 'spi-dup-query');
  assert.ok(repeated);
  const { computed } = explainSpi(requestOf(repeated), repeated.secret);
  assert.equal(computed[0]?.start, `${repeated.expect_sign.slice(0, 6)}…`);
});

test('where no known mistake fits, it says that it does not know', () => {
  const changed = withBody(json, orderJson.replace('16002', '16003'));
  assertCause(changed, 'other-content', /No known cause/, 'possible');
  assert.equal(explainSpi(changed, secret).causes.length, 1);
});

test('every cause of the table was produced above', () => {
  assert.deepEqual([...produced].sort(), Object.keys(spiCauses).sort());
});

test('a request that nobody could read is explained without its text', () => {
  const explanation = explainSpi({ method: 'POST', url: '/' } as SpiRequest, secret);
  assert.equal(explanation.reason, 'malformed-request');
  assert.equal(explanation.canonical, '');
  assert.equal(explanation.causes[0]?.code, 'not-acceptable');
});
