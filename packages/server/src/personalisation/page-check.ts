import type { CardMakingInfo } from '@cardwright/top';
import type { Hold } from '../card-order/hold.ts';

// What no press prints and no reader shows: C0 and C1 controls, and the line and paragraph separators.
const unprintable = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/**
 * Looks at the cards of one page by themselves: usable, of the order's templates, no number twice. Lengths and alphabets
 * are not published, so none are assumed. Answers the reason to hold the order, or nothing.
 */
export function findFault(
  pageNo: number,
  cards: readonly CardMakingInfo[],
  templateNos: ReadonlySet<string>,
): Hold | undefined {
  const numbers = new Set<string>();
  for (let slot = 0; slot < cards.length; slot++) {
    const card = cards[slot] as CardMakingInfo;
    const where = `page ${pageNo}, card ${slot + 1}`;
    const seen = { pageNo, slot };
    if (!templateNos.has(card.templateNo)) {
      // A template number is the platform's word, not ours: shown only in a form that cannot be anything else.
      const shown = /^[\w.-]{1,64}$/.test(card.templateNo) ? card.templateNo : 'an odd template number';
      return { code: 'foreign-template', words: `${where}: ${shown}`, seen };
    }
    const field = unusableField(card);
    if (field !== undefined)
      return { code: 'unusable-card', words: `${where}: ${field}`, seen: { ...seen, field } };
    numbers.add(card.cardNo);
    if (numbers.size <= slot) return { code: 'duplicate-card', words: `${where}: twice in one page`, seen };
  }
  return undefined;
}

const secretFields = ['cardNo', 'cardPassword', 'qrCode', 'shortQrCode'] as const;

function unusableField(card: CardMakingInfo): string | undefined {
  for (const field of secretFields) {
    const value = card[field];
    if (value === undefined) continue;
    if (unprintable.test(value)) return `${field} has control characters`;
    if (!value.isWellFormed()) return `${field} is no whole text`;
  }
  return undefined;
}
