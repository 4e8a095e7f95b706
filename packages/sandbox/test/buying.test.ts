import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { cardMakingInfo, decodeJson, TopClient } from '@cardwright/top';
import fc from 'fast-check';
import { type Sandbox, type SandboxSettings, startSandbox } from '../src/index.ts';
import { startFakeBuyer } from './fake-buyer.ts';
import { appKey, appSecret, type FakeMaker, startFakeMaker } from './fake-maker.ts';

let maker: FakeMaker;
let folder: string;
before(async () => {
  maker = await startFakeMaker();
  folder = await mkdtemp(join(tmpdir(), 'sandbox-buying-'));
});
after(async () => {
  await maker.close();
  await rm(folder, { recursive: true });
});

type ApiObject = Readonly<Record<string, unknown>>;

interface House {
  readonly sandbox: Sandbox;
  readonly client: TopClient;
  /** `result` of a call of the business party. */
  ask(method: 'fetch.card.async' | 'card.active', request: object): Promise<ApiObject>;
  fetch(change?: object): Promise<ApiObject>;
  /** The maker's reports of an order. */
  finish(cardOrderId: bigint): Promise<unknown>;
  ship(cardOrderId: bigint): Promise<unknown>;
  cardNos(cardOrderId: bigint): Promise<string[]>;
}

async function openHouse(t: TestContext, settings: Partial<SandboxSettings> = {}): Promise<House> {
  const sandbox = await startSandbox({ port: 0, maker: maker.url, appKey, appSecret, ...settings });
  t.after(() => sandbox.close());
  const client = new TopClient({ appKey, appSecret, gateway: `${sandbox.url}/router/rest` });
  t.after(() => client.close());
  await sandbox.templatesUpTo(2);
  const ask: House['ask'] = async (method, request) => {
    const name = method === 'card.active' ? 'param_card_active_request' : 'param_card_fetch_async_request';
    const answer = await client.execute(`alibaba.fundplatform.cardorder.${method}`, {
      [name]: request,
    } as never);
    return (answer as { result: ApiObject }).result;
  };
  return {
    sandbox,
    client,
    ask,
    fetch: (change = {}) => ask('fetch.card.async', { ...purchase, ...change }),
    finish: (card_order_id) =>
      client.execute('alibaba.fundplatform.cardorders.status.make.finish', { card_order_id }),
    ship: (card_order_id) => {
      const parcel = { logistics_order_id: 'SF1', logistics_company: 'SF' };
      return client.execute('alibaba.fundplatform.cardorders.status.sended', { card_order_id, ...parcel });
    },
    async cardNos(card_order_id) {
      const { result } = await client.execute('alibaba.fundplatform.cardorders.info.query', {
        parameters: { page_size: 500n, current_page: 1n, signture: 'test', card_order_id },
      });
      return (result.card_making_infos ?? []).map((text) => {
        const card = decodeJson(cardMakingInfo, text);
        assert.ok(card.ok);
        assert.equal(card.value.status, 'ACTIVE');
        return card.value.cardNo;
      });
    },
  };
}

const purchase = {
  out_biz_id: 'B-1',
  active: false,
  buy_entity_type: 'company',
  sale_mode: 'offline',
  subiz_type: 7n,
  user_id: 9007199254740993n,
  card_fetch_details: [
    { template_no: '3010030E02', num: 3n, price: 100n },
    { template_no: '3010030E03', num: 2n },
  ],
};

async function until(what: string, isSo: () => boolean): Promise<void> {
  for (let waitedMs = 0; !isSo(); waitedMs += 10) {
    assert.ok(waitedMs < 10_000, `in vain: ${what}`);
    await delay(10);
  }
}

