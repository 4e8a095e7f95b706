import assert from 'node:assert/strict';
import { createHmac, hkdfSync } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { inTransaction } from '../../src/db/transaction.ts';
import { CardEncoder, type CardSecrets, decodeCards } from '../../src/vault/card-codec.ts';
import { CardMac } from '../../src/vault/card-macs.ts';
import {
  createCardVault,
  findCardKey,
  type OpeningCardKey,
  openCardKey,
} from '../../src/vault/card-vault.ts';
import { testDatabase } from '../postgres.ts';
import { fixedVault, secretsOf, someCards, storeCards, storeOrder } from './fixture.ts';

const owner = { environment: 'daily', cardOrderId: 16002n } as const;
const text = fc.oneof(fc.string(), fc.string({ unit: 'grapheme', maxLength: 40 }), fc.constantFrom('', '卡'));
const card: fc.Arbitrary<CardSecrets> = fc.record(
  { cardNo: text, cardPassword: text, qrCode: text, shortQrCode: text },
  { requiredKeys: ['cardNo', 'cardPassword'], noNullPrototype: true },
);

test('any cards come back from the codec as they were, and the buffer is empty afterwards', () => {
  const encoder = new CardEncoder();
  fc.assert(
    fc.property(fc.array(card, { maxLength: 20 }), (cards) => {
      let kept: Buffer | undefined;
      const copy = encoder.encode(cards, (bytes) => {
        kept = bytes;
        return Buffer.from(bytes);
      });
      assert.deepEqual(decodeCards(copy), cards);
      assert.ok(kept?.every((byte) => byte === 0));
    }),
  );
});

test('bytes that are no cards decode to nothing, and never throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      decodeCards(Buffer.from([1, ...bytes]));
    }),
  );
  const whole = new CardEncoder().encode(someCards(2), (bytes) => Buffer.from(bytes));
  const cuts = Array.from({ length: whole.length - 1 }, (_, end) => decodeCards(whole.subarray(0, end + 1)));
  assert.deepEqual(
    cuts.filter((cards) => cards !== undefined).map((cards) => cards.length),
    [0, 1],
    'only the ends of cards are ends',
  );
  assert.equal(decodeCards(Buffer.from([2])), undefined);
});

test('what cannot be stored exactly is refused without being shown', () => {
  const encoder = new CardEncoder();
  const wrong = { 'lone surrogate': 'a\ud800b', long: '卡'.repeat(30_000), 'long ascii': '1'.repeat(65_535) };
  for (const [what, field] of Object.entries(wrong)) {
    for (const name of ['cardNo', 'cardPassword', 'qrCode', 'shortQrCode'] as const) {
      assert.throws(
        () => encoder.encode([{ cardNo: '1', cardPassword: '2', [name]: field }], () => assert.fail(what)),
        (error: Error) => error instanceof RangeError && !error.message.includes(field.slice(0, 3)),
      );
    }
  }
  const longest = '1'.repeat(65_534);
  encoder.encode([{ cardNo: longest, cardPassword: longest }], (bytes) =>
    assert.equal(decodeCards(bytes)?.[0]?.cardPassword, longest),
  );
});

test('the macs are HMAC-SHA-256 over length-prefixed fields, cut to 16 bytes', () => {
  const root = Buffer.alloc(32, 9);
  const mac = new CardMac(root);
  const field = (value: string | undefined): Buffer => {
    const bytes = Buffer.from(value ?? '', 'utf8');
    const length = value === undefined ? 0 : bytes.length + 1;
    return Buffer.concat([Buffer.from([length >> 8, length & 255]), bytes]);
  };
  const hmac = (purpose: string, parts: Buffer[]): string => {
    const key = Buffer.from(hkdfSync('sha256', root, '', `cardwright card ${purpose}`, 32));
    return createHmac('sha256', key).update(Buffer.concat(parts)).digest().toString('hex', 0, 16);
  };
  fc.assert(
    fc.property(
      fc.array(card, { maxLength: 5 }),
      fc.constantFrom('daily', 'online'),
      (cards, environment) => {
        const macs = mac.ofCards(environment, cards);
        for (const [index, { cardNo, cardPassword, qrCode, shortQrCode }] of cards.entries()) {
          const fields = [cardNo, cardPassword, qrCode, shortQrCode].map(field);
          assert.equal(
            macs[index]?.numberMac.toString('hex'),
            hmac('number', [field(environment), field(cardNo)]),
          );
          assert.equal(macs[index]?.contentMac.toString('hex'), hmac('content', fields));
          assert.deepEqual(mac.ofNumber(environment, cardNo), macs[index]?.numberMac);
        }
      },
    ),
  );
  const long = { cardNo: '6'.repeat(5_000), cardPassword: '1' };
  assert.equal(
    mac.ofNumber('daily', long.cardNo).toString('hex'),
    hmac('number', [field('daily'), field(long.cardNo)]),
  );
});

