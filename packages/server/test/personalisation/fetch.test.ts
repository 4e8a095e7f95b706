import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { CardMakingInfo } from '@cardwright/top';
import fc from 'fast-check';
import type { Pool } from 'pg';
import { lockOrder, type OrderKey } from '../../src/card-order/move.ts';
import { inTransaction } from '../../src/db/transaction.ts';
import { fetchCards, holdUnfetched } from '../../src/personalisation/fetch.ts';
import { restartFetch } from '../../src/personalisation/restart.ts';
import { TryLater } from '../../src/work.ts';
import { testDatabase } from '../postgres.ts';
import {
  type CardPageAnswer,
  fetchAndLook,
  fetchParts,
  type Line,
  listingPlatform,
  orderState,
  pagesOf,
  plannedOrder,
  trueCards,
  workOn,
} from './listing.ts';
import { storedCards } from './stored-cards.ts';

const lines: readonly Line[] = [
  { templateNo: 'A1', count: 700 },
  { templateNo: 'B2', count: 800 },
];
const truth = trueCards(16002n, lines);
const empty: readonly CardMakingInfo[] = [];

/** An order of 1,500 cards whose listing is what `lie` makes of the three true pages. */
async function fetchWith(
  t: TestContext,
  lie: (pages: CardMakingInfo[][]) => readonly (readonly CardMakingInfo[])[],
): Promise<{ state: string; reason: string | null; pool: Pool; key: OrderKey }> {
  const { pool } = await testDatabase(t);
  const key = await plannedOrder(pool, 16002n, lines);
  const pages = lie(pagesOf(truth));
  const outcome = await fetchAndLook(
    pool,
    key,
    listingPlatform((pageNo) => pages[pageNo - 1] ?? empty),
  );
  return { ...outcome, pool, key };
}

test('a true listing: every card stored once, sealed, and the order is fetched', async (t) => {
  const { state, pool, key } = await fetchWith(t, (pages) => pages);
  assert.equal(state, 'cards_fetched');
  assert.deepEqual(await storedCards(pool, key), truth);
  const { rows } = await pool.query(
    "select action, detail from audit_event where action like 'cards.%' or detail->>'to' = 'cards_fetched' order by 1",
  );
  assert.deepEqual(
    rows.map((row) => row.action),
    ['cards.fetch-started', 'order.state'],
  );
});

const harmless: Record<string, (pages: CardMakingInfo[][]) => CardMakingInfo[][]> = {
  'cards in another order inside a page': (pages) => pages.map((page) => page.toReversed()),
  'pages in another order': (pages) => pages.toReversed(),
  'a short page in the middle, the rest later': ([first = [], second = [], third = []]) => [
    first,
    second.slice(0, 300),
    third,
    second.slice(300),
  ],
  'an empty page in the middle, its cards later': ([first = [], second = [], third = []]) => [
    first,
    [],
    second,
    third,
  ],
};
for (const [what, lie] of Object.entries(harmless)) {
  test(`harmless: ${what}`, async (t) => {
    const { state, pool, key } = await fetchWith(t, lie);
    assert.equal(state, 'cards_fetched');
    const byNumber = (a: CardMakingInfo, b: CardMakingInfo) => (a.cardNo < b.cardNo ? -1 : 1);
    assert.deepEqual((await storedCards(pool, key)).toSorted(byNumber), truth.toSorted(byNumber));
  });
}

