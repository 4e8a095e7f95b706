import type { Sandbox } from '@cardwright/sandbox';
import { type FaultKind, faultKinds, isFaultKind } from '../../packages/sandbox/src/faults/kinds.ts';
import type {
  AcknowledgedOrder,
  Effects,
  PlatformSide,
  TrueCard,
  Truthfulness,
} from '../invariants/platform-side.ts';

/**
 * Lies that nobody can see who hears the answer only once; or, of a card in two orders, before the other order comes: an
 * order that was shipped until then is held against what was said of it.
 */
const unseen: ReadonlySet<FaultKind> = new Set([
  'foreign-card',
  'card-in-two-orders',
  'other-password-later',
  'other-qr-later',
]);

/** The sandbox of one schedule as invariants see it. */
export function platformSideOf(sandbox: Sandbox, acknowledged: ReadonlyMap<bigint, string>): PlatformSide {
  const lies = liesByOrder(sandbox);
  return {
    environment: 'daily',
    acknowledged: () =>
      [...acknowledged].map(([cardOrderId, makingCardNo]): AcknowledgedOrder => {
        const order = sandbox.order(cardOrderId);
        const receiver = order?.receiver;
        return {
          cardOrderId,
          makingCardNo,
          lines: order?.lines ?? [],
          receiver: receiver && [
            receiver.receiver_name,
            receiver.receiver_number,
            receiver.receiver_address,
            receiver.receiver_zip_code,
          ],
        };
      }),
    truth: async (cardOrderId): Promise<readonly TrueCard[]> => [...sandbox.truth(cardOrderId)],
    effects: async (cardOrderId): Promise<Effects> => sandbox.effects(cardOrderId) as Effects,
    truthfulness: (cardOrderId): Truthfulness => {
      const told = lies.get(cardOrderId) ?? [];
      const canBeSeen = told.length === 0 || (told.length === 1 && !unseen.has(told[0] as FaultKind));
      return canBeSeen ? 'exact' : 'as-said';
    },
    secrets: async () => sandbox.orders().flatMap((order) => secretsOf(sandbox, order.cardOrderId)),
  };
}

const sampledCards = 8;

/** Of each order the receiver, and of some cards all that is secret. */
function secretsOf(sandbox: Sandbox, cardOrderId: bigint): readonly string[] {
  const receiver = sandbox.order(cardOrderId)?.receiver;
  const cards = [...sandbox.truth(cardOrderId)];
  const step = Math.ceil(cards.length / sampledCards);
  return [
    ...(receiver === undefined
      ? []
      : [receiver.receiver_name, receiver.receiver_number, receiver.receiver_address]),
    ...cards
      .filter((_, index) => index % step === 0)
      .flatMap(({ cardNo, cardPassword, qrCode, shortQrCode }) => [
        cardNo,
        cardPassword,
        qrCode,
        shortQrCode,
      ]),
  ];
}

/** The lies that may hurt, as they were told of each order. */
export function liesByOrder(sandbox: Sandbox): ReadonlyMap<bigint, readonly FaultKind[]> {
  const lies = new Map<bigint, FaultKind[]>();
  for (const { cardOrderId, fault } of sandbox.callsSince(0).calls) {
    const kind = fault?.split(' ', 1)[0] ?? '';
    if (cardOrderId === undefined || !isFaultKind(kind)) continue;
    const { place, harmless } = faultKinds[kind];
    if (harmless || (place !== 'listing' && place !== 'cards')) continue;
    lies.set(cardOrderId, [...(lies.get(cardOrderId) ?? []), kind]);
  }
  return lies;
}
