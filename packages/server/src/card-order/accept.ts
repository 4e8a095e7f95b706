import type { CardOrderMake, Environment } from '@cardwright/top';
import type { Vault } from '../vault/vault.ts';
import type { AcceptOutcome, OfferedOrder } from './accept-store.ts';
import { cardCountOf, linesJson, makingCardNo, receiverJson } from './content.ts';

/** The largest number of cards in one order that is believed; more is a mistake at the sender's. */
export const maxCardsPerOrder = 100_000_000n;

/**
 * `accepted` (first time), `duplicate` (same content, same answer), `conflict` (same id, other content: refused and
 * kept as evidence), `refused` (never stored).
 */
export type Acceptance =
  | { kind: 'accepted' | 'duplicate'; makingCardNo: string }
  | { kind: 'conflict' }
  | { kind: 'refused'; why: 'too-many-cards' };

/** Takes an order in. Returns only after COMMIT; throws where the outcome is unknown, so that nobody says success. */
export type AcceptCardOrder = (environment: Environment, order: CardOrderMake) => Promise<Acceptance>;

export function createAcceptCardOrder(
  vault: Vault,
  submit: (offered: OfferedOrder) => Promise<AcceptOutcome>,
): AcceptCardOrder {
  return async (environment, order) => {
    if (cardCountOf(order) > maxCardsPerOrder) return { kind: 'refused', why: 'too-many-cards' };
    const outcome = await submit(prepare(vault, environment, order));
    return outcome.kind === 'conflict'
      ? { kind: 'conflict' }
      : { kind: outcome.kind, makingCardNo: outcome.makingCardNo };
  };
}

function prepare(vault: Vault, environment: Environment, order: CardOrderMake): OfferedOrder {
  const lines = linesJson(order);
  const receiver = receiverJson(order);
  const place = { environment, cardOrderId: order.card_order_id, column: 'receiver' } as const;
  return {
    environment,
    cardOrderId: order.card_order_id,
    makingCardNo: makingCardNo(environment, order.card_order_id),
    contentFingerprint: vault.fingerprint(`${lines}\n${receiver ?? ''}`),
    lines,
    cardCount: cardCountOf(order),
    receiver: receiver === undefined ? undefined : vault.seal(place, receiver),
  };
}
