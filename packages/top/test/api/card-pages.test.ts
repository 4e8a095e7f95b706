import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cardNumbersToSign } from '../../src/api/card-pages.ts';
import { answers, failureOf, newClient, platform, startServer } from './local-gateway.ts';

const infoQuery = 'alibaba.fundplatform.cardorders.info.query';
const cardText = (n: number) =>
  JSON.stringify({
    cardNo: `6222${n}`,
    cardPassword: `p${n}`,
    qrCode: `https://x/${n}`,
    shortQrCode: `s${n}`,
    templateNo: '3010030E02',
    status: 'ACTIVE',
  });

/** An order of `total` cards; `asked` lists the pages in the order in which they were asked for. */
function orderOf(total: number, asked: string[] = []) {
  return platform((call) => {
    const parameters = call.fields.get('parameters') ?? '';
    asked.push(parameters);
    const { page_size: size, current_page: page } = JSON.parse(parameters);
    const from = (page - 1) * size;
    const cards = Array.from({ length: Math.max(0, Math.min(size, total - from)) }, (_, i) =>
      cardText(from + i),
    );
    return answers(infoQuery, { result: { card_making_infos: cards, success: true } });
  });
}

for (const [total, pages, requests] of [
  [0, [], 1],
  [1, [1], 1],
  [499, [499], 1],
  [500, [500], 2],
  [501, [500, 1], 2],
  [1000, [500, 500], 3],
] as const) {
  for (const format of ['json', 'xml'] as const) {
    test(`an order of ${total} cards, in ${format}`, async (t) => {
      const asked: string[] = [];
      const client = newClient(t, await startServer(t, orderOf(total, asked)), { format });
      const lengths: number[] = [];
      const numbers: string[] = [];
      for await (const { currentPage, cards } of client.cardPages({ card_order_id: 9007199254740993n })) {
        assert.equal(currentPage, lengths.length + 1);
        lengths.push(cards.length);
        numbers.push(...cards.map((card) => card.cardNo));
      }
      assert.deepEqual(lengths, pages);
      assert.deepEqual(
        numbers,
        Array.from({ length: total }, (_, n) => `6222${n}`),
      );
      assert.equal(asked.length, requests);
      assert.ok(asked.every((parameters) => parameters.includes('"card_order_id":9007199254740993')));
      assert.ok(asked.every((parameters) => parameters.includes('"signture":"test"')));
    });
  }
}

test('a listing can be resumed, with pages of another size', async (t) => {
  const client = newClient(t, await startServer(t, orderOf(25)));
  const seen: string[] = [];
  for await (const page of client.cardPages({ card_order_id: 1n, page_size: 10, from_page: 2 })) {
    seen.push(`${page.currentPage}:${page.cards[0]?.cardNo}+${page.cards.length}`);
  }
  assert.deepEqual(seen, ['2:622210+10', '3:622220+5']);
});

async function drain(pages: AsyncIterable<unknown>): Promise<number> {
  let count = 0;
  for await (const _ of pages) count++;
  return count;
}

test('a listing without end is left after maxPages', async (t) => {
  const asked: string[] = [];
  const client = newClient(t, await startServer(t, orderOf(Number.MAX_SAFE_INTEGER, asked)));
  const order = { card_order_id: 1n, page_size: 2 };
  const error = await failureOf(drain(client.cardPages(order, { maxPages: 7 })));
  assert.deepEqual([error.kind, error.effect, asked.length], ['too-many-pages', 'none', 7]);
});

test('leaving the loop early asks for no further page', async (t) => {
  const asked: string[] = [];
  const client = newClient(t, await startServer(t, orderOf(100, asked)));
  for await (const _ of client.cardPages({ card_order_id: 1n, page_size: 10 })) break;
  assert.equal(asked.length, 1);
});