const foreign = trueCards(777n, [{ templateNo: 'A1', count: 1 }]);
const replaceFirst = (page: CardMakingInfo[], card: Partial<CardMakingInfo>): CardMakingInfo[] => [
  { ...(page[0] as CardMakingInfo), ...card },
  ...page.slice(1),
];
const lies: Record<string, [RegExp, (pages: CardMakingInfo[][]) => CardMakingInfo[][]]> = {
  'twice in a page': [
    /^duplicate-card: page 1/,
    ([a = [], ...rest]) => [[...a.slice(0, 499), a[0] as CardMakingInfo], ...rest],
  ],
  'twice over pages': [
    /^duplicate-card: page/,
    ([a = [], b = [], c = []]) => [a, [...b.slice(0, 499), a[7] as CardMakingInfo], c],
  ],
  'overlapping pages': [
    /^duplicate-card/,
    ([a = [], b = [], c = []]) => [a, [...a.slice(490), ...b.slice(0, 490)], [...b.slice(490), ...c]],
  ],
  'one page for all': [/^duplicate-card/, ([a = []]) => [a, a, a, a, a]],
  'a card is missing': [/^cards-missing: 1499 of 1500/, ([a = [], b = [], c = []]) => [a, b, c.slice(1)]],
  'a page is lost': [/^cards-missing: 1000 of 1500/, ([a = [], , c = []]) => [a, [], c]],
  'one card more': [/^cards-too-many: 1501 of 1500.*A1: 701 of 700/, (pages) => [...pages, foreign]],
  'no end': [
    /^cards-too-many/,
    (pages) => [
      ...pages,
      ...Array.from({ length: 9 }, (_, i) => trueCards(800n + BigInt(i), [{ templateNo: 'A1', count: 500 }])),
    ],
  ],
  'a foreign template': [
    /^foreign-template: page 2, card 1: Z9/,
    ([a = [], b = [], c = []]) => [a, replaceFirst(b, { templateNo: 'Z9' }), c],
  ],
  'another ordered template': [
    /^template-counts-differ: .*A1: 699 of 700, B2: 801 of 800/,
    ([a = [], ...rest]) => [replaceFirst(a, { templateNo: 'B2' }), ...rest],
  ],
  'half a character in a code': [
    /^unusable-card: page 1, card 1: qrCode/,
    ([a = [], ...rest]) => [replaceFirst(a, { qrCode: 'a\ud800b' }), ...rest],
  ],
  'control characters in a password': [
    /^unusable-card: page 1, card 1: cardPassword/,
    ([a = [], ...rest]) => [replaceFirst(a, { cardPassword: 'a\u0000b' }), ...rest],
  ],
};
for (const [what, [reason, lie]] of Object.entries(lies)) {
  test(`held: ${what}`, async (t) => {
    const { state, reason: found, pool, key } = await fetchWith(t, lie);
    assert.equal(state, 'held');
    assert.match(found ?? '', reason);
    const { rows } = await pool.query("select count(*) from audit_event where detail->>'to' = 'held'");
    assert.equal(rows[0].count, 1n);
    const words =
      JSON.stringify((await pool.query('select * from audit_event')).rows, (_, value) =>
        typeof value === 'bigint' ? String(value) : value,
      ) + found;
    for (const { cardNo, cardPassword } of truth)
      assert.ok(!words.includes(cardNo) && !words.includes(`"${cardPassword}"`));
    // Asked again it stays held: nothing of it is printed until a person acts.
    await fetchCards(fetchParts(listingPlatform(() => empty)), workOn(pool), key);
    assert.equal((await orderState(pool, key)).state, 'held');
  });
}

test('a card of another order holds the second order, and names the first', async (t) => {
  const { pool } = await testDatabase(t);
  const one = await plannedOrder(pool, 1n, [{ templateNo: 'A1', count: 3 }]);
  const two = await plannedOrder(pool, 2n, [{ templateNo: 'A1', count: 3 }]);
  const cards = trueCards(1n, [{ templateNo: 'A1', count: 3 }]);
  const other = trueCards(2n, [{ templateNo: 'A1', count: 3 }]);
  const platform = (page: CardMakingInfo[]) => listingPlatform((pageNo) => (pageNo === 1 ? page : empty));
  await fetchAndLook(pool, one, platform(cards));
  const outcome = await fetchAndLook(pool, two, platform([...other.slice(0, 2), cards[1] as CardMakingInfo]));
  assert.match(outcome.reason ?? '', /^card-of-another-order: page 1, card 3 is page 1, card 2 of order 1;/);
  assert.equal((await orderState(pool, one)).state, 'cards_fetched');
  const jobs = await pool.query('select key from graphile_worker.jobs where run_at <= now()');
  assert.deepEqual(jobs.rows, [{ key: 'watch-cards:daily:1' }], 'the other order is looked at again at once');
});

