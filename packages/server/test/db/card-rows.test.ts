import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pool } from 'pg';
import { migrate, readMigrations } from '../../src/db/migrate.ts';
import { inTransaction } from '../../src/db/transaction.ts';
import { findCards } from '../../src/personalisation/page-store.ts';
import { createCardVault, type SealableCard } from '../../src/vault/card-vault.ts';
import { openCards } from '../../src/vault/open.ts';
import { testDatabase } from '../postgres.ts';
import { fixedVault, secretsOf, someCards, storeOrder, transactionOn } from '../vault/fixture.ts';

const owner = { environment: 'daily', cardOrderId: 16002n } as const;

/** As version 6 of the schema had them. */
async function storeOldPage(pool: Pool, pageNo: number, cards: readonly SealableCard[]): Promise<void> {
  const vault = createCardVault(await fixedVault(1));
  await inTransaction(pool, async (client) => {
    const key = await vault.cardKey(client, owner);
    const { nonce, sealed } = key.sealPage(pageNo, cards);
    const place = [owner.environment, String(owner.cardOrderId), pageNo];
    await client.query(
      `insert into card_page (environment, card_order_id, page_no, card_count, data_key_id, nonce, sealed)
       values ($1, $2, $3, $4, $5, $6, $7)`,
      [...place, cards.length, String(key.dataKeyId), nonce, sealed],
    );
    for (const [slot, mac] of vault.cardMacs(owner.environment, cards).entries()) {
      await client.query('insert into card values ($1, $2, $3, $4, $5, $6, $7, $8)', [
        ...place,
        slot,
        cards[slot]?.templateNo,
        slot === 1 ? 'USED' : 'ACTIVE',
        mac.numberMac,
        mac.contentMac,
      ]);
    }
  });
}

test('cards that were stored before their rows became smaller still open, and are found by their numbers', async (t) => {
  const { pool } = await testDatabase(t);
  await pool.query('drop schema public cascade; create schema public');
  await migrate(pool, readMigrations().slice(0, 6));
  const vault = await fixedVault(1);
  await storeOrder(pool, vault, owner);
  const pages = [someCards(5, '61'), someCards(4, '62')];
  for (const [index, cards] of pages.entries()) await storeOldPage(pool, index + 1, cards);
  await pool.query(`insert into card_status_change (environment, card_order_id, page_no, slot, from_status, to_status)
    values ('daily', 16002, 2, 1, 'ACTIVE', 'USED')`);
  await pool.query(`insert into former_card (environment, card_order_id, number_mac, content_mac)
    select environment, card_order_id, number_mac, content_mac from card where page_no = 1`);

  assert.deepEqual((await migrate(pool)).applied.slice(0, 1), ['0007_card_rows.sql']);

  const opening = { ...owner, actor: 'tester', purpose: 'after the migration' };
  const outcome = await openCards(vault, transactionOn(pool), opening);
  assert.ok(outcome.ok);
  const opened = [];
  for await (const cards of outcome.pages) opened.push(cards.map(({ secrets }) => secrets.reveal()));
  assert.deepEqual(
    opened,
    pages.map((cards) => cards.map(secretsOf)),
  );
  const [, second] = createCardVault(vault).cardMacs(owner.environment, pages[1] ?? []);
  assert.ok(second);
  const found = await inTransaction(pool, (client) => findCards(client, [second.numberMac]));
  assert.deepEqual(found, [{ ...owner, pageNo: 2, slot: 1, numberMac: second.numberMac }]);
  const { rows } = await pool.query(
    `select (select count(*)::int from placed_card where platform_status = 'USED') as used,
       (select count(*)::int from card_status_change) as changes,
       (select count(*)::int from former_card join placed_card using (number_mac, content_mac) where page_no = 1) as former`,
  );
  assert.deepEqual(rows, [{ used: 2, changes: 1, former: 5 }]);
});