test('cards are bought, made, announced, shipped, received and activated', async (t) => {
  const buyer = await startFakeBuyer();
  t.after(() => buyer.close());
  const { sandbox, ask, fetch, finish, ship, cardNos } = await openHouse(t, { buyer: buyer.url });
  const callsBefore = maker.calls.length;
  assert.deepEqual({ ...(await fetch()) }, { success: true, result_code: '', result_message: '' });
  const [order] = sandbox.orders();
  assert.ok(order);
  const { cardOrderId } = order;
  await until('the maker is told', () => sandbox.order(cardOrderId)?.makerAnswer?.accepted === true);
  const make = maker.calls[callsBefore];
  assert.ok(make?.method === 'alibaba.fundplatform.cardorder.make');
  assert.deepEqual(
    make.params.card_product_infos.map(({ template_no, count, par_value }) => [
      template_no,
      count,
      par_value,
    ]),
    [
      ['3010030E02', 3n, 100n],
      ['3010030E03', 2n, 20_000n],
    ],
  );

  const key = { out_biz_id: 'A-1', opt_user_id: 5n };
  const early = await ask('card.active', { ...key, fetch_out_biz_id: 'B-1' });
  assert.deepEqual([early['success'], early['result_code']], [false, 'CARD_NOT_DELIVERED']);
  assert.deepEqual(buyer.notices, []);
  await finish(cardOrderId);
  await until('the business party is told', () => sandbox.order(cardOrderId)?.makeSuccess !== undefined);
  assert.deepEqual(buyer.notices, [{ order_id: cardOrderId, out_biz_id: 'B-1', own_sign: 'daily' }]);
  await ship(cardOrderId);
  assert.ok((await sandbox.confirmReceipt(cardOrderId)).ok);

  // What was refused was not done: the same key can still succeed.
  assert.equal((await ask('card.active', { ...key, fetch_out_biz_id: 'B-1' }))['success'], true);
  assert.equal(sandbox.activeCards(order).count, 5);
  assert.equal((await cardNos(cardOrderId)).length, 5);
  assert.deepEqual(
    sandbox.cards(cardOrderId, 0, 10)?.map(({ position, activated }) => [position, activated]),
    [0, 1, 2, 3, 4].map((position) => [position, true]),
  );
});

test('a purchase takes effect once for each out_biz_id, however often and at once it is asked for', async (t) => {
  const { sandbox, fetch } = await openHouse(t);
  const answers = await Promise.all(Array.from({ length: 20 }, () => fetch()));
  for (const answer of answers) assert.equal(answer['success'], true);
  assert.equal(sandbox.orders().length, 1);
  for (const change of [
    { active: true },
    { user_id: 1n },
    { sale_mode: 'online' },
    { card_fetch_details: [{ template_no: '3010030E02', num: 3n }] },
    { card_fetch_details: purchase.card_fetch_details.toReversed() },
  ]) {
    const refused = await fetch(change);
    assert.deepEqual([refused['success'], refused['result_code']], [false, 'OUT_BIZ_ID_CONFLICT']);
  }
  assert.equal(sandbox.orders().length, 1);
  assert.equal((await fetch({ out_biz_id: 'B-2' }))['success'], true);
  assert.equal(sandbox.orders().length, 2);
});

test('what cannot be bought is refused, and nothing is ordered', async (t) => {
  const { sandbox, fetch } = await openHouse(t);
  const details = (change: object) => ({
    card_fetch_details: [{ template_no: '3010030E02', num: 1n, price: 100n, ...change }],
  });
  const cases = [
    [details({ template_no: 'X' }), 'TEMPLATE_NOT_EXIST'],
    [details({ price: 101n }), 'PRICE_NOT_MATCH'],
    [details({ num: 10_000_001n }), 'PARAM_ERROR'],
    [{ card_fetch_details: Array(1000).fill({ template_no: '3010030E02', num: 1n }) }, 'PARAM_ERROR'],
  ] as const;
  for (const [change, code] of cases) assert.equal((await fetch(change))['result_code'], code);
  await assert.rejects(fetch({ out_biz_id: 'x'.repeat(33) }), { code: 41 });
  await assert.rejects(fetch({ user_id: undefined }), { code: 40 });
  assert.deepEqual(sandbox.orders(), []);
});