test('the same card number in another environment is another card', async (t) => {
  const { pool } = await testDatabase(t);
  const ordered = [{ templateNo: 'A1', count: 3 }];
  const page = trueCards(1n, ordered);
  for (const environment of ['daily', 'pre', 'online'] as const) {
    const key = await plannedOrder(pool, 1n, ordered, { environment });
    const outcome = await fetchAndLook(
      pool,
      key,
      listingPlatform((pageNo) => (pageNo === 1 ? page : empty)),
    );
    assert.deepEqual(outcome, { state: 'cards_fetched', reason: null });
  }
});

test('a fetch that was cut off goes on at the missing pages', async (t) => {
  const { pool } = await testDatabase(t);
  const key = await plannedOrder(pool, 16002n, lines);
  const pages = pagesOf(truth);
  const outage: CardPageAnswer = {
    ok: false,
    kind: 'later',
    cause: 'down',
    retryAfterMs: 60_000,
    counts: false,
  };
  const broken = listingPlatform((pageNo) => (pageNo === 2 ? outage : (pages[pageNo - 1] ?? empty)));
  await assert.rejects(fetchCards(fetchParts(broken, { pagesInFlight: 1 }), workOn(pool), key), TryLater);
  assert.equal((await orderState(pool, key)).state, 'planned');
  const whole = listingPlatform((pageNo) => pages[pageNo - 1] ?? empty);
  assert.equal((await fetchAndLook(pool, key, whole)).state, 'cards_fetched');
  assert.deepEqual(whole.asked, [2, 3, 4], 'page 1 is not asked for again');
});

test('two processes that fetch the same order at once store it once', async (t) => {
  const { pool } = await testDatabase(t);
  const key = await plannedOrder(pool, 16002n, lines);
  const pages = pagesOf(truth);
  const run = () =>
    fetchCards(fetchParts(listingPlatform((pageNo) => pages[pageNo - 1] ?? empty)), workOn(pool), key);
  await Promise.all([run(), run(), run()]);
  assert.equal((await orderState(pool, key)).state, 'cards_fetched');
  assert.deepEqual(await storedCards(pool, key), truth);
});

test('nothing listed yet, unusable answers: tried later, and held when the tries are used up', async (t) => {
  const { pool } = await testDatabase(t);
  const key = await plannedOrder(pool, 1n, lines);
  await assert.rejects(
    fetchCards(fetchParts(listingPlatform(() => empty)), workOn(pool), key),
    (error: unknown) => error instanceof TryLater && error.counts && /^cards-not-ready/.test(error.message),
  );
  const malformed: CardPageAnswer = { ok: false, kind: 'malformed', cause: 'a field is missing' };
  await assert.rejects(
    fetchCards(fetchParts(listingPlatform(() => malformed)), workOn(pool), key),
    (error: unknown) => error instanceof TryLater && error.counts && /^unusable-answer/.test(error.message),
  );
  assert.equal((await orderState(pool, key)).state, 'planned');
  await inTransaction(pool, (client) =>
    holdUnfetched(client, key, 'unusable-answer: page 1: a field is missing'),
  );
  assert.deepEqual(await orderState(pool, key), {
    state: 'held',
    reason: 'unusable-answer: page 1: a field is missing',
  });
});

