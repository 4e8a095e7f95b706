import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { composeCall, openTestHouse, sampleOrder, secrets, type TestHouse } from './house.ts';

const make = 'alibaba.fundplatform.cardorder.make';
const newTemplate = 'alibaba.fundplatform.card.template.new';
const statusQuery = 'alibaba.fundplatform.cardorder.status.query';
const receipt = 'alibaba.fundplatform.cardorder.receipt';

let house: TestHouse;
before(async () => {
  house = await openTestHouse();
});
after(() => house.close());

const countOrders = async (id: bigint): Promise<number> => {
  const result = await house.pool.query<{ n: bigint }>(
    'select count(*) as n from card_order where card_order_id = $1',
    [String(id)],
  );
  return Number(result.rows[0]?.n);
};
const stateOf = async (id: bigint): Promise<unknown> => {
  const result = await house.pool.query(
    'select state, hold_reason from card_order where card_order_id = $1',
    [String(id)],
  );
  return result.rows[0];
};
async function eventually(check: () => Promise<void>): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await check();
    } catch (error) {
      if (attempt > 400) throw error;
      await delay(50);
    }
  }
}

test('1,000 identical orders on 64 connections, ten times: one row, equal answers', async () => {
  for (let round = 0; round < 10; round++) {
    const order = sampleOrder({ card_order_id: 500_000n + BigInt(round) });
    const message = composeCall(make, order);
    const answers = await Promise.all(Array.from({ length: 1_000 }, () => house.send(message)));
    assert.deepEqual([...new Set(answers.map(({ status, body }) => `${status} ${body}`))].length, 1);
    assert.match(
      answers[0]?.body.toString() ?? '',
      /"making_card_no":"CWD50000\d-\d","result_message":"","result_code":"","success":true/,
    );
    assert.equal(await countOrders(order.card_order_id), 1);
  }
});

test('two identical first requests at the same moment get the same answer', async () => {
  for (let id = 1_000_000n; id < 1_001_000n; id++) {
    const message = composeCall(make, sampleOrder({ card_order_id: id }));
    const [one, two] = await Promise.all([house.send(message), house.send(message)]);
    assert.equal(one.body.toString(), two.body.toString());
    assert.match(one.body.toString(), /"success":true/);
  }
});

test('1,000 single-field conflicts are refused with one code, the stored order stands', async () => {
  const order = sampleOrder({ card_order_id: 600_000n });
  await house.call(make, order);
  const before = await house.pool.query('select * from card_order where card_order_id = 600000');
  const [line] = order.card_product_infos;
  const receiver = order.logistics_info;
  assert.ok(line !== undefined && receiver !== undefined);
  const { logistics_info: _, ...withoutReceiver } = order;
  const { picture_url: __, ...withoutPicture } = line;
  const mutations = Array.from({ length: 1_000 }, (_unused, n) => {
    switch (n % 9) {
      case 0:
        return { ...order, card_product_infos: [{ ...line, count: 501n + BigInt(n) }] };
      case 1:
        return { ...order, card_product_infos: [{ ...line, par_value: 101n + BigInt(n) }] };
      case 2:
        return { ...order, card_product_infos: [{ ...line, card_name: `${line.card_name}${n}` }] };
      case 3:
        return { ...order, card_product_infos: [{ ...line, template_no: `T${n}` }] };
      case 4:
        return { ...order, card_product_infos: [line, { ...line, count: BigInt(n) + 1n }] };
      case 5:
        return {
          ...order,
          logistics_info: { ...receiver, receiver_address: `${receiver.receiver_address}${n}` },
        };
      case 6:
        return { ...order, logistics_info: { ...receiver, receiver_number: `1551234${n}` } };
      case 7:
        return withoutReceiver;
      default:
        return { ...order, card_product_infos: [withoutPicture] };
    }
  });
  const answers = await Promise.all(mutations.map((mutation) => house.call(make, mutation)));
  for (const { response } of answers)
    assert.deepEqual([response.success, response.result_code], [false, 'order-conflict']);
  assert.deepEqual(
    (await house.pool.query('select * from card_order where card_order_id = 600000')).rows[0]
      ?.content_fingerprint,
    before.rows[0]?.content_fingerprint,
  );
  const evidence = await house.pool.query<{ n: bigint }>(
    'select sum(times)::bigint as n from card_order_conflict where card_order_id = 600000',
  );
  assert.equal(evidence.rows[0]?.n, 1_000n);
});