test('activation is all or nothing, and once for each out_biz_id', async (t) => {
  const { sandbox, ask, finish, ship, cardNos } = await openHouse(t);
  const orders: bigint[] = [];
  for (const outBizId of ['B-1', 'B-2', 'B-3']) {
    const lines = [{ templateNo: '3010030E02', count: 3n }];
    const bought = await sandbox.buy({ outBizId, lines });
    assert.ok(bought.ok);
    orders.push(bought.order.cardOrderId);
  }
  const [first = 0n, second = 0n, unshipped = 0n] = orders;
  for (const id of [first, second]) {
    await finish(id);
    await ship(id);
  }
  const [a = '', b = '', c = ''] = await cardNos(first);
  const [d = ''] = await cardNos(second);
  const [e = ''] = await cardNos(unshipped);
  let key = 0;
  const activate = async (which: object, out_biz_id = `A-${++key}`): Promise<unknown> => {
    const { success, result_code } = await ask('card.active', { out_biz_id, opt_user_id: 5n, ...which });
    return success === true ? 'done' : result_code;
  };
  const active = (id: bigint) => sandbox.cards(id, 0, 9)?.map(({ activated }) => activated);

  assert.equal(await activate({}), 'PARAM_ERROR');
  assert.equal(await activate({ card_nos: [] }), 'PARAM_ERROR');
  assert.equal(await activate({ fetch_out_biz_id: 'nothing' }), 'FETCH_ORDER_NOT_EXIST');
  assert.equal(await activate({ card_nos: [a, '6226'] }), 'CARD_NOT_EXIST');
  assert.equal(
    await activate({ card_nos: [a, a.replace(/.$/, (digit) => String((Number(digit) + 1) % 10))] }),
    'CARD_NOT_EXIST',
  );
  assert.equal(await activate({ card_nos: [a, e] }), 'CARD_NOT_DELIVERED');
  assert.equal(await activate({ card_nos: [d], fetch_out_biz_id: 'B-1' }), 'CARD_NOT_EXIST');
  assert.deepEqual([active(first), active(second)], [Array(3).fill(false), Array(3).fill(false)]);

  assert.equal(await activate({ card_nos: [a, d, a] }, 'K'), 'done');
  assert.deepEqual(
    [active(first), active(second)],
    [
      [true, false, false],
      [true, false, false],
    ],
  );
  assert.equal(await activate({ card_nos: [a, d, a] }, 'K'), 'done');
  assert.equal(await activate({ card_nos: [b] }, 'K'), 'OUT_BIZ_ID_CONFLICT');
  assert.equal(await activate({ card_nos: [d, a] }), 'done');
  assert.equal(await activate({ card_nos: [a, b] }), 'CARD_STATUS_MIXED');
  assert.equal(await activate({ fetch_out_biz_id: 'B-1' }), 'CARD_STATUS_MIXED');
  assert.equal(await activate({ card_nos: [b, c], fetch_out_biz_id: 'B-1' }), 'done');
  assert.equal(await activate({ fetch_out_biz_id: 'B-1' }), 'done');
  assert.deepEqual(active(second), [true, false, false]);

  // Two that contradict each other at once: one of them is told so.
  const both = await Promise.all([
    activate({ card_nos: (await cardNos(second)).slice(1, 2) }),
    activate({ card_nos: (await cardNos(second)).slice(1) }),
  ]);
  assert.deepEqual(both.toSorted(), ['CARD_STATUS_MIXED', 'done']);
});

