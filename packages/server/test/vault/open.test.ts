import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { inspect } from 'node:util';
import type { Pool } from 'pg';
import type { CardSecrets } from '../../src/vault/card-codec.ts';
import {
  type CardChoice,
  type OpenedCard,
  type Opening,
  openCards,
  openReceiver,
  VaultDamage,
} from '../../src/vault/open.ts';
import type { Vault } from '../../src/vault/vault.ts';
import type { Transaction } from '../../src/work.ts';
import { testDatabase } from '../postgres.ts';
import {
  fixedVault,
  receiver,
  secretsOf,
  someCards,
  storeCards,
  storeOrder,
  transactionOn,
} from './fixture.ts';

const owner = { environment: 'daily', cardOrderId: 16002n } as const;
const opening = { ...owner, actor: 'tester', purpose: 'test of the door' };

interface Stored {
  readonly pool: Pool;
  readonly vault: Vault;
  readonly transaction: Transaction;
  readonly pages: readonly (readonly CardSecrets[])[];
}

/** An order with three pages of five cards. */
async function storedOrder(t: TestContext): Promise<Stored> {
  const { pool } = await testDatabase(t);
  const vault = await fixedVault(1);
  await storeOrder(pool, vault, owner);
  const pages = [1, 2, 3].map((pageNo) => someCards(5, `6${pageNo}`));
  for (const [index, cards] of pages.entries()) await storeCards(pool, vault, owner, index + 1, cards);
  return { pool, vault, transaction: transactionOn(pool), pages: pages.map((cards) => cards.map(secretsOf)) };
}

async function openAll({ vault, transaction }: Stored, choice?: CardChoice): Promise<readonly OpenedCard[]> {
  const outcome = await openCards(vault, transaction, opening, choice);
  assert.ok(outcome.ok, inspect(outcome));
  const opened: OpenedCard[] = [];
  for await (const cards of outcome.pages) opened.push(...cards);
  assert.equal(outcome.cards, opened.length);
  return opened;
}

async function auditOf(pool: Pool): Promise<{ action: string; detail: Record<string, unknown> }[]> {
  const { rows } = await pool.query(
    "select action, detail from audit_event where action like 'vault.%' order by audit_event_id",
  );
  return rows;
}

test('opens whole orders, pages and single cards, each opening with one audit row', async (t) => {
  const stored = await storedOrder(t);
  const all = stored.pages.flat();
  assert.deepEqual(
    (await openAll(stored)).map((card) => card.secrets.reveal()),
    all,
  );
  const page = await openAll(stored, { pages: [2] });
  assert.deepEqual(
    page.map((card) => card.secrets.reveal()),
    stored.pages[1],
  );
  const places = [
    { pageNo: 3, slot: 4 },
    { pageNo: 1, slot: 0 },
  ];
  const single = await openAll(stored, { places });
  assert.deepEqual(
    single.map(({ pageNo, slot, templateNo }) => ({ pageNo, slot, templateNo })),
    [
      { pageNo: 1, slot: 0, templateNo: 'T0' },
      { pageNo: 3, slot: 4, templateNo: 'T0' },
    ],
  );
  assert.equal(single[1]?.secrets.reveal().cardNo, stored.pages[2]?.[4]?.cardNo);
  const purpose = opening.purpose;
  assert.deepEqual(await auditOf(stored.pool), [
    {
      action: 'vault.opened',
      detail: { purpose, class: 'card', cards: 15, pages: 3, firstPage: 1, lastPage: 3 },
    },
    {
      action: 'vault.opened',
      detail: { purpose, class: 'card', cards: 5, pages: 1, firstPage: 2, lastPage: 2 },
    },
    { action: 'vault.opened', detail: { purpose, class: 'card', cards: 2, places: ['3/4', '1/0'] } },
  ]);
  const text = inspect(await openAll(stored), { depth: 9, showHidden: true });
  assert.equal(
    all.some((card) => text.includes(card.cardNo)),
    false,
  );
});

