import type { Environment } from '@cardwright/top';
import type { Ledger } from '../ledger.ts';
import type { Platform } from '../platform.ts';
import type { OrderRecord } from '../records.ts';
import type { BuyerLink } from './buyer-link.ts';
import type { Repeater } from './repeater.ts';

/** What a purchase makes the platform tell others, each until it is known to have arrived. */
export interface Deliveries {
  /** The order to the maker, until it answers; resolves after the first try. */
  sendOrder(cardOrderId: bigint): Promise<void>;
  /** cardorder.make.success to the business party, once the maker has finished, until it is taken. */
  announce(cardOrderId: bigint): Promise<void>;
  /** One more notice, taken or not. False: the business party is not known to have taken it. */
  announceOnce(order: OrderRecord): Promise<boolean>;
  /** Takes up what an earlier run of the sandbox left undone. */
  resume(): void;
}

export function createDeliveries(parts: {
  ledger: Ledger;
  platform: Platform;
  buyerLink: BuyerLink;
  repeater: Repeater;
  ownSign: Environment;
  clock: () => Date;
}): Deliveries {
  const { ledger, platform, repeater } = parts;

  const deliveries: Deliveries = {
    sendOrder: (cardOrderId) =>
      repeater.start(`make ${cardOrderId}`, async () => {
        if (ledger.order(cardOrderId)?.makerAnswer !== undefined) return true;
        const sent = await platform.resendOrder(cardOrderId);
        return !sent.ok || sent.reply.outcome === 'answered' || sent.reply.outcome === 'unsendable';
      }),

    announce: (cardOrderId) =>
      repeater.start(`make.success ${cardOrderId}`, async () => {
        const order = ledger.order(cardOrderId);
        const isDue = order?.finishedAt !== undefined && order.makeSuccess?.acknowledgedAt === undefined;
        return !isDue || (await deliveries.announceOnce(order));
      }),

    async announceOnce({ cardOrderId, purchase }) {
      if (purchase === undefined) return true;
      const { outBizId } = purchase;
      const notice = { order_id: cardOrderId, out_biz_id: outBizId, own_sign: parts.ownSign };
      const problem = await parts.buyerLink.notify(notice);
      const earlier = ledger.order(cardOrderId)?.makeSuccess;
      const lastAt = parts.clock().toISOString();
      const acknowledgedAt = earlier?.acknowledgedAt ?? (problem === undefined ? lastAt : undefined);
      await ledger.noteMakeSuccess(cardOrderId, {
        deliveries: (earlier?.deliveries ?? 0n) + 1n,
        lastAt,
        ...(problem === undefined ? {} : { problem }),
        ...(acknowledgedAt === undefined ? {} : { acknowledgedAt }),
      });
      return problem === undefined;
    },

    resume() {
      for (const { cardOrderId, purchase, makerAnswer, finishedAt, makeSuccess } of ledger.orders()) {
        if (purchase === undefined) continue;
        if (makerAnswer === undefined) void deliveries.sendOrder(cardOrderId);
        if (finishedAt !== undefined && makeSuccess?.acknowledgedAt === undefined)
          void deliveries.announce(cardOrderId);
      }
    },
  };
  return deliveries;
}