test('macs tell environments, numbers and every field apart', async () => {
  const vault = await fixedVault(1);
  const base: CardSecrets = { cardNo: '61', cardPassword: '9', qrCode: 'q', shortQrCode: 's' };
  const changes: CardSecrets[] = [
    { ...base, cardPassword: '8' },
    { ...base, qrCode: 'r' },
    { cardNo: '61', cardPassword: '9', shortQrCode: 's' },
    { cardNo: '61', cardPassword: '9', shortQrCode: 'q' },
    { ...base, shortQrCode: '' },
    { ...base, cardNo: '619', cardPassword: '' },
  ];
  const macs = vault.cardMacs('daily', [base, ...changes]);
  assert.equal(new Set(macs.map((mac) => mac.contentMac.toString('hex'))).size, macs.length);
  assert.equal(new Set(macs.slice(0, 6).map((mac) => mac.numberMac.toString('hex'))).size, 1);
  assert.notDeepEqual(vault.cardNumberMac('daily', '61'), vault.cardNumberMac('pre', '61'));
});

test('an order has one card key, whoever asks first', async (t) => {
  const { pool } = await testDatabase(t);
  const vault = await fixedVault(1);
  await storeOrder(pool, vault, owner);
  const cardVault = createCardVault(vault);
  const keys = await Promise.all(
    Array.from({ length: 5 }, () => inTransaction(pool, (client) => cardVault.cardKey(client, owner))),
  );
  assert.equal(new Set(keys.map((key) => key.dataKeyId)).size, 1);
  const stranger = createCardVault(await fixedVault(2));
  await assert.rejects(
    inTransaction(pool, (client) => stranger.cardKey(client, owner)),
    /shredded or foreign/,
  );
});

test('a page opens with its own order, number, count and key only, and with no changed bit', async (t) => {
  const { pool } = await testDatabase(t);
  const vault = await fixedVault(1);
  const owners = [owner, { ...owner, cardOrderId: 16003n }, { ...owner, environment: 'pre' }] as const;
  for (const each of owners) await storeOrder(pool, vault, each);
  const cards = someCards(3);
  for (const [index, each] of owners.entries())
    await storeCards(pool, vault, each, 1, someCards(3, `7${index}`));
  const keys = await inTransaction(pool, async (client) => {
    const found: OpeningCardKey[] = [];
    for (const each of owners) {
      const row = await findCardKey(client, each);
      const key = row && (await openCardKey(vault, each, row));
      assert.ok(key);
      found.push(key);
    }
    return found;
  });
  const [own, ...others] = keys;
  assert.ok(own);
  const page = own.sealPage(2, cards);
  const templates = cards.map((each) => each.templateNo);
  assert.deepEqual(own.openPage(2, templates, page), cards.map(secretsOf));
  assert.equal(own.openPage(2, [...templates].reverse().fill('T1', 0, 1), page), undefined);
  assert.equal(own.openPage(1, templates, page), undefined);
  assert.equal(own.openPage(2, templates.slice(1), page), undefined);
  for (const other of others) assert.equal(other.openPage(2, templates, page), undefined);
  for (const part of ['nonce', 'sealed'] as const) {
    for (let bit = 0; bit < page[part].length * 8; bit++) {
      const changed = Buffer.from(page[part]);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.equal(own.openPage(2, templates, { ...page, [part]: changed }), undefined, `${part} ${bit}`);
    }
  }
  assert.throws(() => own.sealPage(1, someCards(501)), RangeError);
  assert.deepEqual(own.openPage(4, [], own.sealPage(4, [])), []);
  // The binding holds the key's id: the same wrapped key under another id opens nothing.
  const renamed = await inTransaction(pool, async (client) => {
    const row = await findCardKey(client, owner);
    return row && openCardKey(vault, owner, { ...row, data_key_id: row.data_key_id + 100n });
  });
  assert.equal(renamed?.openPage(2, templates, page), undefined);
});

test('the database refuses a nonce that met its key before', async (t) => {
  const { pool } = await testDatabase(t);
  const vault = await fixedVault(1);
  await storeOrder(pool, vault, owner);
  await storeCards(pool, vault, owner, 1, someCards(2));
  await assert.rejects(
    pool.query(
      `insert into card_page (environment, card_order_id, page_no, card_count, data_key_id, nonce, sealed)
       select environment, card_order_id, 2, card_count, data_key_id, nonce, sealed from card_page`,
    ),
    /card_page_data_key_id_nonce_key/,
  );
});

test('ten thousand seals draw ten thousand nonces', async (t) => {
  const { pool } = await testDatabase(t);
  const vault = await fixedVault(1);
  await storeOrder(pool, vault, owner);
  const key = await inTransaction(pool, (client) => createCardVault(vault).cardKey(client, owner));
  const nonces = new Set<string>();
  for (let index = 0; index < 10_000; index++) nonces.add(key.sealPage(1, []).nonce.toString('hex'));
  assert.equal(nonces.size, 10_000);
});