test('what is not there is answered, without an audit row', async (t) => {
  const stored = await storedOrder(t);
  const { vault, transaction } = stored;
  const ask = async (changes: Partial<Opening>, choice: CardChoice = 'all', by = vault) => {
    const outcome = await openCards(by, transaction, { ...opening, ...changes }, choice);
    return outcome.ok ? 'opened' : outcome.why;
  };
  assert.equal(await ask({ cardOrderId: 1n }), 'none');
  assert.equal(await ask({ environment: 'online' }), 'none');
  assert.equal(await ask({}, { pages: [4] }), 'no-such-card');
  assert.equal(await ask({}, { places: [{ pageNo: 1, slot: 5 }] }), 'no-such-card');
  assert.equal(await ask({}, { places: [{ pageNo: 1, slot: -1 }] }), 'no-such-card');
  assert.equal(await ask({}, 'all', await fixedVault(2)), 'foreign');
  const foreign = await openReceiver(await fixedVault(2), transaction, opening);
  assert.deepEqual(foreign, { ok: false, why: 'foreign' });
  assert.deepEqual(await openReceiver(vault, transaction, { ...opening, cardOrderId: 1n }), {
    ok: false,
    why: 'none',
  });
  assert.deepEqual(await auditOf(stored.pool), []);
});

