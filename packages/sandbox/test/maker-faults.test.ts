import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import {
  type FaultKind,
  type FaultRule,
  faultKindNames,
  faultKinds,
  type Sandbox,
  startSandbox,
} from '../src/index.ts';
import { appKey, appSecret, type FakeMaker, startFakeMaker } from './fake-maker.ts';

let maker: FakeMaker;
let sandbox: Sandbox;
before(async () => {
  maker = await startFakeMaker();
  sandbox = await startSandbox({ port: 0, maker: maker.url, appKey, appSecret, makerTimeoutMs: 2_000 });
});
after(async () => {
  await sandbox.close();
  await maker.close();
});
beforeEach(() => sandbox.faults.clear());

async function newOrder(): Promise<bigint> {
  const placed = await sandbox.placeOrder({ lines: { templates: 1, cards: 3n } });
  assert.ok(placed.ok);
  return placed.order.cardOrderId;
}

async function withRule(rule: FaultRule): Promise<void> {
  assert.ok((await sandbox.faults.add(rule)).ok, rule.kind);
}

interface Expected {
  readonly calls: number;
  readonly requests: number;
  readonly outcome: string;
}
const makerFaults: Readonly<Partial<Record<FaultKind, Expected>>> = {
  'maker-repeat': { calls: 2, requests: 2, outcome: 'answered' },
  'maker-repeat-later': { calls: 2, requests: 2, outcome: 'answered' },
  'maker-hang-up': { calls: 1, requests: 1, outcome: 'timeout' },
  'maker-wrong-signature': { calls: 0, requests: 1, outcome: 'answered' },
  'maker-other-style': { calls: 1, requests: 1, outcome: 'answered' },
  'maker-extra-parameter': { calls: 1, requests: 1, outcome: 'answered' },
};

for (const [kind, expected] of Object.entries(makerFaults) as [FaultKind, Expected][]) {
  test(`${kind}: ${faultKinds[kind].en}`, async () => {
    const id = await newOrder();
    maker.calls.length = 0;
    maker.requests.length = 0;
    await withRule({ kind, cardOrderId: id });
    const sent = await sandbox.resendOrder(id);
    assert.ok(sent.ok);
    assert.equal(sent.reply.outcome, expected.outcome);
    await until(() => maker.requests.length === expected.requests);
    assert.equal(maker.calls.length, expected.calls);
    const [first, second] = maker.requests;
    if (second !== undefined) assert.deepEqual([first?.url, first?.body], [second.url, second.body]);
    if (kind === 'maker-extra-parameter') assert.match(first?.url ?? '', /[?&]new_parameter=%E6%96%B0&/);
    const isRefused = sent.reply.outcome === 'answered' && !sent.reply.answer.response.success;
    assert.equal(isRefused, kind === 'maker-wrong-signature');
    await sandbox.resendOrder(id);
    assert.equal(maker.requests.length, expected.requests + 1, 'once, as the rule says');
  });
}

test('maker-reorder: a call is overtaken by the next one, or comes late', async () => {
  maker.calls.length = 0;
  const [slow, fast] = [await newOrder(), await newOrder()];
  maker.calls.length = 0;
  await withRule({ kind: 'maker-reorder', cardOrderId: slow, times: 2, value: 100 });
  const held = await sandbox.resendOrder(slow);
  assert.ok(held.ok && held.reply.outcome === 'timeout');
  assert.equal(maker.calls.length, 0);
  await sandbox.queryStatus(fast);
  await until(() => maker.calls.length === 2);
  assert.deepEqual(
    maker.calls.map(({ method }) => method.split('.').at(-1)),
    ['query', 'make'],
  );
  await sandbox.resendOrder(slow);
  await until(() => maker.calls.length === 3);
});

test('every fault of calls to the maker has its check here', () => {
  const kinds = faultKindNames.filter((kind) => faultKinds[kind].place === 'maker');
  assert.deepEqual(kinds.toSorted(), [...Object.keys(makerFaults), 'maker-reorder'].toSorted());
});

async function until(isSo: () => boolean): Promise<void> {
  for (let waitedMs = 0; !isSo(); waitedMs += 5) {
    assert.ok(waitedMs < 5_000, 'it did not come about');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
