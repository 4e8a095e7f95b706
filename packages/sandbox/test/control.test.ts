import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, test } from 'node:test';
import { TopClient } from '@cardwright/top';
import { type Sandbox, startSandbox } from '../src/index.ts';
import { appKey, appSecret, type FakeMaker, startFakeMaker } from './fake-maker.ts';

let maker: FakeMaker;
let sandbox: Sandbox;
before(async () => {
  maker = await startFakeMaker();
  sandbox = await startSandbox({ port: 0, maker: maker.url, appKey, appSecret });
});
after(async () => {
  await sandbox.close();
  await maker.close();
});

interface Reply {
  readonly status: number | undefined;
  readonly text: string;
}

function send(
  method: string,
  path: string,
  body?: string | Buffer,
  headers: Record<string, string> = {},
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const outgoing = request(`${sandbox.url}${path}`, { method, headers }, (response) => {
      response
        .toArray()
        .then(
          (chunks: Buffer[]) => resolve({ status: response.statusCode, text: String(Buffer.concat(chunks)) }),
          reject,
        );
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

test('an order is placed, shown with a masked receiver, and listed; ids are text', async () => {
  const placed = JSON.parse((await send('POST', '/control/orders', '{"cardOrderId":9007199254740993}')).text);
  assert.equal(placed.ok, true);
  assert.equal(placed.order.cardOrderId, '9007199254740993');
  assert.equal(placed.reply.answer.making_card_no, 'N0001');
  const shown = JSON.parse((await send('GET', '/control/orders/9007199254740993')).text);
  assert.deepEqual(
    [shown.order.stage, shown.order.cards, shown.order.receiver.receiver_name],
    ['accepted', 500, '张*'],
  );
  const listed = (await send('GET', '/control/orders')).text;
  assert.equal(JSON.parse(listed).orders.length, 1);
  for (const personal of ['张三', '15512345678', '文一西路']) assert.ok(!listed.includes(personal));
});

test('an order goes through its stages as the maker reports them', async () => {
  const { order } = JSON.parse((await send('POST', '/control/orders', '{"templates":1,"cards":2}')).text);
  const id = BigInt(order.cardOrderId);
  const path = `/control/orders/${id}`;
  const stage = async (): Promise<string> => JSON.parse((await send('GET', path)).text).order.stage;
  assert.equal((await send('POST', `${path}/receipt`)).status, 409);
  const client = new TopClient({ appKey, appSecret, gateway: `${sandbox.url}/router/rest` });
  await client.execute('alibaba.fundplatform.cardorders.status.make.finish', { card_order_id: id });
  assert.equal(await stage(), 'finished');
  const parcel = { logistics_order_id: 'SF1', logistics_company: 'SF' };
  await client.execute('alibaba.fundplatform.cardorders.status.sended', { card_order_id: id, ...parcel });
  assert.equal(await stage(), 'shipped');
  assert.equal(JSON.parse((await send('POST', `${path}/receipt`)).text).reply.answer.success, true);
  assert.equal(await stage(), 'received');
});

test('wrong requests are told what is wrong', async () => {
  const cases = [
    ['POST', '/control/orders', '{"cards":"many"}', 400, /cards should be/],
    ['POST', '/control/orders', '{', 400, /should be JSON/],
    ['POST', '/control/orders', '{"style":{"charset":"big5"}}', 400, /style\.charset/],
    ['POST', '/control/orders', '{"templates":5000}', 409, /at most 999/],
    ['POST', '/control/orders', '{"lines":[],"cards":1}', 409, /not both/],
    ['POST', '/control/orders', '{"lines":[{"templateNo":"X","count":1}]}', 409, /not known/],
    ['POST', '/control/orders/77/resend', '', 409, /not known/],
    ['GET', '/control/orders/77', '', 404, /not found/],
    ['GET', '/control/orders/x', '', 404, /not found/],
    ['DELETE', '/control/orders', '', 404, /not found/],
    ['GET', '/elsewhere', '', 404, /not found/],
  ] as const;
  for (const [method, path, body, status, expected] of cases) {
    const reply = await send(method, path, body);
    assert.equal(reply.status, status, `${method} ${path} ${body}`);
    assert.match(reply.text, expected);
  }
});

test('web pages and rebound names cannot use the control interface', async () => {
  const before = sandbox.orders().length;
  for (const headers of [
    { origin: 'http://evil.example' },
    { host: 'evil.example' },
    { host: 'localhost.evil.example:80' },
  ]) {
    assert.equal((await send('POST', '/control/orders', '{}', headers)).status, 403);
  }
  assert.equal(sandbox.orders().length, before);
  assert.equal((await send('GET', '/control', '', { host: 'localhost:7002' })).status, 200);
  assert.ok(!(await send('GET', '/control')).text.includes(appSecret));
});

test('a body of more than 4 MiB is refused', async () => {
  const reply = await send('POST', '/control/orders', Buffer.alloc(4 * 1024 * 1024 + 1, 32)).catch(
    // The server closes while the client still writes: both endings are a refusal.
    (error: NodeJS.ErrnoException) => ({
      status: error.code === 'EPIPE' || error.code === 'ECONNRESET' ? 413 : 0,
    }),
  );
  assert.equal(reply.status, 413);
});
