import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { TopClient, TopError } from '@cardwright/top';
import { type FaultKind, faultKindNames, faultKinds } from '../src/faults/kinds.ts';
import type { FaultRule } from '../src/faults/plan.ts';
import { durationMs, type Sandbox, startSandbox } from '../src/index.ts';
import { appKey, appSecret, type FakeMaker, startFakeMaker } from './fake-maker.ts';

const finish = 'alibaba.fundplatform.cardorders.status.make.finish';
const sended = 'alibaba.fundplatform.cardorders.status.sended';
const ipOut = 'taobao.top.ipout.get';
const startsAt = new Date('2026-11-11T10:00:00+08:00');

let maker: FakeMaker;
let sandbox: Sandbox;
let client: TopClient;
const log: string[] = [];
before(async () => {
  maker = await startFakeMaker();
  sandbox = await startSandbox({
    port: 0,
    maker: maker.url,
    appKey,
    appSecret,
    makerTimeoutMs: 2_000,
    clock: { virtualFrom: startsAt },
    log: (line) => log.push(line),
  });
  client = clientOf(sandbox);
});
after(async () => {
  await sandbox.close();
  await maker.close();
});
beforeEach(async () => {
  await sandbox.faults.clear();
  log.length = 0;
});

/** A client that never repeats and loses patience soon, in the sandbox's own time. */
function clientOf({ url, time }: Sandbox): TopClient {
  const gateway = `${url}/router/rest`;
  const timing = { wallMs: () => time().now.getTime() };
  return new TopClient({ appKey, appSecret, gateway, retries: 0, readTimeoutMs: 300, timing });
}

async function newOrder(): Promise<bigint> {
  const placed = await sandbox.placeOrder({ lines: { templates: 1, cards: 3n } });
  assert.ok(placed.ok);
  return placed.order.cardOrderId;
}

async function withRule(rule: FaultRule): Promise<void> {
  assert.ok((await sandbox.faults.add(rule)).ok, rule.kind);
}

/** How a make.finish ends for the caller. */
function ending(cardOrderId: bigint): Promise<string> {
  return client.execute(finish, { card_order_id: cardOrderId }).then(
    ({ result }) => (result.success ? 'success' : 'no success'),
    (error: unknown) => {
      assert.ok(error instanceof TopError);
      return [error.kind, error.code, error.subCode, error.httpStatus].filter(Boolean).join(' ');
    },
  );
}

const endings: Readonly<Partial<Record<FaultKind, string>>> = {
  outage: 'transport',
  'reset-before': 'transport',
  'silent-before': 'timeout',
  'acted-then-reset': 'transport',
  'acted-then-silent': 'timeout',
  slow: 'timeout',
  'half-answer': 'transport',
  'http-500': 'http-status 500',
  'http-502': 'http-status 502',
  'garbage-answer': 'malformed-answer',
  'xml-answer': 'success',
  'gzip-answer': 'success',
  'comment-answer': 'success',
  'flow-control': 'flow-control 7 accesscontrol.limited-by-api-access-count',
  'daily-volume': 'flow-control 7 accesscontrol.limited-by-app-access-count',
  'isp-error': 'gateway 15 isp.remote-service-error',
  'isp-timeout-acted': 'gateway 15 isp.remote-service-timeout',
  'isp-lasting': 'gateway 15 isp.null-pointer-exception',
  'isv-error': 'gateway 41 isv.invalid-parameter',
  'invalid-signature': 'gateway 25 isv.invalid-signature',
};

test('every fault of calls has its ending here', () => {
  const kinds = faultKindNames.filter((kind) => faultKinds[kind].place === 'call');
  assert.deepEqual(kinds.toSorted(), Object.keys(endings).toSorted());
});