test('whatever is asked for, in any order, the active cards are those of the activations that succeeded', async (t) => {
  const { sandbox, finish, ship } = await openHouse(t);
  const cards = 4;
  const some = fc.array(fc.nat(cards - 1), { minLength: 1, maxLength: 5 });
  const asked = fc.record({ which: fc.option(some, { nil: undefined }), key: fc.nat(3) });
  await fc.assert(
    fc.asyncProperty(fc.array(asked, { maxLength: 8 }), async (asks) => {
      const bought = await sandbox.buy({ lines: { templates: 1, cards: BigInt(cards) } });
      assert.ok(bought.ok);
      const { cardOrderId } = bought.order;
      await finish(cardOrderId);
      await ship(cardOrderId);
      const active = new Set<number>();
      const used = new Map<string, string>();
      for (const { which, key } of asks) {
        const outBizId = `${cardOrderId}-${key}`;
        const wanted = [...new Set(which ?? Array(cards).keys())];
        const already = wanted.filter((position) => active.has(position)).length;
        const isNew = !used.has(outBizId);
        const mayHappen = isNew
          ? already === 0 || already === wanted.length
          : used.get(outBizId) === String(which);
        const done = await sandbox.activate({
          outBizId,
          cardOrderId,
          ...(which === undefined ? {} : { positions: which }),
        });
        assert.equal(done.ok, mayHappen);
        if (done.ok && isNew) {
          used.set(outBizId, String(which));
          for (const position of wanted) active.add(position);
        }
      }
      const seen = sandbox.cards(cardOrderId, 0, cards)?.filter((card) => card.activated);
      assert.deepEqual(
        seen?.map(({ position }) => position),
        [...active].toSorted((a, b) => a - b),
      );
      assert.equal(sandbox.activeCards(bought.order).count, active.size);
    }),
    { numRuns: 60 },
  );
});

test('cards that were bought active are active from the beginning; leaving `active` out means that', async (t) => {
  const { sandbox, fetch, ask } = await openHouse(t);
  assert.equal((await fetch({ active: undefined }))['success'], true);
  assert.equal((await fetch({ active: true }))['success'], true);
  const [order, ...others] = sandbox.orders();
  assert.ok(order);
  assert.deepEqual([others, sandbox.activeCards(order).count], [[], 5]);
  const request = { out_biz_id: 'A', opt_user_id: 5n, fetch_out_biz_id: 'B-1' };
  assert.equal((await ask('card.active', request))['success'], true);
});

test('the business party is told until it takes the notice, and a repeat changes nothing', async (t) => {
  const buyer = await startFakeBuyer([{ httpStatus: 500, body: 'no' }]);
  t.after(() => buyer.close());
  const { sandbox, finish } = await openHouse(t, { buyer: buyer.url });
  const bought = await sandbox.buy({ lines: { templates: 1, cards: 1n } });
  assert.ok(bought.ok);
  const { cardOrderId } = bought.order;
  const notice = () => sandbox.order(cardOrderId)?.makeSuccess;
  assert.equal((await sandbox.announceMade(cardOrderId)).ok, false);
  await finish(cardOrderId);
  await until('the first notice', () => notice()?.problem === 'HTTP status 500');
  assert.equal(notice()?.acknowledgedAt, undefined);
  await until('the second notice', () => notice()?.acknowledgedAt !== undefined);
  assert.equal(buyer.notices.length, 2);
  const { acknowledgedAt } = notice() ?? {};
  await delay(5);
  await finish(cardOrderId);
  assert.ok((await sandbox.announceMade(cardOrderId)).ok);
  assert.deepEqual([notice()?.deliveries, notice()?.acknowledgedAt], [3n, acknowledgedAt]);
  assert.deepEqual(new Set(buyer.notices.map((each) => JSON.stringify(each, (_, v) => String(v)))).size, 1);

  const placed = await sandbox.placeOrder({ lines: { templates: 1, cards: 1n } });
  assert.ok(placed.ok);
  await finish(placed.order.cardOrderId);
  assert.deepEqual(await sandbox.announceMade(placed.order.cardOrderId), {
    ok: false,
    problem: `order ${placed.order.cardOrderId} was not bought: nobody waits for it`,
  });
});