test('without its audit row nothing opens', async (t) => {
  const stored = await storedOrder(t);
  const { pool, vault, transaction } = stored;
  let opened = 0;
  const watched = new Proxy(vault, {
    get(target, name) {
      if (name === 'open' || name === 'cardMacs') opened++;
      const member: unknown = Reflect.get(target, name);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
  await pool.query('alter function append_audit_events rename to append_audit_events_gone');
  await assert.rejects(openCards(watched, transaction, opening), /append_audit_events/);
  await assert.rejects(openReceiver(watched, transaction, opening), /append_audit_events/);
  await pool.query('alter function append_audit_events_gone rename to append_audit_events');
  // Nor does an opening whose commit fails, or of whose commit nobody knows.
  const lost: Transaction = async (work) => {
    await transaction(work);
    throw new Error('the connection was lost during COMMIT');
  };
  await assert.rejects(openCards(watched, lost, opening), /lost/);
  await assert.rejects(openReceiver(watched, lost, opening), /lost/);
  assert.equal(opened, 0);
});

test('an opening leaves its trace although nothing of it was read', async (t) => {
  const { pool, vault, transaction } = await storedOrder(t);
  const outcome = await openCards(vault, transaction, opening);
  assert.ok(outcome.ok);
  assert.equal((await auditOf(pool)).length, 1);
});

const tampering: Readonly<Record<string, string>> = {
  'two pages swapped': 'update card_page set page_no = 3 - page_no where page_no in (1, 2)',
  'sealed of two pages swapped': `update card_page p set sealed = o.sealed, nonce = o.nonce from card_page o
    where p.page_no in (1, 2) and o.page_no = 3 - p.page_no`,
  'two cards swapped': 'update card set slot = 1 - slot where card_page_id = 1 and slot in (0, 1)',
  'two cards of two pages swapped':
    'update card set card_page_id = 3 - card_page_id where card_page_id in (1, 2) and slot = 2',
  'templates of two cards exchanged': `update card set template_no = 'T' || (slot + 1) % 2 where card_page_id = 1 and slot in (0, 1)`,
  'number mac changed': "update card set number_mac = md5('a')::uuid where card_page_id = 1 and slot = 4",
  'content mac changed': "update card set content_mac = md5('a')::uuid where card_page_id = 1 and slot = 2",
  'a card row missing': 'delete from card where card_page_id = 1 and slot = 4',
  'a card row moved': 'update card set slot = 7 where card_page_id = 1 and slot = 4',
  'all card rows missing': 'delete from card',
  'count changed': 'update card_page set card_count = 4 where page_no = 1',
  'a bit of the page':
    'update card_page set sealed = set_bit(sealed, 3, 1 - get_bit(sealed, 3)) where page_no = 1',
  'a bit of the nonce':
    'update card_page set nonce = set_bit(nonce, 3, 1 - get_bit(nonce, 3)) where page_no = 1',
  'page cut': 'update card_page set sealed = substring(sealed from 1 for 20) where page_no = 1',
  'page empty': "update card_page set sealed = '' where page_no = 1",
};

test('whatever is changed, swapped or missing in the database is refused and written down', async (t) => {
  const stored = await storedOrder(t);
  const { pool, vault, transaction } = stored;
  // Who tampers with rows can drop what guards them.
  await pool.query(`alter table card_page drop constraint card_page_data_key_id_nonce_key, drop constraint card_page_pkey cascade;
    alter table card drop constraint card_pkey cascade`);
  for (const [what, sql] of Object.entries(tampering)) {
    await pool.query('create table kept_page as table card_page; create table kept_card as table card');
    await pool.query(sql);
    const outcome = await openCards(vault, transaction, opening);
    assert.ok(outcome.ok);
    await assert.rejects(
      async () => {
        for await (const cards of outcome.pages) assert.equal(cards[0]?.pageNo, 99, `${what}: handed out`);
      },
      (error: unknown) => error instanceof VaultDamage,
      what,
    );
    assert.equal((await auditOf(pool)).at(-1)?.action, 'vault.damage-found', what);
    await pool.query(`delete from card; delete from card_page;
      insert into card_page overriding system value select * from kept_page; insert into card select * from kept_card;
      drop table kept_page, kept_card`);
  }
  assert.equal((await openAll(stored)).length, 15);
});

test('pages, keys and receivers of another order or environment are refused', async (t) => {
  const stored = await storedOrder(t);
  const { pool, vault, transaction } = stored;
  const others = [
    { ...owner, cardOrderId: 16003n },
    { ...owner, environment: 'pre' },
  ] as const;
  for (const [index, other] of others.entries()) {
    await storeOrder(pool, vault, other);
    await storeCards(pool, vault, other, 1, someCards(5, `8${index}`));
    const reader = { ...opening, ...other };
    const to = [other.environment, String(other.cardOrderId)];
    await pool.query(
      `update card_page p set sealed = o.sealed, nonce = o.nonce, data_key_id = p.data_key_id from card_page o
       where p.environment = $1 and p.card_order_id = $2 and o.environment = 'daily' and o.card_order_id = 16002 and o.page_no = 1`,
      to,
    );
    const page = await openCards(vault, transaction, reader);
    assert.ok(page.ok);
    await assert.rejects(async () => {
      for await (const _ of page.pages) assert.fail('handed out');
    }, VaultDamage);
    await pool.query(
      `update vault_data_key k set wrapped_key = o.wrapped_key from vault_data_key o
       where k.environment = $1 and k.card_order_id = $2 and o.environment = 'daily' and o.card_order_id = 16002`,
      to,
    );
    assert.deepEqual(await openCards(vault, transaction, reader), { ok: false, why: 'foreign' });
    await pool.query(
      `update card_order c set receiver_wrapped_key = o.receiver_wrapped_key, receiver_sealed = o.receiver_sealed
       from card_order o where c.environment = $1 and c.card_order_id = $2 and o.environment = 'daily' and o.card_order_id = 16002`,
      to,
    );
    await assert.rejects(openReceiver(vault, transaction, reader), VaultDamage);
  }
  // Columns: the receiver's wrapped key in the place of the card's.
  await pool.query(
    `update vault_data_key k set wrapped_key = c.receiver_wrapped_key from card_order c
     where c.environment = k.environment and c.card_order_id = k.card_order_id`,
  );
  assert.deepEqual(await openCards(vault, transaction, opening), { ok: false, why: 'foreign' });
});

test('a receiver opens masked, with an audit row that holds nothing of it', async (t) => {
  const { pool, vault, transaction } = await storedOrder(t);
  const outcome = await openReceiver(vault, transaction, opening);
  assert.ok(outcome.ok);
  assert.equal(outcome.receiver.reveal(), receiver);
  assert.equal(inspect(outcome).includes('张三'), false);
  assert.deepEqual(await auditOf(pool), [
    { action: 'vault.opened', detail: { purpose: opening.purpose, class: 'receiver' } },
  ]);
});