for (const [kind, expected] of Object.entries(endings) as [FaultKind, string][]) {
  test(`${kind}: ${faultKinds[kind].en}`, async () => {
    const id = await newOrder();
    await withRule({ kind, cardOrderId: id, ...(kind === 'slow' ? { value: 600 } : {}) });
    assert.equal(await ending(id), expected);
    const acts = faultKinds[kind].acts === true;
    const { finish: done, calls, order } = sandbox.effects(id);
    assert.deepEqual([done, order], acts ? [1, ['finish']] : [0, []]);
    assert.equal(sandbox.order(id)?.finishedAt, acts ? startsAtText() : undefined);
    assert.equal(calls[0]?.outcome, acts ? 'done' : 'not-reached');
    assert.ok(calls[0]?.fault?.startsWith(kind));
    assert.ok(
      log.some((line) => line.includes(`fault ${kind} (rule `)),
      log.join('\n'),
    );
    // Long enough for every ban, the one until midnight too.
    await sandbox.advance(14 * 3_600_000);
    client = clientOf(sandbox);
    assert.equal(await ending(id), 'success', 'once, as the rule says');
    assert.deepEqual([sandbox.effects(id).finish, sandbox.effects(id).calls.length], [1, 2]);
  });
}

function startsAtText(): string {
  return sandbox.time().now.toISOString();
}

test('a ban of one method is kept up, told in seconds, until the sandbox clock has passed it', async () => {
  const id = await newOrder();
  await withRule({ kind: 'flow-control', method: 'make.finish', value: 90 });
  const banOf = async (): Promise<number | undefined> =>
    client.execute(finish, { card_order_id: id }).then(
      () => undefined,
      (error: TopError) => error.banSeconds,
    );
  assert.equal(await banOf(), 90);
  await sandbox.advance(30_500);
  assert.equal(await banOf(), 60);
  assert.match((await client.execute(ipOut, {})).ip_list, /127\.0\.0\.1/);
  await sandbox.advance(59_499);
  assert.equal(await banOf(), 1);
  await sandbox.advance(1);
  assert.equal(await banOf(), undefined);
  assert.deepEqual(
    sandbox.effects(id).calls.map(({ outcome }) => outcome),
    ['not-reached', 'not-reached', 'not-reached', 'done'],
  );
});

test('the daily volume holds up every method until midnight in China', async () => {
  const until = new Date('2027-01-02T00:00:00+08:00').getTime();
  await sandbox.advance(until - 3_600_000 - sandbox.time().now.getTime());
  await withRule({ kind: 'daily-volume' });
  const banOf = (): Promise<number | undefined> =>
    clientOf(sandbox)
      .execute(ipOut, {})
      .then(
        () => undefined,
        (error: TopError) => {
          assert.equal(error.alarm, true);
          return error.banSeconds;
        },
      );
  assert.equal(await banOf(), 3_600);
  await sandbox.advance(3_599_000);
  assert.equal(await banOf(), 1);
  await sandbox.advance(1_000);
  assert.equal(await banOf(), undefined);
});

test('an outage resets whoever comes while it lasts', async () => {
  await withRule({ kind: 'outage', value: 60 });
  for (let call = 0; call < 3; call++)
    await assert.rejects(client.execute(ipOut, {}), { name: 'TopError', kind: 'transport' });
  await sandbox.advance(60_000);
  await client.execute(ipOut, {});
});

test('a repeat is refused although, and only because, the first call took effect', async () => {
  const id = await newOrder();
  const parcel = { card_order_id: id, logistics_order_id: 'SF1', logistics_company: '顺丰速运' };
  await withRule({ kind: 'acted-then-reset', method: 'make.finish' });
  await withRule({ kind: 'repeat-refused', times: 0 });
  assert.equal(await ending(id), 'transport');
  assert.equal(await ending(id), 'gateway 15 isv.card-order-already-finished');
  await client.execute(sended, parcel);
  await assert.rejects(client.execute(sended, parcel), { subCode: 'isv.card-order-already-finished' });
  const { finish: finished, sended: shipped, order } = sandbox.effects(id);
  assert.deepEqual([finished, shipped, order], [1, 1, ['finish', 'sended']]);
  assert.deepEqual(
    sandbox.effects(id).calls.map(({ asked, outcome }) => `${asked} ${outcome}`),
    ['finish done', 'finish repeated', 'sended done', 'sended repeated'],
  );
});