test('the same content re-encoded is the same order', async () => {
  const order = sampleOrder({ card_order_id: 700_000n });
  const first = await house.call(make, order);
  for (const kind of ['form', 'json', 'xml', 'text', 'multipart', 'get'] as const) {
    for (const charset of ['utf-8', 'gbk', 'gb18030'] as const) {
      for (const format of ['json', 'xml'] as const) {
        assert.deepEqual(
          await house.call(make, order, { kind, charset, format }),
          first,
          `${kind} ${charset} ${format}`,
        );
      }
    }
  }
  const [line] = order.card_product_infos;
  const reordered = {
    ...order,
    card_product_infos: [Object.fromEntries(Object.entries(line ?? {}).reverse()) as typeof line & {}],
  };
  assert.deepEqual(await house.call(make, reordered, { kind: 'json' }), first);
  assert.equal(await countOrders(700_000n), 1);
});

test('neighbouring ids beyond 2^53 are two orders', async () => {
  for (const kind of ['form', 'json', 'xml'] as const) {
    for (const id of [9007199254740992n, 9007199254740993n]) {
      const { response } = await house.call(make, sampleOrder({ card_order_id: id }), { kind });
      assert.equal(response.success, true);
      assert.match(response.making_card_no, new RegExp(`^CWD${id}-\\d$`));
    }
  }
  const stored = await house.pool.query<{ id: string }>(
    'select card_order_id::text as id from card_order where card_order_id > 9000000000000000 order by 1',
  );
  assert.deepEqual(
    stored.rows.map(({ id }) => id),
    ['9007199254740992', '9007199254740993'],
  );
});

test('999 lines are accepted, 1,000 refused', async () => {
  const lines = (length: number) =>
    Array.from({ length }, (_, n) => ({
      template_no: `T${n}`,
      count: 1n,
      par_value: 100n,
      card_name: `卡${n}`,
    }));
  for (const kind of ['form', 'json', 'xml'] as const) {
    const order = { own_sign: 'daily' as const, card_order_id: 800_000n };
    assert.equal(
      (await house.call(make, { ...order, card_product_infos: lines(999) }, { kind })).response.success,
      true,
    );
    const { response } = await house.call(
      make,
      { ...order, card_order_id: 800_001n, card_product_infos: lines(1_000) },
      { kind },
    );
    assert.deepEqual([response.success, response.result_code], [false, 'invalid-parameter']);
    assert.match(response.result_message, /card_product_infos/);
  }
  assert.equal(await countOrders(800_001n), 0);
});

test('GBK and rare characters come back as sent', async () => {
  const name = '㐀䶵镕囍𠮷 A&<>"\'';
  await house.call(
    make,
    sampleOrder({
      card_order_id: 900_000n,
      card_product_infos: [{ template_no: 'T', count: 1n, par_value: 1n, card_name: name }],
    }),
    { kind: 'xml', charset: 'gb18030' },
  );
  await house.call(
    make,
    sampleOrder({
      card_order_id: 900_001n,
      card_product_infos: [{ template_no: 'T', count: 1n, par_value: 1n, card_name: '镕囍' }],
    }),
    { charset: 'gbk' },
  );
  const stored = await house.pool.query<{ name: string }>(
    "select lines->0->>'cardName' as name from card_order where card_order_id in (900000, 900001) order by card_order_id",
  );
  assert.deepEqual(
    stored.rows.map((row) => row.name),
    [name, '镕囍'],
  );
});

