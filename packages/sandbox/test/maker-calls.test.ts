import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { after, before, test } from 'node:test';
import type { Dialect } from '@cardwright/top';
import { type Sandbox, type SandboxSettings, startSandbox } from '../src/index.ts';
import { appKey, appSecret, type FakeMaker, startFakeMaker } from './fake-maker.ts';

const clock = () => new Date('2026-01-01T19:04:05Z');

async function withSandbox(
  maker: FakeMaker,
  work: (sandbox: Sandbox, log: readonly string[]) => Promise<void>,
  settings: Partial<SandboxSettings> = {},
): Promise<void> {
  const log: string[] = [];
  const sandbox = await startSandbox({
    port: 0,
    maker: maker.url,
    appKey,
    appSecret,
    clock,
    log: (line) => log.push(line),
    ...settings,
  });
  try {
    await work(sandbox, log);
  } finally {
    await sandbox.close();
  }
}

let maker: FakeMaker;
before(async () => {
  maker = await startFakeMaker();
});
after(() => maker.close());

test("the sample order is the published page's, and the maker reads it so", async () => {
  await withSandbox(maker, async (sandbox) => {
    maker.calls.length = 0;
    const done = await sandbox.placeSample();
    assert.ok(done.ok && done.reply.outcome === 'answered');
    assert.equal(done.reply.answer.response.making_card_no, 'N0001');
    const [announced, ordered] = maker.calls;
    assert.equal(announced?.method, 'alibaba.fundplatform.card.template.new');
    assert.equal(ordered?.method, 'alibaba.fundplatform.cardorder.make');
    assert.deepEqual(ordered?.params, {
      card_order_id: 16002n,
      own_sign: 'daily',
      card_product_infos: [
        {
          template_no: '3010030E02',
          count: 500n,
          par_value: 100n,
          card_name: '猫超储值卡面额100',
          picture_url: 'http://www.taobao.com/1.jpg',
        },
      ],
      logistics_info: {
        receiver_name: '张三',
        receiver_number: '15512345678',
        receiver_address: '浙江省-杭州市-余杭区-五常街道文一西路969号1号楼小邮局',
        receiver_zip_code: '310000',
      },
    });
    assert.equal(ordered?.timestampMs, clock().getTime());
    assert.equal(ordered?.appKey, appKey);
  });
});

const bodies = ['form', 'json', 'xml', 'multipart', 'get'] as const;
const charsets = ['utf-8', 'gbk', 'gb18030'] as const;

for (const body of bodies) {
  for (const charset of charsets) {
    test(`all four calls arrive whole as ${body} in ${charset}`, async () => {
      await withSandbox(maker, async (sandbox) => {
        maker.calls.length = 0;
        const style = { body, charset };
        const placed = await sandbox.placeOrder({ lines: { templates: 2, cards: 600n }, style });
        assert.ok(placed.ok && placed.reply.outcome === 'answered', JSON.stringify(placed.ok));
        assert.equal(placed.reply.answer.response.success, true);
        const { cardOrderId } = placed.order;
        const status = await sandbox.queryStatus(cardOrderId, style);
        assert.ok(status.outcome === 'answered');
        assert.equal(status.answer.response.status, 'REQUEST_RECEIVED');
        assert.equal(status.answer.response.result_message, '已接收');
        assert.deepEqual(
          maker.calls.map((call) => [call.method.split('.').slice(2).join('.'), call.charset]),
          [
            ['card.template.new', charset],
            ['card.template.new', charset],
            ['cardorder.make', charset],
            ['cardorder.status.query', charset],
          ],
        );
        const make = maker.calls[2];
        assert.ok(make?.method === 'alibaba.fundplatform.cardorder.make');
        assert.deepEqual(
          make.params.card_product_infos.map((line) => [line.template_no, line.count, line.card_name]),
          [
            ['3010030E02', 600n, '猫超储值卡面额100'],
            ['3010030E03', 600n, '猫超储值卡200元'],
          ],
        );
        assert.equal(
          make.params.logistics_info?.receiver_address,
          '浙江省-杭州市-余杭区-五常街道文一西路969号1号楼小邮局',
        );
      });
    });
  }
}

