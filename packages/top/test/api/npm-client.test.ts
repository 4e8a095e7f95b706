import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { apiRefusal } from '../../src/api/answer.ts';
import type { ApiCall } from '../../src/api/gateway.ts';
import { answers, appKey, appSecret, platform, startServer } from './local-gateway.ts';

/** An independent client: it signs by its own code, sends everything in one form or query, and has its own reader. */
interface NpmTopClient {
  execute(method: string, params: object, verb?: string): Promise<unknown>;
}
const { default: NpmTopClient } = createRequire(import.meta.url)('node-taobao-topclient') as {
  default: new (options: { appkey: string; appsecret: string; REST_URL: string }) => NpmTopClient;
};

// It writes local time where the protocol wants GMT+8.
process.env.TZ = 'Asia/Shanghai';

const sended = 'alibaba.fundplatform.cardorders.status.sended';
const infoQuery = 'alibaba.fundplatform.cardorders.info.query';

for (const verb of ['POST', 'GET']) {
  test(`node-taobao-topclient is understood and understands, by ${verb}`, async (t) => {
    const calls: ApiCall[] = [];
    const gateway = await startServer(
      t,
      platform((call) => {
        calls.push(call);
        return call.method === infoQuery
          ? answers(infoQuery, { result: { card_making_infos: ['{"cardNo":"名"}'], success: true } })
          : answers(sended, { result: { success: true } });
      }),
    );
    const client = new NpmTopClient({ appkey: appKey, appsecret: appSecret, REST_URL: gateway });
    const shipped = { card_order_id: '16002', logistics_order_id: 'SF 1+2&', logistics_company: '顺丰' };
    assert.deepEqual(await client.execute(sended, { ...shipped }, verb), {
      result: { success: true },
      request_id: 'req-1',
    });
    const parameters = { page_size: 500, current_page: 1, signture: 'test', card_order_id: 16002 };
    assert.deepEqual(await client.execute(infoQuery, { parameters, empty: '' }, verb), {
      result: { card_making_infos: { string: ['{"cardNo":"名"}'] }, success: true },
      request_id: 'req-1',
    });
    assert.deepEqual(Object.fromEntries(calls[0]?.fields ?? []), shipped);
    assert.equal(calls[1]?.fields.get('parameters'), JSON.stringify(parameters));
    assert.deepEqual(
      calls.map((call) => call.signMethod),
      ['md5', 'md5'],
    );
  });
}

test('node-taobao-topclient reads our errors', async (t) => {
  const gateway = await startServer(
    t,
    platform(() => ({ refusal: apiRefusal(15, 'isv.x', '错') })),
  );
  const client = new NpmTopClient({ appkey: appKey, appsecret: appSecret, REST_URL: gateway });
  await assert.rejects(client.execute(sended, { a: 1 }), { code: 15, sub_code: 'isv.x' });
  const stranger = new NpmTopClient({ appkey: appKey, appsecret: 'other', REST_URL: gateway });
  await assert.rejects(stranger.execute(sended, { a: 1 }), { code: 25 });
});
