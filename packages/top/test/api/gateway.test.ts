import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { readApiCall } from '../../src/api/gateway.ts';
import { signApi, signApiReading } from '../../src/api/sign.ts';
import { formatTimestamp, parseTimestamp } from '../../src/family/spi-request.ts';

interface Capture {
  readonly id: string;
  readonly kind: string;
  readonly secret: string;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly form: Readonly<Record<string, string>>;
  readonly body: string;
  readonly body_base64?: string;
}
const captures = (
  JSON.parse(readFileSync(new URL('../vectors.json', import.meta.url), 'utf8')) as Capture[]
).filter(({ kind }) => kind === 'api-capture');

const nowMs = parseTimestamp('2026-01-02 03:04:05') ?? 0;
const secret = 'helloworld';
const lookup = (appKey: string) => (appKey === '12345678' ? secret : undefined);
const form = { 'content-type': 'application/x-www-form-urlencoded' };

test('there are captures of every official client', () => assert.equal(captures.length, 9));

for (const capture of captures) {
  const { body, body_base64: base64, form: params } = capture;
  const request = {
    ...capture,
    body: base64 === undefined ? Buffer.from(body, 'utf8') : Buffer.from(base64, 'base64'),
  };
  const time = params.timestamp ?? '';
  const sentAtMs = /^\d+$/.test(time) ? Number(time) : (parseTimestamp(time) ?? 0);

  test(`capture ${capture.id} is read whole`, () => {
    const reading = readApiCall(request, () => capture.secret, sentAtMs);
    assert.ok(reading.ok, JSON.stringify(reading));
    assert.equal(reading.method, params.method);
    assert.equal(reading.timestampMs, sentAtMs);
    assert.equal(reading.format, params.format);
    const system = ['app_key', 'method', 'v', 'timestamp', 'partner_id', 'format', 'sign_method', 'simplify'];
    const business = Object.entries(params).filter(([name]) => !system.includes(name));
    assert.deepEqual(Object.fromEntries(reading.fields), Object.fromEntries(business));
  });

  test(`capture ${capture.id} with another secret, time or byte is refused`, () => {
    const other = readApiCall(request, () => `${capture.secret}x`, sentAtMs);
    assert.equal(!other.ok && other.refusal.code, 25);
    for (const lateMs of [-600_001, 600_001]) {
      const late = readApiCall(request, () => capture.secret, sentAtMs + lateMs);
      assert.equal(!late.ok && late.refusal.code, 31);
    }
    const changed = Buffer.from(request.body);
    const at = changed.indexOf('16002');
    changed[at] = 0x32;
    const forged = readApiCall({ ...request, body: changed }, () => capture.secret, sentAtMs);
    assert.equal(!forged.ok && forged.refusal.code, 25);
  });
}

const params = {
  method: 'taobao.top.ipout.get',
  app_key: '12345678',
  timestamp: '2026-01-02 03:04:05',
  v: '2.0',
  sign_method: 'hmac-sha256',
  format: 'json',
};
const signed = (given: Readonly<Record<string, string>>) => ({
  ...given,
  sign: signApi(given, secret, 'hmac-sha256'),
});
function send(given: Readonly<Record<string, string>>) {
  const body = Buffer.from(new URLSearchParams(given).toString());
  return readApiCall({ method: 'POST', url: '/router/rest', headers: form, body }, lookup, nowMs);
}
function codeOf(given: Readonly<Record<string, string>>) {
  const reading = send(given);
  return reading.ok ? 'ok' : reading.refusal.code;
}

test('a right call is taken from the query alone, too', () => {
  const url = `/router/rest?${new URLSearchParams(signed(params))}`;
  const reading = readApiCall({ method: 'GET', url, headers: {}, body: Buffer.alloc(0) }, lookup, nowMs);
  assert.equal(reading.ok, true);
});

for (const [name, missing, invalid] of [
  ['method', 21, ['22', 'Nodots', 'a.b<c', 'a.b/c', `a.${'b'.repeat(200)}`]],
  ['app_key', 28, ['29', '87654321']],
  ['v', 32, ['33', 'two', '2', '20']],
  ['timestamp', 30, ['31', '2026-01-02 03:14:06', '2026-01-02', '2026-02-30 00:00:00', '17672942450001']],
  ['sign_method', 40, ['41', 'sha1', 'MD5']],
  ['format', 'ok', ['23', 'yaml', 'JSON']],
  ['simplify', 'ok', ['41', 'yes']],
] as const) {
  test(`${name}: missing and invalid have their codes`, () => {
    const { [name as keyof typeof params]: _, ...rest } = params;
    assert.equal(codeOf(signed(rest)), missing);
    assert.equal(codeOf(signed({ ...params, [name]: '' })), missing);
    const [code, ...values] = invalid;
    for (const value of values)
      assert.equal(codeOf(signed({ ...params, [name]: value })), Number(code), value);
  });
}

