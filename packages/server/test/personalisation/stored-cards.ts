import assert from 'node:assert/strict';
import type { CardMakingInfo } from '@cardwright/top';
import type { Pool } from 'pg';
import type { OrderKey } from '../../src/card-order/move.ts';
import { inTransaction } from '../../src/db/transaction.ts';
import { openCards } from '../../src/vault/open.ts';
import { testVault } from './listing.ts';

/** The cards of an order as the vault opens them, in the order of pages and slots, as the platform would list them. */
export async function storedCards(pool: Pool, key: OrderKey): Promise<CardMakingInfo[]> {
  const opening = { ...key, actor: 'test', purpose: 'comparison' };
  const opened = await openCards(testVault, (work) => inTransaction(pool, work), opening);
  assert.ok(opened.ok);
  const cards: CardMakingInfo[] = [];
  for await (const page of opened.pages) {
    for (const { templateNo, secrets } of page) {
      const { cardNo, cardPassword, qrCode, shortQrCode } = secrets.reveal();
      cards.push({
        cardNo,
        cardPassword,
        ...(qrCode === undefined ? {} : { qrCode }),
        ...(shortQrCode === undefined ? {} : { shortQrCode }),
        templateNo,
        status: 'ACTIVE',
      });
    }
  }
  return cards;
}
