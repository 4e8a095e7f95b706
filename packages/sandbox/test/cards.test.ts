import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type CardOrderShape, createCardMint } from '../src/cards.ts';

const order: CardOrderShape = {
  cardOrderId: 16002n,
  lines: [
    { templateNo: '3010030E02', count: 700n },
    { templateNo: '3010030E03', count: 501n },
  ],
};
const mint = createCardMint('one', 'daily');
const cardNoOf = (text: string): string => JSON.parse(text).cardNo;

test('the same seed makes the same cards, byte for byte, whatever the page', () => {
  const whole = mint.cardTexts(order, 0, 1201);
  const again = createCardMint('one', 'daily');
  const paged = [0, 500, 1000].flatMap((from) => again.cardTexts(order, from, 500));
  assert.equal(whole.length, 1201);
  assert.deepEqual(paged, whole);
  assert.deepEqual(again.cardTexts(order, 698, 4), whole.slice(698, 702));
});

test('a pinned card does not change between releases', () => {
  assert.equal(
    mint.cardTexts(order, 0, 1)[0],
    '{"cardNo":"82474854000014228972","cardPassword":"JB5XD8DM48QVYDAV",' +
      '"qrCode":"https://card.example.com/bind?code=M9MWD96NZ534T8KQYGJN2BZL",' +
      '"shortQrCode":"https://c.example.com/AQMUBSX2YMCL","templateNo":"3010030E02","status":"ACTIVE"}',
  );
});

test('another seed, environment, order or line makes other cards', () => {
  const secretOf = (text: string | undefined): string => JSON.parse(text ?? '').cardPassword;
  const secrets = new Set([
    secretOf(mint.cardTexts(order, 0, 1)[0]),
    secretOf(mint.cardTexts(order, 700, 1)[0]),
    secretOf(mint.cardTexts({ ...order, cardOrderId: 16003n }, 0, 1)[0]),
    secretOf(createCardMint('two', 'daily').cardTexts(order, 0, 1)[0]),
    secretOf(createCardMint('one', 'pre').cardTexts(order, 0, 1)[0]),
  ]);
  assert.equal(secrets.size, 5);
});

test('no card number, password or code occurs twice, in and across orders', () => {
  const seen = new Set<string>();
  const ids = [1n, 2n, 16002n, 999_999_999n, 1_000_000_000n, 9007199254740992n, 9007199254740993n];
  for (const cardOrderId of ids) {
    for (const text of mint.cardTexts({ ...order, cardOrderId }, 0, 1201)) {
      const { cardNo, cardPassword, qrCode, shortQrCode } = JSON.parse(text);
      for (const part of [cardNo, cardPassword, qrCode, shortQrCode]) seen.add(part);
    }
  }
  assert.equal(seen.size, ids.length * 1201 * 4);
});

test('cards have the published fields, and the template of their line', () => {
  for (const [position, templateNo] of [
    [0, '3010030E02'],
    [699, '3010030E02'],
    [700, '3010030E03'],
    [1200, '3010030E03'],
  ] as const) {
    const card = JSON.parse(mint.cardTexts(order, position, 1)[0] ?? '');
    assert.deepEqual(Object.keys(card), [
      'cardNo',
      'cardPassword',
      'qrCode',
      'shortQrCode',
      'templateNo',
      'status',
    ]);
    assert.equal(card.templateNo, templateNo);
    assert.equal(card.status, 'ACTIVE');
  }
});

test('positions outside the order give no cards', () => {
  assert.deepEqual(mint.cardTexts(order, 1201, 500), []);
  assert.equal(mint.cardTexts(order, 1000, 500).length, 201);
  assert.deepEqual(mint.cardTexts({ cardOrderId: 1n, lines: [] }, 0, 500), []);
});

test('a card number is read back into its place, for every id and index', () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }),
      fc.integer({ min: 0, max: 998 }),
      fc.integer({ min: 0, max: 9_999_999 }),
      (seed, cardOrderId, line, index) => {
        const lines = Array.from({ length: line + 1 }, () => ({ templateNo: 'T', count: 10_000_000n }));
        const made = createCardMint(seed, 'online');
        const text = made.cardTexts({ cardOrderId, lines }, line * 10_000_000 + index, 1)[0] ?? '';
        const place = made.placeOf(cardNoOf(text));
        assert.deepEqual(place, { cardOrderId, line, index });
        assert.equal(made.cardText({ cardOrderId, lines }, place ?? assert.fail()), text);
      },
    ),
    { numRuns: 300 },
  );
});

test('what is no card number of this seed has no place, or none in the order', () => {
  const cardNo = cardNoOf(mint.cardTexts(order, 0, 1)[0] ?? '');
  const lastDigit = String((Number(cardNo.at(-1)) + 1) % 10);
  for (const wrong of ['', 'x', '12', cardNo.slice(1), `${cardNo}0`, cardNo.slice(0, -1) + lastDigit]) {
    assert.equal(mint.placeOf(wrong), undefined, wrong);
  }
  assert.equal(mint.cardText(order, { cardOrderId: 16002n, line: 0, index: 700 }), undefined);
  assert.equal(mint.cardText(order, { cardOrderId: 16002n, line: 2, index: 0 }), undefined);
  assert.equal(mint.cardText(order, { cardOrderId: 16003n, line: 0, index: 0 }), undefined);
});

test('a template number of any signs, and lines of any number, make well-formed cards', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({ templateNo: fc.string({ unit: 'binary', minLength: 1 }), count: fc.bigInt(1n, 9n) }),
        {
          minLength: 1,
          maxLength: 20,
        },
      ),
      fc.nat(120),
      fc.nat(60),
      (lines, from, count) => {
        const asked = { cardOrderId: 5n, lines };
        const templates = lines.flatMap(({ templateNo, count: times }) =>
          Array(Number(times)).fill(templateNo),
        );
        const texts = mint.cardTexts(asked, from, count);
        // A lone surrogate cannot be put into UTF-8 bytes.
        const expected = templates.slice(from, from + count).map((templateNo) => templateNo.toWellFormed());
        assert.deepEqual(
          texts.map((text) => JSON.parse(text).templateNo.toWellFormed()),
          expected,
        );
        assert.equal(mint.cardList(asked, from, count).count, expected.length);
      },
    ),
    { numRuns: 200 },
  );
});