test('signature, version and verb have their codes', () => {
  assert.equal(codeOf(signed(params)), 'ok');
  assert.equal(codeOf(params), 24);
  assert.equal(codeOf({ ...params, sign: 'x' }), 25);
  const sign = signApi(params, secret, 'hmac-sha256');
  assert.equal(codeOf({ ...params, sign: sign.toLowerCase() }), 25);
  assert.equal(codeOf(signed({ ...params, v: '1.0' })), 34);
  const put = readApiCall({ method: 'PUT', url: '/', headers: {}, body: Buffer.alloc(0) }, lookup, nowMs);
  assert.equal(!put.ok && put.refusal.code, 9);
});

test('a refusal is to be answered in the format that was asked for, else in XML', () => {
  const json = send({ ...params, sign: 'x' });
  assert.equal(json.format, 'json');
  const { format: _, ...rest } = params;
  assert.equal(send({ ...rest, sign: 'x' }).format, 'xml');
});

test('both readings of blank values are accepted, and no third', () => {
  const blank = { ...params, session: '', remark: ' ' };
  for (const blanks of ['left-out', 'signed'] as const) {
    const sign = signApiReading(new Map(Object.entries(blank)), secret, 'hmac-sha256', blanks);
    assert.equal(codeOf({ ...blank, sign }), 'ok');
  }
  const half = signApi({ ...params, remark: ' ', session: 'x' }, secret, 'hmac-sha256');
  assert.equal(codeOf({ ...blank, sign: half }), 25);
});

test('a name in both query and body is refused', () => {
  const body = Buffer.from(new URLSearchParams(signed(params)).toString());
  for (const url of ['/r?v=2.0', '/r?format=json&format=json']) {
    const reading = readApiCall({ method: 'POST', url, headers: form, body }, lookup, nowMs);
    assert.equal(!reading.ok && reading.refusal.code, 43);
  }
});

test('a JSON body follows the parameters in the digest and is handed over as it came', () => {
  const text = '{ "card_order_id": 9007199254740993, "名": "张三" }';
  const sign = signApi(params, secret, 'hmac-sha256', text);
  const url = `/router/rest?${new URLSearchParams({ ...params, sign })}`;
  const headers = { 'Content-Type': 'application/json; charset=utf-8' };
  const post = (body: string) =>
    readApiCall({ method: 'POST', url, headers, body: Buffer.from(body) }, lookup, nowMs);
  const reading = post(text);
  assert.equal(reading.ok && reading.payload, text);
  const changed = post(text.replace(' ', ''));
  assert.equal(!changed.ok && changed.refusal.code, 25);
});

test('file parts of a multipart body are neither signed nor fields', () => {
  const part = (name: string, value: string, more = '') =>
    `--b\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${value}\r\n`;
  const given = signed({ ...params, card_order_id: '16002' });
  const parts = Object.entries(given).map(([name, value]) => part(name, value));
  const body = Buffer.from(`${parts.join('')}${part('file', 'bytes', '; filename="f"')}--b--\r\n`);
  const headers = { 'content-type': 'multipart/form-data; boundary=b' };
  const reading = readApiCall({ method: 'POST', url: '/', headers, body }, lookup, nowMs);
  assert.ok(reading.ok, JSON.stringify(reading));
  assert.deepEqual([...reading.fields], [['card_order_id', '16002']]);
});

test('no request makes it throw, and none without the secret is accepted', () => {
  const contentType = fc.constantFrom(
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=b',
    'application/json',
    'text/xml;charset=GBK',
    'nonsense',
  );
  const field = fc.oneof(fc.constantFrom(...Object.values(params), '', '%', '\u0000'), fc.string());
  const given = fc.record(
    { method: field, app_key: field, timestamp: field, v: field, sign_method: field, sign: field },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(
      given,
      fc.uint8Array(),
      contentType,
      fc.constantFrom('GET', 'POST'),
      (query, body, type, method) => {
        const clean = Object.entries(query).filter(([, value]) => value !== undefined);
        const url = `/r?${new URLSearchParams(clean)}`;
        const reading = readApiCall({ method, url, headers: { 'content-type': type }, body }, lookup, nowMs);
        assert.equal(reading.ok, false);
      },
    ),
    { numRuns: 2000 },
  );
});

test('a changed character anywhere in a signed call is refused', () => {
  const call = signed({ ...params, timestamp: formatTimestamp(nowMs), card_order_id: '16002' });
  const names = Object.keys(call);
  fc.assert(
    fc.property(fc.constantFrom(...names), fc.nat(40), fc.string({ minLength: 1 }), (name, at, more) => {
      const value = call[name as keyof typeof call] ?? '';
      const changed = value.slice(0, at) + more + value.slice(at);
      assert.notEqual(codeOf({ ...call, [name]: changed }), 'ok');
    }),
    { numRuns: 500 },
  );
});
