import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { TopClient, type TopError } from '@cardwright/top';
import { type FaultKind, faultKindNames, faultKinds } from '../src/faults/kinds.ts';
import type { FaultRule } from '../src/faults/plan.ts';
import { type Sandbox, startSandbox } from '../src/sandbox.ts';
import { appKey, appSecret } from './fake-maker.ts';

const infoQuery = 'alibaba.fundplatform.cardorders.info.query';
const byNumber = 'alibaba.fundplatform.cardorders.info.query.by.cardno';
const pageSize = 5;

let sandbox: Sandbox;
let client: TopClient;
before(async () => {
  sandbox = await startSandbox({ port: 0, maker: 'http://127.0.0.1:9/spi', appKey, appSecret });
  client = new TopClient({ appKey, appSecret, gateway: `${sandbox.url}/router/rest`, retries: 0 });
  for (const templateNo of ['T1', 'T2'])
    await sandbox.newTemplate({ templateNo, cardName: '卡', parValueFen: 100n, isTest: false });
});
after(() => sandbox.close());
beforeEach(() => sandbox.faults.clear());

let lastId = 0n;
/** A new order of 12 cards of T1 and 6 of T2: pages of 5, 5, 5 and 3. */
async function newOrder(counts: readonly bigint[] = [12n, 6n]): Promise<bigint> {
  const lines = counts.map((count, line) => ({ templateNo: `T${line + 1}`, count }));
  const placed = await sandbox.placeOrder({ cardOrderId: ++lastId, lines });
  assert.ok(placed.ok);
  return placed.order.cardOrderId;
}

interface Page {
  readonly success: boolean;
  readonly texts: readonly string[];
}
async function ask(cardOrderId: bigint, page: number): Promise<Page> {
  const parameters = {
    page_size: BigInt(pageSize),
    current_page: BigInt(page),
    signture: 'test',
    card_order_id: cardOrderId,
  };
  const { result } = await client.execute(infoQuery, { parameters });
  return { success: result.success, texts: result.card_making_infos ?? [] };
}

async function askAll(cardOrderId: bigint, pages = [1, 2, 3, 4, 5]): Promise<readonly string[][]> {
  const told: string[][] = [];
  for (const page of pages) told.push([...(await ask(cardOrderId, page)).texts]);
  return told;
}

function truthOf(cardOrderId: bigint): string[] {
  return [...sandbox.truth(cardOrderId)].map((card) => JSON.stringify({ ...card, status: 'ACTIVE' }));
}

function truePages(cardOrderId: bigint): string[][] {
  const texts = truthOf(cardOrderId);
  return [0, 5, 10, 15, 20].map((from) => texts.slice(from, from + pageSize));
}

async function withRule(rule: FaultRule): Promise<void> {
  assert.ok((await sandbox.faults.add(rule)).ok, rule.kind);
}

const numberIn = (text: string): string => JSON.parse(text).cardNo;
const templateIn = (text: string): string => JSON.parse(text).templateNo;