test('an order whose maker did not answer is sent again, with the same content', async (t) => {
  let isDeaf = true;
  const answer = { response: { making_card_no: 'N7', result_message: '', result_code: '', success: true } };
  const deaf = await startFakeMaker({
    answerWith: () =>
      isDeaf ? { httpStatus: 503, body: Buffer.from('') } : { body: Buffer.from(JSON.stringify(answer)) },
  });
  t.after(() => deaf.close());
  const { sandbox } = await openHouse(t, { maker: deaf.url });
  const bought = await sandbox.buy({ lines: { templates: 1, cards: 4n } });
  assert.ok(bought.ok);
  assert.equal(bought.order.makerAnswer, undefined);
  isDeaf = false;
  await until(
    'it is accepted',
    () => sandbox.order(bought.order.cardOrderId)?.makerAnswer?.accepted === true,
  );
  const makes = deaf.requests.filter(({ url }) => url.includes('cardorder.make'));
  assert.equal(makes.length, 2);
  assert.deepEqual(makes[0]?.body, makes[1]?.body);
});

test('everything survives a restart, and what was left undone is taken up', async (t) => {
  const state = join(folder, 'state.json');
  const away = 'http://127.0.0.1:9/';
  let house = await openHouse(t, { state });
  await house.fetch();
  const [order] = house.sandbox.orders();
  const id = order?.cardOrderId ?? 0n;
  await until('the maker is told', () => house.sandbox.order(id)?.makerAnswer !== undefined);
  const activated = { out_biz_id: 'A-1', opt_user_id: 5n, card_nos: (await house.cardNos(id)).slice(0, 2) };
  await house.sandbox.close();

  house = await openHouse(t, { state, buyer: away, maker: away });
  await house.finish(id);
  await house.ship(id);
  await until('a notice is lost', () => house.sandbox.order(id)?.makeSuccess?.problem !== undefined);
  assert.equal((await house.ask('card.active', activated))['success'], true);
  assert.equal((await house.fetch({ out_biz_id: 'B-2' }))['success'], true);
  await house.sandbox.close();
  const kept = await readFile(state, 'utf8');
  for (const cardNo of activated.card_nos) assert.ok(!kept.includes(cardNo), 'no card number is kept');

  house = await openHouse(t, { state });
  const { sandbox } = house;
  const unsent = sandbox.orders().find(({ purchase: bought }) => bought?.outBizId === 'B-2');
  assert.ok(unsent);
  await until('the notice', () => sandbox.order(id)?.makeSuccess?.acknowledgedAt !== undefined);
  await until('the order', () => sandbox.order(unsent.cardOrderId)?.makerAnswer?.accepted === true);
  assert.deepEqual(
    sandbox.cards(id, 0, 9)?.map((card) => card.activated),
    [true, true, false, false, false],
  );
  assert.equal((await house.fetch())['success'], true);
  assert.equal((await house.fetch({ user_id: 1n }))['result_code'], 'OUT_BIZ_ID_CONFLICT');
  assert.equal((await house.ask('card.active', activated))['success'], true);
  const other = await house.ask('card.active', { ...activated, opt_user_id: 6n });
  assert.equal(other['result_code'], 'OUT_BIZ_ID_CONFLICT');
  assert.equal(sandbox.orders().length, 2);
});

test('the sandbox closes at once, whatever is still to be told', async (t) => {
  const { sandbox, finish } = await openHouse(t, { buyer: 'http://127.0.0.1:9/' });
  const bought = await sandbox.buy({ lines: { templates: 1, cards: 1n } });
  assert.ok(bought.ok);
  await finish(bought.order.cardOrderId);
  const startedMs = performance.now();
  await sandbox.close();
  assert.ok(performance.now() - startedMs < 3_000);
});