test('what asked for an effect out of order, twice or otherwise is on record, with no effect', async () => {
  const id = await newOrder();
  const ship = (number: string): Promise<unknown> => {
    const parcel = { logistics_order_id: number, logistics_company: 'SF' };
    return client.execute(sended, { card_order_id: id, ...parcel }).catch((error: TopError) => error);
  };
  await ship('SF1');
  await ending(id);
  await ship('SF1');
  await ship('SF2');
  await ship('SF1');
  const { calls, ...counts } = sandbox.effects(id);
  assert.deepEqual(counts, { finish: 1, sended: 1, order: ['finish', 'sended'] });
  assert.deepEqual(
    calls.map(({ outcome }) => outcome),
    ['not-finished', 'done', 'done', 'other-shipment', 'repeated'],
  );
  assert.deepEqual(sandbox.effects(404n), { finish: 0, sended: 0, order: [], calls: [] });
});

test('the truth is made as it is asked for, and ends with the order', async () => {
  const huge = await sandbox.placeOrder({ lines: { templates: 1, cards: 10_000_000n } });
  assert.ok(huge.ok);
  const [first] = sandbox.truth(huge.order.cardOrderId);
  assert.deepEqual(Object.keys(first ?? {}), [
    'cardNo',
    'cardPassword',
    'qrCode',
    'shortQrCode',
    'templateNo',
  ]);
  const id = await newOrder();
  assert.equal([...sandbox.truth(id)].length, 3);
  assert.deepEqual([...sandbox.truth(404n)], []);
});

test('durations and instants of the virtual clock', async () => {
  assert.deepEqual(['3d', '1h30m', '500ms', '0s', '', '3', 'd3', '-1s', '1.5h', '3d '].map(durationMs), [
    259_200_000,
    5_400_000,
    500,
    0,
    ...Array(6).fill(undefined),
  ]);
  await assert.rejects(sandbox.advance(-1), RangeError);
  await assert.rejects(sandbox.advance(0.5), RangeError);
  const before = sandbox.time().now.getTime();
  await sandbox.advance(1_500);
  assert.equal(sandbox.time().now.getTime(), before + 1_500);
  const placed = await sandbox.placeOrder({ lines: { templates: 1, cards: 1n } });
  assert.ok(placed.ok);
  assert.equal(placed.order.placedAt, new Date(before + 1_500).toISOString());
  assert.equal(maker.calls.at(-1)?.timestampMs, Math.floor((before + 1_500) / 1_000) * 1_000);
});

test('a sandbox with the clock of the machine is not moved', async (t) => {
  const plain = await startSandbox({ port: 0, maker: maker.url, appKey, appSecret });
  t.after(() => plain.close());
  assert.equal(await plain.advance(1_000), undefined);
  assert.ok(Math.abs(plain.time().now.getTime() - Date.now()) < 5_000);
});

