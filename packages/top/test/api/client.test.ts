import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiRefusal } from '../../src/api/answer.ts';
import { TopClient } from '../../src/api/client.ts';
import type { ApiCall } from '../../src/api/gateway.ts';
import { formatTimestamp } from '../../src/family/spi-request.ts';
import { int64, list, required, struct, text } from '../../src/schema/schema.ts';
import { answers, appKey, appSecret, failureOf, newClient, platform, startServer } from './local-gateway.ts';

const infoQuery = 'alibaba.fundplatform.cardorders.info.query';
const makeFinish = 'alibaba.fundplatform.cardorders.status.make.finish';
const sended = 'alibaba.fundplatform.cardorders.status.sended';
const card =
  '{"cardNo":"6222 <&>","cardPassword":"p\\"w","qrCode":"汉字𠮷","templateNo":"T1","status":"ACTIVE"}';
const orderId = 9007199254740993n;
const query = { page_size: 500n, current_page: 1n, signture: 'test', card_order_id: orderId };

for (const signMethod of ['md5', 'hmac', 'hmac-sha256'] as const) {
  for (const shape of ['json', 'simplify', 'xml'] as const) {
    for (const gzip of [false, true]) {
      test(`${signMethod}, ${shape}, ${gzip ? 'gzip' : 'plain'}: call and answer arrive whole`, async (t) => {
        const calls: ApiCall[] = [];
        const serve = platform(
          (call) => {
            calls.push(call);
            return answers(infoQuery, { result: { card_making_infos: [card, card], success: true } });
          },
          { gzip, comment: 'top011.na61', contentType: 'text/html; charset=utf-8' },
        );
        const format = shape === 'xml' ? 'xml' : 'json';
        const options = { signMethod, format, simplify: shape === 'simplify' } as const;
        const client = newClient(t, await startServer(t, serve), options);
        const { answer, requestId, attempts } = await client.call(infoQuery, { parameters: query });
        assert.deepEqual(answer, { result: { card_making_infos: [card, card], success: true } });
        assert.deepEqual({ requestId, attempts }, { requestId: 'req-1', attempts: 1 });
        const [call] = calls;
        assert.ok(call);
        assert.equal(call.signMethod, signMethod);
        assert.equal(call.format, format);
        assert.equal(call.simplify, shape === 'simplify');
        assert.deepEqual(
          [...call.fields],
          [
            [
              'parameters',
              '{"page_size":500,"current_page":1,"signture":"test","card_order_id":9007199254740993}',
            ],
          ],
        );
      });
    }
  }
}

test('public parameters travel in the query, business ones in the form, as Java sends them', async (t) => {
  const seen: { url: string; body: string; headers: object; method: string }[] = [];
  const serve = platform(() => answers(sended, { result: { success: true } }));
  const gateway = await startServer(t, (request, response, message) => {
    seen.push({ ...request, body: Buffer.from(request.body).toString() });
    serve(request, response, message);
  });
  const client = newClient(t, gateway, { session: 's e', targetAppKey: '1', partnerId: 'p', format: 'xml' });
  const params = { card_order_id: 16002n, logistics_order_id: 'SF 1+2', logistics_company: '顺丰' };
  assert.deepEqual(await client.execute(sended, params), { result: { success: true } });
  const [request] = seen;
  assert.ok(request);
  const publicParams = new URL(request.url, gateway).searchParams;
  assert.deepEqual([...publicParams.keys()].sort(), [
    'app_key',
    'format',
    'method',
    'partner_id',
    'session',
    'sign',
    'sign_method',
    'target_app_key',
    'timestamp',
    'v',
  ]);
  assert.equal(publicParams.get('session'), 's e');
  const time = publicParams.get('timestamp') ?? '';
  const recent = [0, 1, 2, 3].map((s) => formatTimestamp(Date.now() - s * 1000));
  assert.ok(recent.includes(time), time);
  assert.equal(
    request.body,
    'card_order_id=16002&logistics_order_id=SF+1%2B2&logistics_company=%E9%A1%BA%E4%B8%B0',
  );
  const headers = request.headers as Record<string, string>;
  assert.equal(headers['content-type'], 'application/x-www-form-urlencoded;charset=UTF-8');
  assert.equal(headers['accept-encoding'], 'gzip');
});