test('receivers never lie in the database in the clear', async () => {
  await house.call(make, sampleOrder({ card_order_id: 910_000n }));
  const dump = await house.pool.query<{ text: string }>(
    "select string_agg(c::text, '') || (select string_agg(a::text, '') from audit_event a) || (select string_agg(j::text, '') from graphile_worker._private_jobs j) as text from card_order c",
  );
  const text = dump.rows[0]?.text ?? '';
  assert.ok(text.includes('910000'));
  for (const secret of ['张三', '15512345678', '文一西路']) {
    assert.ok(!text.includes(secret) && !text.includes(Buffer.from(secret).toString('hex')), secret);
  }
});

test('an order is planned; an unknown template or a missing address holds it, a template releases it', async () => {
  const templates = { own_sign: 'daily', is_test: false, par_value: 100n, card_name: '卡' } as const;
  assert.equal((await house.call(newTemplate, { ...templates, template_no: 'KNOWN' })).success, true);
  const lines = (template_no: string) => ({
    card_product_infos: [{ template_no, count: 1n, par_value: 100n, card_name: '卡' }],
  });
  const { logistics_info: _, ...homeless } = sampleOrder({ card_order_id: 920_001n, ...lines('KNOWN') });
  await house.call(make, sampleOrder({ card_order_id: 920_000n, ...lines('KNOWN') }));
  await house.call(make, homeless);
  await house.call(make, sampleOrder({ card_order_id: 920_002n, ...lines('LATER') }));
  await eventually(async () => {
    assert.deepEqual(await stateOf(920_000n), { state: 'planned', hold_reason: null });
    assert.deepEqual(await stateOf(920_001n), { state: 'held', hold_reason: 'missing-address' });
    assert.deepEqual(await stateOf(920_002n), { state: 'held', hold_reason: 'unknown-template: LATER' });
  });
  await house.call(newTemplate, { ...templates, template_no: 'LATER' });
  await eventually(async () =>
    assert.deepEqual(await stateOf(920_002n), { state: 'planned', hold_reason: null }),
  );
});

test('templates are taken in while orders that are held for others are being planned', async () => {
  const held = (id: number) =>
    sampleOrder({
      card_order_id: BigInt(2_000_000 + id),
      card_product_infos: [{ template_no: `MISSING${id % 40}`, count: 1n, par_value: 100n, card_name: '卡' }],
    });
  const template = (number: number) =>
    house.call(newTemplate, {
      ...{ own_sign: 'daily', is_test: false, par_value: 100n, card_name: '卡' },
      template_no: `MISSING${number}`,
    });
  const orders = Promise.all(Array.from({ length: 2_000 }, (_, id) => house.call(make, held(id))));
  for (let number = 0; number < 40; number++) {
    assert.deepEqual(await template(number), { result_message: '', result_code: '', success: true });
  }
  await orders;
  await eventually(async () => {
    const { rows } = await house.pool.query<{ state: string; n: bigint }>(
      'select state, count(*) as n from card_order where card_order_id between 2000000 and 2001999 group by state',
    );
    assert.deepEqual(rows, [{ state: 'planned', n: 2_000n }]);
  });
});

test('a template is taken once: repeats are the same, other content is a conflict', async () => {
  const template = {
    own_sign: 'daily',
    template_no: 'TPL',
    card_name: '卡',
    par_value: 100n,
    is_test: true,
  } as const;
  const done = { result_message: '', result_code: '', success: true };
  assert.deepEqual(await house.call(newTemplate, template), done);
  assert.deepEqual(await house.call(newTemplate, template, { kind: 'xml' }), done);
  assert.equal(
    (await house.call(newTemplate, { ...template, is_test: false })).result_code,
    'template-conflict',
  );
});