/** What each lie about the listing shows when it is told all the time, from the first ask on. */
const listingLies: Readonly<Record<string, (told: string[][], truth: string[][], id: bigint) => void>> = {
  'duplicate-in-page'(told) {
    assert.deepEqual(sizes(told), [5, 5, 5, 3, 0]);
    for (const page of told.slice(0, 4)) assert.equal(new Set(page).size, page.length - 1);
  },
  'duplicate-across-pages'(told, truth) {
    assert.deepEqual(sizes(told), [5, 5, 5, 3, 0]);
    assert.deepEqual(told[0], truth[0]);
    assert.equal(told[1]?.filter((text) => truth[0]?.includes(text)).length, 1);
    assert.equal(told[3]?.filter((text) => truth[2]?.includes(text)).length, 1);
  },
  'missing-card'(told, truth) {
    assert.deepEqual(sizes(told), [4, 4, 4, 2, 0]);
    assert.ok(told.every((page, at) => page.every((text) => truth[at]?.includes(text))));
  },
  'reorder-in-page'(told, truth) {
    for (const [at, page] of told.slice(0, 4).entries()) {
      assert.notDeepEqual(page, truth[at]);
      assert.deepEqual(page.toSorted(), truth[at]?.toSorted());
    }
  },
  'reorder-across-pages'(told, truth) {
    assert.deepEqual(told, [truth[1], truth[0], truth[2], truth[3], []]);
  },
  'overlapping-pages'(told, truth) {
    const shared = told.flat().length - new Set(told.flat()).size;
    assert.equal(shared, 2);
    assert.deepEqual(new Set(told.flat()), new Set(truth.flat()));
  },
  'foreign-card'(told, truth) {
    for (const [at, page] of told.slice(0, 4).entries()) {
      const strange = page.filter((text) => !truth[at]?.includes(text));
      assert.equal(strange.length, 1);
      assert.deepEqual(page.map(templateIn), truth[at]?.map(templateIn));
    }
  },
  'card-in-two-orders'(told, truth, id) {
    const others = sandbox.orders().filter(({ cardOrderId }) => cardOrderId !== id);
    const numbers = new Set(others.flatMap(({ cardOrderId }) => truthOf(cardOrderId).map(numberIn)));
    const strange = told.flat().filter((text) => !truth.flat().includes(text));
    assert.equal(strange.length, 4);
    assert.ok(strange.every((text) => numbers.has(numberIn(text))));
    assert.deepEqual(told.flat().map(templateIn), truth.flat().map(templateIn));
  },
  'foreign-template'(told) {
    assert.equal(told.flat().filter((text) => !['T1', 'T2'].includes(templateIn(text))).length, 4);
  },
  'other-template'(told, truth) {
    const wrong = told.flat().filter((text, at) => templateIn(text) !== templateIn(truth.flat()[at] ?? ''));
    assert.equal(wrong.length, 4);
    assert.ok(wrong.every((text) => ['T1', 'T2'].includes(templateIn(text))));
    assert.deepEqual(told.flat().map(numberIn), truth.flat().map(numberIn));
  },
  'more-cards'(told, truth) {
    assert.deepEqual(sizes(told), [5, 5, 5, 5, 0]);
    assert.deepEqual(told.flat().slice(0, 18), truth.flat());
    assert.equal(new Set(told.flat().map(numberIn)).size, 20);
  },
  'endless-pages'(told, truth) {
    assert.deepEqual(sizes(told), [5, 5, 5, 5, 5]);
    assert.deepEqual(told.flat().slice(0, 18), truth.flat());
    assert.equal(new Set(told.flat().map(numberIn)).size, 25);
  },
  'short-page-rest-later'(told, truth) {
    assert.deepEqual(told.flat(), truth.flat());
    assert.deepEqual(sizes(told), [5, 3, 5, 5, 0]);
  },
  'short-page-lost'(told) {
    assert.deepEqual(sizes(told), [3, 3, 3, 1, 0]);
  },
  'empty-page'(told) {
    assert.deepEqual(sizes(told), [0, 0, 0, 0, 0]);
  },
  'empty-listing'(told) {
    assert.deepEqual(sizes(told), [0, 0, 0, 0, 0]);
  },
  'page-too-large'(told, truth) {
    assert.deepEqual(sizes(told), [6, 6, 6, 6, 6]);
    assert.deepEqual(told[0]?.slice(0, 5), truth[0]);
  },
  'success-false'(told, truth) {
    assert.deepEqual(told, truth);
  },
  'unstable-order'(told, truth) {
    assert.deepEqual(sizes(told), [5, 5, 5, 3, 0]);
    for (const [at, page] of told.slice(0, 4).entries()) {
      assert.notDeepEqual(page, truth[at]);
      assert.ok(page.every((text) => truth.flat().includes(text)));
    }
  },
  'page-ignored'(told, truth) {
    assert.deepEqual(told, Array(5).fill(truth[0]));
  },
};

function sizes(pages: readonly (readonly string[])[]): number[] {
  return pages.map((page) => page.length);
}

const ofPlace = (place: string): FaultKind[] =>
  faultKindNames.filter((kind) => faultKinds[kind].place === place);

test('every lie about a listing has its check here', () => {
  assert.deepEqual(ofPlace('listing').toSorted(), Object.keys(listingLies).toSorted());
  assert.ok(ofPlace('listing').length + ofPlace('cards').length >= 24);
});

for (const kind of ofPlace('listing')) {
  test(`${kind}: ${faultKinds[kind].en}`, async () => {
    await askAll(await newOrder());
    const id = await newOrder();
    const begins = kind === 'short-page-rest-later' || kind === 'overlapping-pages' ? { pages: [2] } : {};
    const value = faultKinds[kind].value === undefined ? {} : { value: 2 };
    await withRule({ kind, times: 0, cardOrderId: id, ...begins, ...value });
    listingLies[kind]?.((await askAll(id)) as string[][], truePages(id), id);
    assert.equal((await ask(id, 1)).success, kind !== 'success-false');
    await sandbox.faults.clear();
    assert.deepEqual(await askAll(id), truePages(id), 'the truth is as it was');
  });
}

