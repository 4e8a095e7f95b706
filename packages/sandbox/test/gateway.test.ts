import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { TopClient, TopError } from '@cardwright/top';
import { type Sandbox, startSandbox } from '../src/sandbox.ts';

// The independent client writes the machine's local time, as if every machine stood in China.
process.env.TZ = 'Asia/Shanghai';

interface IndependentClient {
  execute(method: string, params: Record<string, unknown>, type?: string): Promise<Record<string, never>>;
}
const independent = createRequire(import.meta.url)('node-taobao-topclient') as {
  default: new (options: { appkey: string; appsecret: string; REST_URL: string }) => IndependentClient;
};

const infoQuery = 'alibaba.fundplatform.cardorders.info.query';
const finish = 'alibaba.fundplatform.cardorders.status.make.finish';
const sended = 'alibaba.fundplatform.cardorders.status.sended';
const key = { appKey: '12345678', appSecret: 'helloworld' };

let sandbox: Sandbox;
let gateway: string;
before(async () => {
  // No maker listens there: the sandbox keeps an order that it could not deliver, and serves its cards.
  sandbox = await startSandbox({ port: 0, maker: 'http://127.0.0.1:9/spi', makerTimeoutMs: 1_000, ...key });
  gateway = `${sandbox.url}/router/rest`;
  await sandbox.newTemplate({ templateNo: 'T1', cardName: '卡', parValueFen: 100n, isTest: false });
  for (const [cardOrderId, count] of [
    [1201n, 1201n],
    [500n, 500n],
    [7n, 3n],
  ] as const) {
    await sandbox.placeOrder({ cardOrderId, lines: [{ templateNo: 'T1', count }] });
  }
});
after(() => sandbox.close());

const pageOf = (cardOrderId: bigint, currentPage: number, pageSize = 500) => ({
  parameters: {
    page_size: pageSize,
    current_page: currentPage,
    signture: 'test',
    card_order_id: String(cardOrderId),
  },
});

test('an independent client signs calls and reads answers', async () => {
  const client = new independent.default({ appkey: key.appKey, appsecret: key.appSecret, REST_URL: gateway });
  for (const type of ['POST', 'GET']) {
    const answer = (await client.execute(infoQuery, pageOf(7n, 1), type)) as unknown as {
      result: { success: boolean; card_making_infos: { string: string[] } };
    };
    assert.equal(answer.result.success, true);
    const cards = answer.result.card_making_infos.string.map(
      (text) => JSON.parse(text) as Record<string, string>,
    );
    assert.deepEqual(
      cards.map(({ templateNo, status }) => [templateNo, status]),
      Array(3).fill(['T1', 'ACTIVE']),
    );
    assert.equal(new Set(cards.map(({ cardNo }) => cardNo)).size, 3);
  }
  const stranger = new independent.default({ appkey: key.appKey, appsecret: 'wrong', REST_URL: gateway });
  await assert.rejects(stranger.execute(infoQuery, pageOf(7n, 1)), { name: 'TOPClientError', code: 25 });
});

test('our client reads the same cards in every style', async () => {
  const seen = new Set<string>();
  for (const signMethod of ['md5', 'hmac', 'hmac-sha256'] as const) {
    for (const style of [
      { format: 'json' },
      { format: 'json', simplify: true },
      { format: 'xml' },
    ] as const) {
      const client = new TopClient({ ...key, gateway, signMethod, ...style });
      const answer = await client.execute(infoQuery, {
        parameters: { page_size: 500n, current_page: 1n, signture: 'test', card_order_id: 7n },
      });
      seen.add(JSON.stringify(answer.result.card_making_infos));
    }
  }
  assert.equal(seen.size, 1);
});

test('1,201 cards are three pages; exactly 500 are followed by an empty page', async () => {
  const client = new TopClient({ ...key, gateway });
  const count = async (cardOrderId: bigint, page: bigint): Promise<number> => {
    const { result } = await client.execute(infoQuery, {
      parameters: { page_size: 500n, current_page: page, signture: 'test', card_order_id: cardOrderId },
    });
    return result.card_making_infos?.length ?? 0;
  };
  assert.deepEqual([await count(1201n, 1n), await count(1201n, 2n), await count(1201n, 3n)], [500, 500, 201]);
  assert.deepEqual([await count(500n, 1n), await count(500n, 2n)], [500, 0]);
  const numbers: string[] = [];
  for await (const page of client.cardPages({ card_order_id: 1201n }))
    numbers.push(...page.cards.map(({ cardNo }) => cardNo));
  assert.equal(new Set(numbers).size, 1201);
});

test('finish before sended, pages of at most 500, known orders only', async () => {
  const client = new TopClient({ ...key, gateway });
  const subCodeOf = (call: Promise<unknown>): Promise<string | undefined> =>
    call.then(
      () => undefined,
      (error: unknown) => (error as TopError).subCode,
    );
  const shipment = { card_order_id: 7n, logistics_order_id: 'SF1', logistics_company: '顺丰速运' };
  assert.equal(await subCodeOf(client.execute(sended, shipment)), 'isv.card-order-not-finished');
  assert.equal((await client.execute(finish, { card_order_id: 7n })).result.success, true);
  assert.equal((await client.execute(finish, { card_order_id: 7n })).result.success, true);
  assert.equal((await client.execute(sended, shipment)).result.success, true);
  assert.equal(
    await subCodeOf(client.execute(sended, { ...shipment, logistics_order_id: 'SF2' })),
    'isv.card-order-already-sended',
  );
  assert.equal(await subCodeOf(client.execute(finish, { card_order_id: 99n })), 'isv.card-order-not-exist');
  const tooLarge = { parameters: { page_size: 501n, current_page: 1n, signture: 'test', card_order_id: 7n } };
  assert.equal(await subCodeOf(client.execute(infoQuery, tooLarge)), 'isv.invalid-parameter:page_size');
  await assert.rejects(client.execute('alibaba.no.such.method', {}), TopError);
  assert.match((await client.execute('taobao.top.ipout.get', {})).ip_list, /140\.205\.144\.0\/24/);
});