test('every method of the family is typed, and a call without parameters has an empty body', async (t) => {
  const serve = platform((call) =>
    call.method === 'taobao.top.ipout.get'
      ? answers('taobao.top.ipout.get', { ip_list: '127.0.0.1' })
      : answers(makeFinish, { result: { success: true } }),
  );
  const client = newClient(t, await startServer(t, serve));
  const { ip_list: ipList } = await client.execute('taobao.top.ipout.get', {});
  assert.equal(ipList, '127.0.0.1');
  const { result } = await client.execute(makeFinish, { card_order_id: 1n });
  assert.equal(result.success satisfies boolean, true);
  // @ts-expect-error: a text is no order id
  const wrong = await failureOf(client.execute(makeFinish, { card_order_id: 'x' }));
  assert.equal(wrong.kind, 'invalid-request');
  assert.equal(wrong.issue?.path, 'card_order_id');
});

test('a method of no schema takes plain values and gives plain, lossless ones', async (t) => {
  const schema = struct({
    id: required(int64()),
    names: required(list(text(), { max: 9, tag: 'string' })),
  });
  let fields: ReadonlyMap<string, string> = new Map();
  const serve = platform((call) => {
    fields = call.fields;
    return { value: { id: orderId, names: ['甲', '乙'] }, schema };
  });
  for (const simplify of [false, true]) {
    const client = newClient(t, await startServer(t, serve), { simplify, format: 'xml' });
    const answer = await client.execute('taobao.x.get', {
      id: orderId,
      price: 1.5,
      yes: true,
      at: new Date(Date.UTC(2026, 0, 1, 19, 4, 5)),
      none: undefined,
      nothing: null,
      empty: '',
      blank: ' \t',
      details: [{ num: 1n, at: new Date(0), ok: false, none: undefined, nil: null, name: '"名"' }],
    });
    assert.deepEqual(Object.fromEntries(fields), {
      id: '9007199254740993',
      price: '1.5',
      yes: 'true',
      at: '2026-01-02 03:04:05',
      details: '[{"num":1,"at":"1970-01-01 08:00:00","ok":false,"nil":null,"name":"\\"名\\""}]',
    });
    assert.equal(answer.id, orderId);
    assert.deepEqual(answer.names, simplify ? ['甲', '乙'] : toNull({ string: ['甲', '乙'] }));
  }
});

function toNull(value: object): object {
  return Object.assign(Object.create(null), value);
}

test('parameters that cannot travel are refused before anything is sent', async (t) => {
  let requests = 0;
  const gateway = await startServer(t, () => {
    requests++;
  });
  const client = newClient(t, gateway);
  const cyclic: { [name: string]: never } = {};
  Object.assign(cyclic, { self: cyclic });
  const refused = [
    { sign: 'x' },
    { session: 'x' },
    { n: 2 ** 53 },
    { n: Number.NaN },
    { n: 1e-9 },
    { t: '\ud800' },
    { at: new Date(Number.NaN) },
    { cyclic },
  ];
  for (const params of refused) {
    const error = await failureOf(client.execute('taobao.x.get', params));
    assert.deepEqual([error.kind, error.effect], ['invalid-request', 'none'], Object.keys(params)[0]);
    assert.ok(error.issue);
  }
  const shipped = { card_order_id: 1n, logistics_order_id: ' ', logistics_company: '顺丰' };
  const blank = await failureOf(client.execute(sended, shipped));
  assert.equal(blank.issue?.path, 'logistics_order_id');
  assert.equal(requests, 0);
});