/** What each lie about a card shows: the field that is told otherwise. */
const cardLies: Readonly<Record<string, (told: string, truth: string) => void>> = {
  'field-missing': (told) => assert.equal(Object.keys(JSON.parse(told)).length, 5),
  'empty-password': (told) => assert.equal(JSON.parse(told).cardPassword, ''),
  'not-json': (told, truth) => {
    assert.throws(() => JSON.parse(told));
    assert.ok(truth.startsWith(told));
  },
  'number-as-json-number': (told, truth) => {
    assert.match(told, /"cardNo":[1-9]\d*,/);
    assert.ok(truth.includes(told.slice(10, told.indexOf(','))));
  },
  'other-password-later': (told, truth) => differsIn('cardPassword', told, truth),
  'other-qr-later': (told, truth) => differsIn('qrCode', told, truth),
  'other-status': (told, truth) => differsIn('status', told, truth),
  'status-later': (told, truth) => differsIn('status', told, truth),
  'extra-fields': (told, truth) => {
    const { batchNo, issuer, tags, ...known } = JSON.parse(told);
    assert.ok(batchNo !== undefined && issuer !== undefined && tags !== undefined);
    assert.deepEqual(known, JSON.parse(truth));
  },
  'null-value': (told) => assert.ok(Object.values(JSON.parse(told)).includes(null)),
  'huge-field': (told) => assert.equal(JSON.parse(told).qrCode.length, 5_000),
  'control-characters': (told) => assert.match(JSON.parse(told).cardPassword, /[\u0000-\u001f\u0085]/),
};

function differsIn(field: string, told: string, truth: string): void {
  const [a, b] = [JSON.parse(told), JSON.parse(truth)];
  assert.notEqual(a[field], b[field]);
  assert.deepEqual({ ...a, [field]: b[field] }, b);
}

test('every lie about a card has its check here', () => {
  assert.deepEqual(ofPlace('cards').toSorted(), Object.keys(cardLies).toSorted());
});

for (const kind of ofPlace('cards')) {
  test(`${kind}: ${faultKinds[kind].en}`, async () => {
    const id = await newOrder();
    const truth = truePages(id)[1] ?? [];
    const check = (told: readonly string[]): void => {
      assert.equal(told.length, truth.length);
      const changed = [...told.entries()].filter(([at, text]) => text !== truth[at]);
      assert.equal(changed.length, kind === 'extra-fields' ? 5 : 1);
      for (const [at, text] of changed) cardLies[kind]?.(text, truth[at] ?? '');
    };
    await withRule({ kind, cardOrderId: id, pages: [2] });
    const first = (await ask(id, 2)).texts;
    if (kind.endsWith('-later')) {
      assert.deepEqual(first, truth, 'the first answer is true');
      check((await ask(id, 2)).texts);
    } else check(first);
    assert.deepEqual((await ask(id, 2)).texts, truth, 'once, as the rule says');

    await withRule({ kind, method: 'by.cardno' });
    const card_nos = truth.map(numberIn);
    const { result } = await client.execute(byNumber, {
      parameters: { page_size: 500n, current_page: 1n, signture: 'test', card_nos },
    });
    check(result.card_making_infos ?? []);
  });
}

test('a maker that collects by number and goes on until all are there ends with the truth under harmless lies', async () => {
  const kinds = [...ofPlace('listing'), ...ofPlace('cards')].filter((kind) => faultKinds[kind].harmless);
  assert.ok(kinds.length >= 5);
  for (const kind of kinds) {
    const id = await newOrder();
    await withRule({ kind, times: kind === 'empty-listing' ? 2 : 0, cardOrderId: id });
    const told: string[] = [];
    for (let page = 1; told.length < 18; ) {
      const { texts } = await ask(id, page);
      told.push(...texts);
      if (texts.length > 0 || kind !== 'empty-listing') page++;
    }
    const cards = told.map((text) => {
      const { cardNo, cardPassword, qrCode, shortQrCode, templateNo } = JSON.parse(text);
      return JSON.stringify({ cardNo, cardPassword, qrCode, shortQrCode, templateNo, status: 'ACTIVE' });
    });
    assert.deepEqual(cards.toSorted(), truthOf(id).toSorted(), kind);
    await sandbox.faults.clear();
  }
});

test('lies that cannot be told of an order wait for one that they can be told of', async () => {
  const alone = await newOrder([1n]);
  for (const kind of [
    'duplicate-in-page',
    'reorder-in-page',
    'other-template',
    'duplicate-across-pages',
  ] as const)
    await withRule({ kind });
  assert.deepEqual((await ask(alone, 1)).texts, truthOf(alone));
  assert.deepEqual(
    sandbox.faults.list().map(({ struck }) => struck),
    [0, 0, 0, 0],
  );
  const id = await newOrder();
  await askAll(id);
  assert.deepEqual(
    sandbox.faults.list().map(({ struck }) => struck),
    [1, 1, 1, 1],
  );
});