test('a refusal of the platform holds the order with its code', async (t) => {
  const { pool } = await testDatabase(t);
  const key = await plannedOrder(pool, 1n, lines);
  const refusal: CardPageAnswer = {
    ok: false,
    kind: 'refused',
    cause: 'isv.no-permission',
    code: 'isv.no-permission',
  };
  const outcome = await fetchAndLook(
    pool,
    key,
    listingPlatform(() => refusal),
  );
  assert.deepEqual(outcome, { state: 'held', reason: 'fetch-refused: page 1: isv.no-permission' });
});

test('fetched anew: the same cards go through, a changed password is found', async (t) => {
  const { pool } = await testDatabase(t);
  const key = await plannedOrder(pool, 16002n, lines);
  const pages = pagesOf(truth);
  const short = listingPlatform((pageNo) =>
    pageNo === 3 ? (pages[2] ?? []).slice(1) : (pages[pageNo - 1] ?? empty),
  );
  assert.match((await fetchAndLook(pool, key, short)).reason ?? '', /^cards-missing/);
  const restart = () =>
    inTransaction(pool, async (client) => {
      const order = await lockOrder(client, key);
      assert.ok(order);
      await restartFetch(client, order, 'tester');
    });
  await restart();
  const changed = listingPlatform((pageNo) =>
    pageNo === 2 ? replaceFirst(pages[1] ?? [], { cardPassword: 'other' }) : (pages[pageNo - 1] ?? empty),
  );
  assert.match(
    (await fetchAndLook(pool, key, changed)).reason ?? '',
    /^card-changed: 1 cards .* page 2, card 1$/,
  );
  await restart();
  // The platform stays with the other password: it was seen with two, and nobody knows which is true.
  assert.match((await fetchAndLook(pool, key, changed)).reason ?? '', /^card-changed/);
  const { rows } = await pool.query('select count(*) from former_card');
  assert.equal(rows[0].count, 1501n, 'each card as often as it looked different');
});

test('whatever is done to the pages: exactly the ordered cards, or held', async (t) => {
  const { pool } = await testDatabase(t);
  let id = 100n;
  const small = [
    { templateNo: 'A1', count: 600 },
    { templateNo: 'B2', count: 3 },
  ];
  const change = fc.record({
    kind: fc.constantFrom('drop', 'copy', 'move', 'template', 'swap', 'foreign'),
    from: fc.nat(602),
    to: fc.nat(602),
  });
  let held = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(change, { maxLength: 3 }), async (changes) => {
      id += 1n;
      const cards = trueCards(id, small);
      const given = [...cards];
      for (const { kind, from, to } of changes) {
        const [a, b] = [given[from % given.length], given[to % given.length]] as [
          CardMakingInfo,
          CardMakingInfo,
        ];
        if (kind === 'drop') given.splice(from, 1);
        if (kind === 'copy') given[to % given.length] = a;
        if (kind === 'move') given.splice(to % given.length, 0, ...given.splice(from % given.length, 1));
        if (kind === 'template') given[from % given.length] = { ...a, templateNo: b.templateNo };
        if (kind === 'swap') [given[from % given.length], given[to % given.length]] = [b, a];
        if (kind === 'foreign')
          given[from % given.length] = trueCards(id + 100_000n, small)[from] as CardMakingInfo;
      }
      const key = await plannedOrder(pool, id, small);
      const pages = pagesOf(given);
      const { state } = await fetchAndLook(
        pool,
        key,
        listingPlatform((pageNo) => pages[pageNo - 1] ?? empty),
      );
      const count = (template: string) => given.filter((card) => card.templateNo === template).length;
      const distinct = new Set(given.map((card) => card.cardNo)).size;
      const right = distinct === given.length && count('A1') === 600 && count('B2') === 3;
      assert.equal(state, right ? 'cards_fetched' : 'held');
      if (right) assert.deepEqual(await storedCards(pool, key), given);
      else held++;
    }),
    { numRuns: 40 },
  );
  assert.ok(held > 0);
});