test('rules, chaos, what struck and the virtual clock outlive the process', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'sandbox-faults-'));
  t.after(() => rm(folder, { recursive: true }));
  const settings = { port: 0, maker: maker.url, appKey, appSecret, state: join(folder, 'state') };
  const chaos = { seed: 's', rate: 0.25, kinds: ['gzip-answer'] as const };
  const rules: FaultRule[] = [
    { kind: 'isp-error', method: 'ipout.get', times: 2, afterCalls: 1 },
    { kind: 'slow', cardOrderId: 9007199254740993n, pages: [2, 3], value: 7 },
  ];
  const first = await startSandbox({ ...settings, clock: { virtualFrom: startsAt }, faults: rules, chaos });
  const outcomes: boolean[] = [];
  const call = async (of: Sandbox): Promise<void> => {
    const outcome = await Promise.allSettled([clientOf(of).execute(ipOut, {})]);
    outcomes.push(outcome[0].status === 'fulfilled');
  };
  await call(first);
  await call(first);
  assert.ok((await first.faults.add({ kind: 'outage' })).ok);
  assert.equal(await first.faults.clear(3), 1);
  await first.advance(3 * 86_400_000);
  await first.close();

  const second = await startSandbox({ ...settings, clock: { virtualFrom: new Date() } });
  t.after(() => second.close());
  assert.equal(second.time().now.getTime(), startsAt.getTime() + 3 * 86_400_000);
  assert.deepEqual(second.faults.chaos(), chaos);
  assert.deepEqual(
    second.faults
      .list()
      .map(({ id, kind, struck, pages, cardOrderId }) => [id, kind, struck, pages, cardOrderId]),
    [
      [1, 'isp-error', 1, undefined, undefined],
      [2, 'slow', 0, [2, 3], 9007199254740993n],
    ],
  );
  await call(second);
  await call(second);
  assert.deepEqual(outcomes, [true, false, false, true]);
  assert.ok((await second.faults.setChaos(undefined)).ok);
  await second.close();
  const third = await startSandbox(settings);
  assert.deepEqual([third.faults.chaos(), third.time().kind], [undefined, 'virtual']);
  await third.close();
});

test('the control interface adds, lists and clears faults, sets chaos, moves the clock and shows effects', async () => {
  const id = await newOrder();
  const at = sandbox.time().now.getTime();
  const rule = { kind: 'isp-error', method: 'make.finish', cardOrderId: String(id), pages: [1], times: 2 };
  const added = (await control('POST', '/faults', rule)).fault;
  assert.equal(added.struck, 0);
  await ending(id);
  const listed = await control('GET', '/faults');
  assert.deepEqual([listed.faults[0].struck, listed.faults[0].cardOrderId], [1, String(id)]);
  assert.ok(listed.struck['isp-error'] >= 1);
  const { effects } = await control('GET', `/orders/${id}/effects`);
  assert.deepEqual([effects.finish, effects.calls[0].outcome], [0, 'not-reached']);
  assert.deepEqual((await control('DELETE', `/faults/${added.id}`)).cleared, 1);
  assert.equal((await control('DELETE', `/faults/${added.id}`)).ok, false);
  assert.equal((await control('GET', '/faults/kinds')).kinds.length, faultKindNames.length);
  const chaos = { seed: 'x', rate: 0.05, kinds: ['slow'] };
  assert.deepEqual((await control('POST', '/chaos', chaos)).chaos, chaos);
  assert.deepEqual((await control('GET', '/faults')).chaos, chaos);
  assert.equal((await control('DELETE', '/chaos')).ok, true);
  assert.equal(sandbox.faults.chaos(), undefined);
  await control('POST', '/clock', { by: '1h30m' });
  assert.deepEqual(new Date((await control('GET', '/clock')).clock.now).getTime(), at + 5_400_000);
  for (const [path, body] of [
    ['/faults', { kind: 'nonsense' }],
    ['/faults', { kind: 'slow', times: 'x' }],
    ['/chaos', { seed: 'x', rate: 2 }],
    ['/chaos', { seed: 'x', rate: 0.1, kinds: ['nonsense'] }],
    ['/clock', { by: '3 days' }],
    ['/clock', { by: '999999999d' }],
  ] as const)
    assert.equal((await control('POST', path, body)).ok, false, `${path} ${JSON.stringify(body)}`);
});

function control(method: string, path: string, body?: object): Promise<ReturnType<typeof JSON.parse>> {
  return new Promise((resolve, reject) => {
    const outgoing = request(`${sandbox.url}/control${path}`, { method }, (response) => {
      response
        .toArray()
        .then((chunks: Buffer[]) => resolve(JSON.parse(String(Buffer.concat(chunks)))), reject);
    });
    outgoing.on('error', reject);
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
