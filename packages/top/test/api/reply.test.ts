import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { writeApiAnswer, writeApiError } from '../../src/api/answer.ts';
import { decodeReply, envelopeName, readReply, toApiValue } from '../../src/api/reply.ts';
import { apiFamily } from '../../src/family/api.ts';
import { readJson } from '../../src/json/read-json.ts';
import { failureOf, newClient, startServer } from './local-gateway.ts';

const infoQuery = 'alibaba.fundplatform.cardorders.info.query';
const { answer: schema } = apiFamily[infoQuery];
const value = { result: { card_making_infos: ['{"a":"<&>\\""}', '二'], success: true } };
const bodyOf = (style: Partial<Parameters<typeof writeApiAnswer>[3]>) =>
  writeApiAnswer(infoQuery, schema, value, { format: 'json', requestId: 'r1', ...style });

test('answers are written as the protocol shows them', () => {
  const infos = '["{\\"a\\":\\"<&>\\\\\\"\\"}","二"]';
  const name = 'alibaba_fundplatform_cardorders_info_query_response';
  assert.equal(
    bodyOf({}).body.toString(),
    `{"${name}":{"result":{"card_making_infos":{"string":${infos}},"success":true},"request_id":"r1"}}`,
  );
  assert.equal(
    bodyOf({ simplify: true, comment: 'top1--><' }).body.toString(),
    `{"result":{"card_making_infos":${infos},"success":true},"request_id":"r1"}<!--top1-->`,
  );
  const xml = bodyOf({ format: 'xml', simplify: true });
  assert.equal(
    xml.body.toString(),
    `<?xml version="1.0" encoding="utf-8" ?><${name}><result><card_making_infos>` +
      '<string>{"a":"&lt;&amp;&gt;\\""}</string><string>二</string>' +
      `</card_making_infos><success>true</success></result><request_id>r1</request_id></${name}>`,
  );
  assert.equal(xml.contentType, 'text/xml;charset=UTF-8');
  const dialect = { names: 'camel', booleans: 'text' } as const;
  assert.match(bodyOf({ dialect }).body.toString(), /"cardMakingInfos":\{"string":.*"success":"true"/);
});

test('the leading taobao. is dropped from the envelope, alibaba. is kept', () => {
  assert.equal(envelopeName('taobao.top.ipout.get'), 'top_ipout_get_response');
  assert.equal(envelopeName('alibaba.x.taobao.y'), 'alibaba_x_taobao_y_response');
  assert.equal(envelopeName('taobaox.y'), 'taobaox_y_response');
  const ipout = apiFamily['taobao.top.ipout.get'].answer;
  const style = { format: 'json', requestId: 'r1' } as const;
  assert.equal(
    writeApiAnswer('taobao.top.ipout.get', ipout, { ip_list: '1.2.3.4' }, style).body.toString(),
    '{"top_ipout_get_response":{"ip_list":"1.2.3.4","request_id":"r1"}}',
  );
});

test('an error is written and read in both formats; sub fields may be missing', () => {
  const full = { code: 15, msg: 'Remote Service Error', subCode: 'isv.x:<1>', subMsg: '错' };
  for (const refusal of [full, { code: 7, msg: 'App Call Limited' }]) {
    for (const format of ['json', 'xml'] as const) {
      const { body, contentType } = writeApiError(refusal, { format, requestId: 'r1', comment: 'h' });
      const reply = readReply(infoQuery, body, contentType, false);
      assert.deepEqual(reply, { kind: 'error', error: { ...refusal, requestId: 'r1' } });
    }
  }
});

test('a code may be text, and one that is no number is a sub code', () => {
  const read = (json: string) =>
    readReply('m.x', Buffer.from(`{"error_response":${json}}`), undefined, false);
  assert.deepEqual(read('{"code":"7"}'), { kind: 'error', error: { code: 7 } });
  assert.deepEqual(read('{"code":"isp.down"}'), { kind: 'error', error: { subCode: 'isp.down' } });
  assert.deepEqual(read('{"code":"isp.down","sub_code":"isv.y"}'), {
    kind: 'error',
    error: { subCode: 'isv.y' },
  });
  assert.deepEqual(read('{}'), { kind: 'error', error: {} });
  assert.deepEqual(read('{"code":7,"sub_msg":"a\\n\\u2028b"}'), {
    kind: 'error',
    error: { code: 7, subMsg: 'a b' },
  });
});

test('answers of any text come back as they were, in every shape', () => {
  const carried = fc
    .string({ unit: 'grapheme', minLength: 1 })
    .filter((text) => !/[\u0000-\u001f\ufffe\uffff]/.test(text) && text.isWellFormed());
  fc.assert(
    fc.property(
      fc.array(carried, { maxLength: 5 }),
      fc.constantFrom('json', 'simplify', 'xml'),
      (card_making_infos, shape) => {
        const given = { result: { card_making_infos, success: true } };
        const format = shape === 'xml' ? 'xml' : 'json';
        const simplify = shape === 'simplify';
        const style = { format, simplify, requestId: 'r', comment: 'top.x' } as const;
        const { body, contentType } = writeApiAnswer(infoQuery, schema, given, style);
        const reply = readReply(infoQuery, body, contentType, simplify);
        assert.ok(reply.kind === 'answer', JSON.stringify(reply));
        assert.equal(reply.requestId, 'r');
        const decoded = decodeReply(schema, reply.content);
        assert.ok(decoded.ok);
        assert.deepEqual(decoded.value.result.card_making_infos ?? [], card_making_infos);
      },
    ),
    { numRuns: 500 },
  );
});

test('plain values are lossless', () => {
  const reading = readJson('{"__proto__":9007199254740993,"a":[1.10,1e3,-0,null,true,"x"]}');
  assert.ok(reading.ok);
  const plain = toApiValue(reading.value) as Record<string, unknown>;
  assert.deepEqual(Object.keys(plain), ['__proto__', 'a']);
  assert.equal(Object.getOwnPropertyDescriptor(plain, '__proto__')?.value, 9007199254740993n);
  assert.deepEqual(plain.a, ['1.10', '1e3', 0n, null, true, 'x']);
});

/** Answers near to right ones: cut, doubled, with bytes changed, or random from the start. */
const nearly = fc
  .tuple(
    fc.constantFrom(
      ...(['json', 'xml'] as const).flatMap((format) => [
        bodyOf({ format }).body,
        bodyOf({ format, simplify: true, comment: 'x' }).body,
        writeApiError({ code: 7, msg: 'm' }, { format, requestId: 'r' }).body,
      ]),
    ),
    fc.nat(400),
    fc.uint8Array({ maxLength: 4 }),
    fc.nat(8),
  )
  .map(([body, at, bytes, removed]) =>
    Buffer.concat([body.subarray(0, at), bytes, body.subarray(at + removed)]),
  );
const anyBody = fc.oneof(nearly, fc.uint8Array({ maxLength: 300 }), fc.json().map(Buffer.from));

test('no bytes make reading throw', () => {
  fc.assert(
    fc.property(anyBody, fc.option(fc.string()), fc.boolean(), (body, contentType, simplify) => {
      const reply = readReply(infoQuery, body, contentType ?? undefined, simplify);
      if (reply.kind === 'answer') decodeReply(schema, reply.content);
      assert.ok(['answer', 'error', 'malformed'].includes(reply.kind));
    }),
    { numRuns: 5000 },
  );
});

test('whatever comes over the wire, a call ends soon, with an answer or a TopError', async (t) => {
  let next: { body: Uint8Array; headers: Record<string, string>; status: number; cut: boolean } | undefined;
  const gateway = await startServer(t, (_request, response) => {
    if (next === undefined) return;
    response.writeHead(next.status, next.headers);
    if (!next.cut) response.end(next.body);
    else response.write(next.body, () => response.destroy());
  });
  const client = newClient(t, gateway, { retries: 0, readTimeoutMs: 2000, maxAnswerBytes: 4096 });
  const parameters = { page_size: 5n, current_page: 1n, signture: 'test', card_order_id: 1n };
  const packed = anyBody.map((body) => gzipSync(body));
  const headers = fc.constantFrom<Record<string, string>>(
    {},
    { 'Content-Type': 'text/html' },
    { 'Content-Type': 'text/xml; charset=gbk' },
    { 'Content-Encoding': 'gzip' },
    { 'Content-Encoding': 'deflate' },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(anyBody, packed),
      headers,
      fc.constantFrom(200, 200, 200, 302, 404, 500),
      fc.boolean(),
      async (body, given, status, cut) => {
        next = { body, headers: given, status, cut };
        const startMs = performance.now();
        const call = client.execute(infoQuery, { parameters });
        const outcome = await call.then(
          () => undefined,
          () => failureOf(call),
        );
        if (outcome !== undefined) assert.equal(outcome.attempts, 1);
        // Well below the read timeout: the end of the answer was noticed, not waited for.
        assert.ok(performance.now() - startMs < 1500);
      },
    ),
    { numRuns: 300 },
  );
});