for (const [what, result] of [
  ['more cards than asked for', { card_making_infos: ['{}', '{}', '{}'], success: true }],
  ['a card that is no JSON', { card_making_infos: ['6222canary'], success: true }],
  ['a card without a password', { card_making_infos: ['{"cardNo":"6222canary"}'], success: true }],
  ['a card twice over', { card_making_infos: [`${cardText(1)}${cardText(2)}`], success: true }],
] as const) {
  test(`malformed pages name the place and no card: ${what}`, async (t) => {
    const client = newClient(
      t,
      await startServer(
        t,
        platform(() => answers(infoQuery, { result })),
      ),
    );
    const error = await failureOf(drain(client.cardPages({ card_order_id: 1n, page_size: 2 })));
    assert.equal(error.kind, 'malformed-answer');
    assert.match(error.issue?.path ?? '', /^result\.card_making_infos/);
    assert.doesNotMatch(`${error.stack}${JSON.stringify(error)}`, /6222/);
  });
}

test('a page without success is refused, not the end', async (t) => {
  const refused = platform(() => answers(infoQuery, { result: { success: false } }));
  const client = newClient(t, await startServer(t, refused));
  const error = await failureOf(drain(client.cardPages({ card_order_id: 1n })));
  assert.equal(error.kind, 'refused');
});

test('an answer without the list is an empty page', async (t) => {
  const empty = platform(() => answers(infoQuery, { result: { success: true } }));
  const client = newClient(t, await startServer(t, empty));
  assert.equal(await drain(client.cardPages({ card_order_id: 1n })), 0);
});

test('sizes that the platform refuses are refused here', async (t) => {
  const client = newClient(t, await startServer(t, orderOf(1)));
  for (const wrong of [{ page_size: 501 }, { page_size: 0 }, { page_size: 1.5 }, { from_page: 0 }]) {
    const error = await failureOf(drain(client.cardPages({ card_order_id: 1n, ...wrong })));
    assert.deepEqual([error.kind, error.issue?.path], ['invalid-request', Object.keys(wrong)[0]]);
  }
});

test('one page, with its request id', async (t) => {
  const client = newClient(t, await startServer(t, orderOf(25)));
  const page = await client.cardPage({ card_order_id: 1n, page_size: 10, current_page: 3 });
  assert.equal(page.answer.map((card) => card.cardNo).join(), '622220,622221,622222,622223,622224');
  assert.equal(page.requestId, 'req-1');
  assert.equal(
    await failureOf(client.cardPage({ card_order_id: 1n, page_size: 10, current_page: 0 })).then(
      (e) => e.kind,
    ),
    'invalid-request',
  );
});

test('cards by their numbers, all on one page; more cards than asked for are malformed', async (t) => {
  const byCardNo = 'alibaba.fundplatform.cardorders.info.query.by.cardno';
  const asked: string[] = [];
  let texts = [cardText(1), cardText(2)];
  const serve = platform((call) => {
    asked.push(call.fields.get('parameters') ?? '');
    return answers(byCardNo, { result: { card_making_infos: texts, success: true } });
  });
  const client = newClient(t, await startServer(t, serve));
  const numbers = ['62221', '62222'];
  const found = await client.cardsByNumber({ card_nos: numbers, signture: cardNumbersToSign(numbers) });
  assert.deepEqual(
    found.answer.map((card) => card.cardNo),
    numbers,
  );
  assert.deepEqual(JSON.parse(asked[0] ?? ''), {
    page_size: 2,
    current_page: 1,
    signture: '2==1==62221=62222',
    card_nos: numbers,
  });
  texts = [...texts, cardText(3)];
  const error = await failureOf(client.cardsByNumber({ card_nos: numbers, signture: 'test' }));
  assert.equal(error.kind, 'malformed-answer');
});

test('a card field that came as a JSON number is malformed: it may have lost its zeros', async (t) => {
  for (const field of ['cardNo', 'cardPassword', 'qrCode', 'shortQrCode', 'templateNo']) {
    const card = JSON.stringify({ ...JSON.parse(cardText(1)), [field]: 6222001 });
    const told = platform(() => answers(infoQuery, { result: { card_making_infos: [card], success: true } }));
    const client = newClient(t, await startServer(t, told));
    const error = await failureOf(client.cardPage({ card_order_id: 1n, page_size: 500, current_page: 1 }));
    assert.equal(error.kind, 'malformed-answer');
    assert.equal(error.issue?.path, `result.card_making_infos[0].${field}`);
  }
});
