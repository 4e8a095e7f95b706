import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  buyingApiFamily,
  cardOrderMakeSuccess,
  composeSpi,
  decodeFields,
  decodeJson,
  decodeXml,
  encodeFields,
  encodeMakeSuccess,
  isBuyingApiMethod,
  makeSuccessMethod,
  readMakeSuccessAnswer,
  verifySpi,
} from '../../src/index.ts';

const fetchAsync = buyingApiFamily['alibaba.fundplatform.cardorder.fetch.card.async'];
const cardActive = buyingApiFamily['alibaba.fundplatform.cardorder.card.active'];
const secret = 'helloworld';

test('a purchase is read from the JSON text of its one form field, as SDKs send it', () => {
  const struct =
    '{"active":"false","buy_entity_type":"company","card_fetch_details":[{"num":300,"price":"20000","template_no":"3010030E03"}],"out_biz_id":"B-1","sale_mode":"offline","subiz_type":7,"user_id":9007199254740993}';
  const decoded = decodeFields(fetchAsync.request, { param_card_fetch_async_request: struct });
  assert.deepEqual(decoded, {
    ok: true,
    value: {
      param_card_fetch_async_request: {
        out_biz_id: 'B-1',
        active: false,
        buy_entity_type: 'company',
        sale_mode: 'offline',
        subiz_type: 7n,
        user_id: 9007199254740993n,
        card_fetch_details: [{ template_no: '3010030E03', num: 300n, price: 20000n }],
      },
    },
  });
});

test('what the published page requires is required, and its limits hold', () => {
  const good = {
    out_biz_id: 'B-1',
    subiz_type: 1,
    user_id: 1,
    card_fetch_details: [{ template_no: 'T', num: 1 }],
  };
  const issueOf = (change: object): string => {
    const json = JSON.stringify({ param_card_fetch_async_request: { ...good, ...change } });
    const decoded = decodeJson(fetchAsync.request, json);
    return decoded.ok ? '' : decoded.issue.path.replace('param_card_fetch_async_request.', '');
  };
  assert.equal(issueOf({}), '');
  assert.equal(issueOf({ out_biz_id: 'x'.repeat(32) }), '');
  assert.equal(issueOf({ out_biz_id: 'x'.repeat(33) }), 'out_biz_id');
  for (const name of ['out_biz_id', 'subiz_type', 'user_id', 'card_fetch_details'])
    assert.equal(issueOf({ [name]: null }), name);
  assert.equal(issueOf({ sale_mode: 'by post' }), 'sale_mode');
  assert.equal(issueOf({ card_fetch_details: [] }), 'card_fetch_details');
  assert.equal(issueOf({ card_fetch_details: [{ template_no: 'T', num: 0 }] }), 'card_fetch_details[0].num');
  assert.equal(issueOf({ card_fetch_details: [{ num: 1 }] }), 'card_fetch_details[0].template_no');
});

test('an activation names cards, or what they were bought with, or leaves that to the platform to refuse', () => {
  for (const which of [{ card_nos: ['001', '002'] }, { fetch_out_biz_id: 'B-1' }, {}]) {
    const request = { out_biz_id: 'A-1', opt_user_id: 9n, ...which };
    const fields = encodeFields(cardActive.request, { param_card_active_request: request });
    const decoded = decodeFields(cardActive.request, fields);
    assert.deepEqual(decoded, { ok: true, value: { param_card_active_request: request } });
  }
});

test('an answer whose empty texts the gateway left out is read all the same', () => {
  for (const { answer } of [fetchAsync, cardActive])
    assert.deepEqual(decodeJson(answer, '{"result":{"success":true}}'), {
      ok: true,
      value: { result: { success: true, result_code: '', result_message: '' } },
    });
});

test('only the two methods of the business party are its own', () => {
  assert.deepEqual(
    Object.keys(buyingApiFamily).map((name) => isBuyingApiMethod(name)),
    [true, true],
  );
  for (const name of [makeSuccessMethod, 'toString', '', 'alibaba.fundplatform.cardorder.make'])
    assert.equal(isBuyingApiMethod(name), false);
});

test('make.success is signed and arrives as it was, in every kind of body', () => {
  const notice = fc.record(
    {
      order_id: fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }),
      out_biz_id: fc
        .string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 32 })
        .filter((text) => text.trim() === text),
      own_sign: fc.constantFrom('daily' as const, 'pre' as const, 'online' as const),
    },
    { noNullPrototype: true },
  );
  const kinds = fc.constantFrom(
    'form' as const,
    'get' as const,
    'multipart' as const,
    'json' as const,
    'xml' as const,
  );
  fc.assert(
    fc.property(notice, kinds, (request, kind) => {
      const body = encodeMakeSuccess({ request }, kind);
      const call = { method: makeSuccessMethod, appKey: '1', secret, timestamp: new Date(0) };
      const verdict = verifySpi(composeSpi({ ...call, url: '/spi', body }), secret);
      assert.ok(verdict.ok);
      const { query, form, payload } = verdict.parts;
      const fields = Object.fromEntries(
        [...(kind === 'get' ? query : form)].map(([name, value]) => [name, String(value)]),
      );
      const decoded =
        kind === 'xml'
          ? decodeXml(cardOrderMakeSuccess, String(payload))
          : kind === 'json'
            ? decodeJson(cardOrderMakeSuccess, String(payload))
            : decodeFields(cardOrderMakeSuccess, fields);
      assert.deepEqual(decoded, { ok: true, value: { request } });
    }),
  );
});

test("the business party's answer is read in every dialect", () => {
  const value = { success: true, result_code: 'OK', result_message: '' };
  for (const answer of [
    '{"success":true,"result_code":"OK","result_message":""}',
    '{"success":"true","resultCode":"OK","resultMessage":null}',
    '<response><success>true</success><result_code>OK</result_code></response>',
  ])
    assert.deepEqual(readMakeSuccessAnswer(Buffer.from(answer)), { ok: true, value });
  for (const answer of ['', '{}', '<html></html>', 'ok', '{"success":"yes"}'])
    assert.equal(readMakeSuccessAnswer(Buffer.from(answer)).ok, false, answer);
});