test('a session of the call goes before the one of the client', async (t) => {
  const sessions: (string | undefined)[] = [];
  const serve = platform((call) => {
    sessions.push(call.session);
    return answers(makeFinish, { result: { success: true } });
  });
  const client = newClient(t, await startServer(t, serve), { session: 'ours' });
  await client.execute(makeFinish, { card_order_id: 1n });
  await client.execute(makeFinish, { card_order_id: 1n }, { session: 'theirs' });
  assert.deepEqual(sessions, ['ours', 'theirs']);
});

test('reading calls share a connection, others have one of their own', async (t) => {
  const ports: (number | undefined)[] = [];
  const serve = platform((call) =>
    call.method === makeFinish
      ? answers(makeFinish, { result: { success: true } })
      : answers(infoQuery, { result: { success: true } }),
  );
  const gateway = await startServer(t, (request, response, message) => {
    ports.push(message.socket.remotePort);
    serve(request, response, message);
  });
  const client = newClient(t, gateway);
  for (let i = 0; i < 3; i++) await client.execute(infoQuery, { parameters: query });
  for (let i = 0; i < 3; i++) await client.execute(makeFinish, { card_order_id: 1n });
  assert.equal(new Set(ports.slice(0, 3)).size, 1);
  assert.equal(new Set(ports).size, 4);
});

test('a gateway error comes typed, in JSON and in XML, and never with a secret', async (t) => {
  const refusal = apiRefusal(15, 'isv.card-order-not-exist:1', `制卡单不存在 ${appSecret} token-1 <&>`);
  const gateway = await startServer(
    t,
    platform(() => ({ refusal })),
  );
  for (const format of ['json', 'xml'] as const) {
    const client = newClient(t, gateway, { format, session: 'token-1' });
    const error = await failureOf(client.execute(makeFinish, { card_order_id: 1n }));
    assert.equal(error.kind, 'gateway');
    assert.equal(error.code, 15);
    assert.equal(error.subCode, 'isv.card-order-not-exist:1');
    assert.equal(error.subMsg, '制卡单不存在 *** *** <&>');
    assert.equal(error.requestId, 'req-1');
    assert.equal(error.effect, 'none');
    assert.equal(error.attempts, 1);
    assert.doesNotMatch(`${error.stack}${JSON.stringify(error)}`, /helloworld|token-1/);
  }
});

test('a wrong secret is told by the gateway and never printed', async (t) => {
  const gateway = await startServer(
    t,
    platform(() => answers(makeFinish, { result: { success: true } })),
  );
  const client = newClient(t, gateway, { appSecret: 'wrong-secret' });
  const error = await failureOf(client.execute(makeFinish, { card_order_id: 1n }));
  assert.deepEqual([error.kind, error.code, error.class], ['gateway', 25, 'signature']);
  assert.doesNotMatch(`${error.stack}`, /wrong-secret/);
});

test('wrong settings are named, without their values', () => {
  const good = { appKey, appSecret, gateway: 'https://eco.taobao.com/router/rest' };
  const wrong: readonly (readonly [string, object])[] = [
    ['appKey', { appKey: '' }],
    ['appSecret', { appSecret: ' canary ' }],
    ['gateway', { gateway: 'ftp://canary/' }],
    ['gateway', { gateway: 'https://canary@host/' }],
    ['gateway', { gateway: 'https://host/?canary' }],
    ['signMethod', { signMethod: 'canary' }],
    ['format', { format: 'canary' }],
    ['retries', { retries: -1 }],
    ['readTimeoutMs', { readTimeoutMs: 0 }],
    ['maxAnswerBytes', { maxAnswerBytes: 1.5 }],
    ['session', { session: '' }],
  ];
  for (const [name, setting] of wrong) {
    assert.throws(
      () => new TopClient({ ...good, ...setting }),
      (error: Error) =>
        error instanceof TypeError && error.message.startsWith(name) && !error.message.includes('canary'),
      name,
    );
  }
  assert.doesNotThrow(() => new TopClient(good));
});