for (const format of ['json', 'xml'] as const) {
  for (const names of ['snake', 'camel'] as const) {
    for (const booleans of ['boolean', 'text'] as const) {
      test(`answers in ${format} with ${names} names and ${booleans} booleans are understood`, async (t) => {
        const dialect: Dialect = { names, booleans, lists: 'plain' };
        const dialectMaker = await startFakeMaker({ dialect });
        t.after(() => dialectMaker.close());
        await withSandbox(dialectMaker, async (sandbox) => {
          const style = { body: 'form', charset: 'gbk', format } as const;
          const placed = await sandbox.placeOrder({ lines: { templates: 1, cards: 1n }, style });
          assert.ok(placed.ok && placed.reply.outcome === 'answered');
          assert.deepEqual(placed.reply.answer.response, {
            making_card_no: 'N0001',
            success: true,
            result_code: '',
            result_message: '已接收',
          });
        });
      });
    }
  }
}

test('the probe passes with a maker that checks signatures, and fails with one that does not', async (t) => {
  await withSandbox(maker, async (sandbox) => {
    maker.calls.length = 0;
    for (const body of bodies)
      assert.equal((await sandbox.probe({ body, charset: 'utf-8' })).passed, true, body);
    assert.equal(maker.calls.length, 0);
  });
  const body = Buffer.from(
    '{"response":{"making_card_no":"X","result_code":"","result_message":"","success":true}}',
  );
  const careless = await startFakeMaker({ answerWith: () => ({ body }) });
  t.after(() => careless.close());
  await withSandbox(careless, async (sandbox) => assert.equal((await sandbox.probe()).passed, false));
});

test("the maker URL's own parameters are sent and signed", async () => {
  await withSandbox(
    maker,
    async (sandbox) => {
      const reply = await sandbox.queryStatus(1n);
      assert.equal(reply.outcome, 'answered');
      assert.match(maker.requests.at(-1)?.url ?? '', /^\/spi\?shop=%E7%8C%AB&/);
    },
    { maker: `${maker.url}?shop=%E7%8C%AB` },
  );
});

test('ids beyond 2^53 are neighbours, not one', async () => {
  await withSandbox(maker, async (sandbox) => {
    maker.calls.length = 0;
    for (const cardOrderId of [9007199254740992n, 9007199254740993n]) {
      for (const body of bodies) {
        const style = { body, charset: 'utf-8' } as const;
        if (sandbox.order(cardOrderId) === undefined)
          await sandbox.placeOrder({ cardOrderId, lines: { templates: 1, cards: 1n }, style });
        else await sandbox.resendOrder(cardOrderId, style);
      }
    }
    const ids = maker.calls.flatMap((call) =>
      call.method === 'alibaba.fundplatform.cardorder.make' ? [call.params.card_order_id] : [],
    );
    assert.deepEqual(ids, [...Array(5).fill(9007199254740992n), ...Array(5).fill(9007199254740993n)]);
  });
});

test('999 lines are placed, 1,000 are declined before anything is sent', async () => {
  await withSandbox(maker, async (sandbox) => {
    const placed = await sandbox.placeOrder({ lines: { templates: 999, cards: 1n } });
    assert.ok(placed.ok && placed.reply.outcome === 'answered');
    maker.calls.length = 0;
    const declined = await sandbox.placeOrder({ lines: { templates: 1000, cards: 1n } });
    assert.deepEqual(declined, { ok: false, problem: 'an order has at most 999 lines' });
    assert.equal(maker.calls.length, 0);
  });
});

test('what the sandbox declines, it does not send', async () => {
  await withSandbox(maker, async (sandbox) => {
    maker.calls.length = 0;
    const line = (templateNo: string, count: bigint) => ({ lines: [{ templateNo, count }] });
    assert.equal((await sandbox.placeOrder(line('unknown', 1n))).ok, false);
    assert.equal((await sandbox.placeOrder({ lines: [] })).ok, false);
    assert.equal((await sandbox.confirmReceipt(1n)).ok, false);
    assert.equal((await sandbox.resendOrder(1n)).ok, false);
    assert.equal(maker.calls.length, 0);
  });
});

