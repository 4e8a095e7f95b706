import type { PoolClient } from 'pg';
import type { Hold } from '../card-order/hold.ts';
import type { OrderKey } from '../card-order/move.ts';
import { sqlState } from '../db/server-error.ts';
import { findCards, type SealedCardPage } from './page-store.ts';

/** unique_violation: of the index `card_number_once`, the only one a page can meet. */
const uniqueViolation = '23505';

/** Whether the database refused a page because a card of it is stored already. */
export const meansKnownCard = (error: unknown): boolean => sqlState(error) === uniqueViolation;

/**
 * Says which cards of a page are stored already, after the database refused it. Answers nothing where it finds none: the
 * transaction that had them was rolled back.
 */
export async function findKnownCard(
  client: PoolClient,
  key: OrderKey,
  page: SealedCardPage,
): Promise<Hold | undefined> {
  const known = await findCards(
    client,
    page.cards.map((card) => card.numberMac),
  );
  const first = known[0];
  if (first === undefined) return undefined;
  const foreign = known.find(
    (card) => card.environment !== key.environment || card.cardOrderId !== key.cardOrderId,
  );
  const shown = foreign ?? first;
  const slot = page.cards.findIndex((card) => card.numberMac.equals(shown.numberMac));
  const seen = {
    pageNo: page.pageNo,
    slot,
    cards: known.length,
    known: { cardOrderId: String(shown.cardOrderId), pageNo: shown.pageNo, slot: shown.slot },
  };
  const where = `page ${page.pageNo}, card ${slot + 1}`;
  const there = `page ${shown.pageNo}, card ${shown.slot + 1}`;
  return foreign === undefined
    ? { code: 'duplicate-card', words: `${where} is the same as ${there}; ${known.length} such cards`, seen }
    : {
        code: 'card-of-another-order',
        words: `${where} is ${there} of order ${shown.cardOrderId}; ${known.length} such cards`,
        seen,
        otherOrder: shown.cardOrderId,
      };
}