test('times, afterCalls, pages and order choose the calls; a lie about a listing counts each page', async () => {
  const [id, other] = [await newOrder(), await newOrder()];
  await withRule({ kind: 'missing-card', cardOrderId: id, pages: [2, 3], times: 2, afterCalls: 1 });
  assert.deepEqual(sizes(await askAll(other)), [5, 5, 5, 3, 0]);
  assert.deepEqual(sizes(await askAll(id)), [5, 5, 4, 3, 0]);
  assert.deepEqual(sizes(await askAll(id)), [5, 4, 5, 3, 0]);
  await withRule({ kind: 'more-cards', cardOrderId: id, times: 1, afterCalls: 1, value: 7 });
  assert.deepEqual(sizes(await askAll(id)), [5, 5, 5, 3, 0]);
  assert.deepEqual(sizes(await askAll(id)), [5, 5, 5, 5, 5]);
  assert.deepEqual(sizes(await askAll(id)), [5, 5, 5, 3, 0]);
});

test('wrong rules are declined with the reason', async () => {
  for (const [rule, problem] of [
    [{ kind: 'nonsense' as FaultKind }, /no such kind/],
    [{ kind: 'missing-card', method: 'make.finish' }, /does not strike/],
    [{ kind: 'maker-repeat', method: 'info.query' }, /does not strike/],
    [{ kind: 'missing-card', pages: [0] }, /pages/],
    [{ kind: 'missing-card', pages: [] }, /pages/],
    [{ kind: 'missing-card', times: -1 }, /times/],
    [{ kind: 'slow', value: 1.5 }, /value/],
  ] as const) {
    const done = await sandbox.faults.add(rule);
    assert.ok(!done.ok);
    assert.match(done.problem, problem);
  }
  for (const rate of [-0.1, 1.1, Number.NaN])
    assert.equal((await sandbox.faults.setChaos({ seed: 's', rate })).ok, false);
  await assert.rejects(
    startSandbox({ port: 0, maker: 'http://x/', appKey, appSecret, faults: [{ kind: 'slow', times: -1 }] }),
    TypeError,
  );
});

/** What every page of an order is told like by a sandbox of its own, in the order of `pages`. */
async function toldUnderChaos(
  seed: string,
  pages: readonly number[],
  atOnce: boolean,
): Promise<Map<number, string>> {
  const chaotic = await startSandbox({
    port: 0,
    maker: 'http://127.0.0.1:9/spi',
    appKey,
    appSecret,
    chaos: { seed, rate: 0.5, kinds: [...ofPlace('listing'), ...ofPlace('cards'), 'isp-error', 'http-500'] },
  });
  const gateway = `${chaotic.url}/router/rest`;
  const asker = new TopClient({ appKey, appSecret, gateway, retries: 0, format: 'json' });
  const lines = { templates: 2, cards: 30n };
  assert.ok((await chaotic.placeOrder({ cardOrderId: 77n, lines })).ok);
  const told = new Map<number, string>();
  const one = async (page: number): Promise<void> => {
    const parameters = { page_size: 5n, current_page: BigInt(page), signture: 'test', card_order_id: 77n };
    const seen = await asker.execute(infoQuery, { parameters }).then(
      ({ result }) => JSON.stringify(result),
      (error: TopError) => `${error.kind} ${error.subCode}`,
    );
    told.set(page, `${told.get(page) ?? ''}\n${seen}`);
  };
  if (atOnce) await Promise.all(pages.map(one));
  else for (const page of pages) await one(page);
  await chaotic.close();
  return told;
}

test('chaos depends on the seed and the question alone, not on the order in which questions come', async () => {
  const pages = Array.from({ length: 13 }, (_, at) => at + 1);
  const forward = await toldUnderChaos('seven', [...pages, ...pages], false);
  const backward = await toldUnderChaos('seven', [...pages.toReversed(), ...pages.toReversed()], false);
  const atOnce = await toldUnderChaos('seven', [...pages, ...pages], true);
  for (const page of pages) {
    assert.equal(backward.get(page), forward.get(page));
    // Equal questions at once have no order among themselves.
    const parts = (text: string | undefined): string[] => (text ?? '').split('\n').toSorted();
    assert.deepEqual(parts(atOnce.get(page)), parts(forward.get(page)));
  }
  const other = await toldUnderChaos('eight', [...pages, ...pages], false);
  assert.ok(pages.some((page) => other.get(page) !== forward.get(page)));
});
