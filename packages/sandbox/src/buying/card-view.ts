import { type CardMakingInfo, cardMakingInfo, decodeJson } from '@cardwright/top';
import type { CardMint } from '../cards.ts';
import type { OrderRecord } from '../records.ts';
import type { ActiveCards } from './active-cards.ts';

/** A card as a person looks at it; `position` counts over all lines of its order, from 0. */
export interface CardView extends CardMakingInfo {
  readonly position: number;
  readonly activated: boolean;
}

/** The card in one element of `card_making_infos`, as the mint writes it. */
export function readCard(text: string): CardMakingInfo {
  const decoded = decodeJson(cardMakingInfo, text);
  if (!decoded.ok) throw new Error(`the mint made a card whose ${decoded.issue.path} is wrong`);
  return decoded.value;
}

/** The cards at `from` ≤ position < `from + count`, with everything that is printed on them. */
export function cardsOf(
  parts: { mint: CardMint; active: ActiveCards },
  order: OrderRecord,
  from: number,
  count: number,
): readonly CardView[] {
  return parts.mint.cardTexts(order, from, count).map((text, at) => {
    const position = from + at;
    return { ...readCard(text), position, activated: parts.active.has(order, position) };
  });
}

/** The card with its secrets covered: of the number the last four digits are left, of the others the width. */
export function maskedCard(card: CardView): CardView {
  const { qrCode, shortQrCode } = card;
  return {
    ...card,
    cardNo: '*'.repeat(Math.max(card.cardNo.length - 4, 0)) + card.cardNo.slice(-4),
    cardPassword: '*'.repeat(card.cardPassword.length),
    ...(qrCode === undefined ? {} : { qrCode: covered(qrCode) }),
    ...(shortQrCode === undefined ? {} : { shortQrCode: covered(shortQrCode) }),
  };
}

function covered(text: string): string {
  return text === '' ? '' : '********';
}