test('status and receipt answer for the true state', async () => {
  const reference = { card_order_id: 930_000n, own_sign: 'daily' } as const;
  const unknown = await house.call(statusQuery, { request: reference });
  assert.deepEqual([unknown.response.success, unknown.response.status], [true, 'REQUEST_NOT_EXIST']);
  assert.equal((await house.call(receipt, reference)).result_code, 'order-not-exist');
  await house.call(make, sampleOrder({ card_order_id: 930_000n }));
  assert.equal((await house.call(statusQuery, { request: reference })).response.status, 'REQUEST_RECEIVED');
  assert.equal((await house.call(receipt, reference)).success, true);
  assert.equal(
    (await house.call(statusQuery, { request: reference })).response.status,
    'REQUEST_RECEIVED',
    'a receipt ships nothing',
  );
  for (const state of ['planned', 'cards_fetched', 'in_production', 'made', 'dispatched']) {
    await house.pool.query(
      `update card_order set state = $1, is_test = false, hold_reason = null, held_from = null, receipt_at = null,
         logistics_company = '顺丰速运', logistics_order_id = 'SF1' where card_order_id = 930000`,
      [state],
    );
  }
  const shipped = await house.call(statusQuery, { request: reference }, { kind: 'json', format: 'xml' });
  assert.deepEqual(
    [shipped.response.status, shipped.response.logistics_company, shipped.response.logistics_order_id],
    ['DELIVERED', '顺丰速运', 'SF1'],
  );
  assert.equal((await house.call(receipt, reference)).success, true);
  assert.equal((await house.call(receipt, reference)).success, true);
  assert.deepEqual(await stateOf(930_000n), { state: 'closed', hold_reason: null });
});

test('refusals have the shape and format of their interface, HTTP 200', async () => {
  const order = sampleOrder({ card_order_id: 940_000n });
  const wrong = await house.send(composeCall(make, order, { secret: 'wrong' }));
  assert.equal(wrong.status, 200);
  assert.equal(
    wrong.body.toString(),
    '{"response":{"making_card_no":"","result_message":"Illegal request","result_code":"sign-check-failure","success":false}}',
  );
  const wrongXml = await house.send(
    composeCall(
      receipt,
      { card_order_id: 1n, own_sign: 'daily' },
      { secret: 'wrong', kind: 'xml', format: 'xml' },
    ),
  );
  assert.equal(
    wrongXml.body.toString(),
    '<response><result_message>Illegal request</result_message><result_code>sign-check-failure</result_code><success>false</success></response>',
  );
  assert.match(wrongXml.contentType, /^text\/xml;charset=UTF-8/);
  const code = async (style: Parameters<typeof composeCall>[2], overrides = {}) =>
    (await house.call(make, { ...order, ...overrides }, style)).response.result_code;
  assert.equal(await code({}, { own_sign: 'online' }), 'environment-mismatch');
  assert.equal(await code({ url: '/spi/online' }), 'sign-check-failure');
  assert.equal(await code({ url: '/spi/online', secret: secrets.online }), 'environment-mismatch');
  assert.equal(await code({ timestamp: new Date(Date.now() - 11 * 60_000) }), 'timestamp-out-of-window');
  assert.equal(await code({ timestamp: new Date(Date.now() + 11 * 60_000) }), 'timestamp-out-of-window');
  assert.equal(await countOrders(940_000n), 0);
});

test('a body over 4 MiB and a compressed body are refused', async () => {
  const large = await house.send({
    method: 'POST',
    url: '/spi?method=x',
    headers: { 'content-type': 'application/json' },
    body: Buffer.alloc(4 * 1024 * 1024 + 1, 32),
  });
  assert.equal(large.status, 413);
  const message = composeCall(make, sampleOrder({ card_order_id: 950_000n }));
  const gzip = await house.send({ ...message, headers: { ...message.headers, 'content-encoding': 'gzip' } });
  assert.match(gzip.body.toString(), /sign-check-failure/);
});