const badAnswers = [
  ['a server error', { httpStatus: 500, body: Buffer.from('{}') }, /HTTP status 500/],
  ['no JSON', { body: Buffer.from('<html>busy') }, /expected/],
  ['a missing field', { body: Buffer.from('{"response":{}}') }, /response\.success/],
  ['an endless answer', { body: Buffer.alloc(2 * 1024 * 1024, 32) }, /more than/],
  [
    'bytes of another charset',
    { contentType: 'text/xml;charset=UTF-8', body: Buffer.from([0xd5, 0xc5]) },
    /utf-8/,
  ],
] as const;
for (const [name, answer, expected] of badAnswers) {
  test(`${name} is reported, and the order stays unanswered`, async (t) => {
    const bad = await startFakeMaker({ answerWith: () => answer });
    t.after(() => bad.close());
    await withSandbox(bad, async (sandbox) => {
      const placed = await sandbox.placeOrder({ lines: { templates: 1, cards: 1n } });
      assert.ok(placed.ok && placed.reply.outcome === 'unreadable');
      assert.match(placed.reply.detail, expected);
      assert.equal(placed.order.makerAnswer, undefined);
    });
  });
}

test('a silent maker times out, an absent one is unreachable, a cut connection too', async (t) => {
  const silent = await startFakeMaker({ answerWith: () => undefined });
  t.after(() => silent.close());
  await withSandbox(
    silent,
    async (sandbox) => assert.equal((await sandbox.queryStatus(1n)).outcome, 'timeout'),
    { makerTimeoutMs: 50 },
  );
  await silent.close();
  await withSandbox(silent, async (sandbox) => {
    const reply = await sandbox.queryStatus(1n);
    assert.ok(reply.outcome === 'unreachable');
    assert.equal(reply.detail, 'ECONNREFUSED');
  });
  const cutter = createServer((socket) => socket.once('data', () => socket.destroy()));
  t.after(() => cutter.close());
  await new Promise<void>((resolve) => cutter.listen(0, '127.0.0.1', resolve));
  const address = cutter.address();
  assert.ok(typeof address === 'object' && address !== null);
  await withSandbox(
    silent,
    async (sandbox) => assert.equal((await sandbox.queryStatus(1n)).outcome, 'unreachable'),
    { maker: `http://127.0.0.1:${address.port}/spi` },
  );
});

test('a receiver that the charset cannot carry is not sent, and the reason does not repeat it', async () => {
  await withSandbox(maker, async (sandbox) => {
    maker.calls.length = 0;
    const receiver = {
      receiver_name: '\u{20bb7}野',
      receiver_number: '1',
      receiver_address: 'x',
      receiver_zip_code: '1',
    };
    await sandbox.placeSample();
    const lines = { templates: 1, cards: 1n };
    const sent = maker.requests.length;
    const style = { body: 'form', charset: 'gbk' } as const;
    const placed = await sandbox.placeOrder({ lines, receiver, style });
    assert.ok(placed.ok && placed.reply.outcome === 'unsendable');
    assert.match(placed.reply.detail, /gbk/);
    assert.ok(!placed.reply.detail.includes('野'));
    assert.equal(maker.requests.length, sent);
    const again = await sandbox.resendOrder(placed.order.cardOrderId, { body: 'xml', charset: 'gb18030' });
    assert.ok(again.ok && again.reply.outcome === 'answered');
    const make = maker.calls.at(-1);
    assert.ok(make?.method === 'alibaba.fundplatform.cardorder.make');
    assert.deepEqual(make.params.logistics_info, receiver);
  });
});

test('the log has one line for every call, and neither secrets nor receivers', async () => {
  await withSandbox(maker, async (sandbox, log) => {
    await sandbox.placeSample();
    await sandbox.queryStatus(16002n);
    await sandbox.probe();
    assert.equal(log.length, 4);
    assert.match(
      log[1] ?? '',
      /cardorder\.make order=16002 lines=1 cards=500 receiver=张\* .*accepted as "N0001"/,
    );
    const all = log.join('\n');
    for (const secret of [appSecret, '张三', '15512345678', '文一西路', 'sign='])
      assert.ok(!all.includes(secret));
  });
});
