import type { OrderRecord } from '../records.ts';
import { type Dice, shuffled } from './dice.ts';
import type { FaultKind } from './kinds.ts';
import type { Strike } from './plan.ts';

/** A page of an order's listing, and what a lie about it can be made of. Cards are JSON texts. */
export interface ListingPage {
  readonly order: OrderRecord;
  /** From 1. */
  readonly page: number;
  readonly pageSize: number;
  /** Cards of the order. */
  readonly total: number;
  /** The true cards at positions from ≤ p < from + count; beyond the order's end cards that it has not. */
  cards(from: number, count: number): readonly string[];
  /** Any card of an order that nobody placed. */
  strangerCard(): string;
  /** Any card of another placed order; undefined if there is none. */
  otherOrderCard(dice: Dice): string | undefined;
}

/** What a lie makes of a page. */
export interface ToldPage {
  readonly texts: readonly string[];
  readonly success: boolean;
}

type Lie = (page: ListingPage, strike: Strike) => readonly string[] | undefined;

/** The page as it truly is. */
export function truePage({ cards, page, pageSize, total }: ListingPage): readonly string[] {
  const from = (page - 1) * pageSize;
  return from >= total ? [] : cards(from, Math.min(pageSize, total - from));
}

/** Tells a page as `strike` wants it told; undefined if that lie cannot be told of this page. */
export function lieAboutPage(page: ListingPage, strike: Strike): ToldPage | undefined {
  const tell = lies[strike.kind];
  const texts = tell?.(page, strike);
  return texts === undefined ? undefined : { texts, success: strike.kind !== 'success-false' };
}

const lies: Partial<Record<FaultKind, Lie>> = {
  'duplicate-in-page'(page, { dice }) {
    const texts = [...truePage(page)];
    if (texts.length < 2) return undefined;
    const at = 1 + dice(texts.length - 1);
    texts[at] = texts[dice(at)]!;
    return texts;
  },

  'duplicate-across-pages'(page, { dice }) {
    if (page.page < 2) return undefined;
    const before = truePage({ ...page, page: page.page - 1 });
    return withOne(truePage(page), dice, () => before[dice(before.length)]!);
  },

  'missing-card'(page, { dice }) {
    const texts = truePage(page);
    return texts.length === 0 ? undefined : texts.toSpliced(dice(texts.length), 1);
  },

  'reorder-in-page'(page, { dice }) {
    const texts = truePage(page);
    return texts.length < 2 ? undefined : rotated(shuffled(texts, dice), texts[0]!);
  },

  'reorder-across-pages'(page) {
    const partner = page.page % 2 === 1 ? page.page + 1 : page.page - 1;
    // A last page that is not full stays the last one.
    const isWhole = Math.max(partner, page.page) * page.pageSize <= page.total;
    return isWhole ? truePage({ ...page, page: partner }) : undefined;
  },

  'overlapping-pages'(page, strike) {
    const begin = Math.max(2, middlePage(page, strike));
    if (page.total <= page.pageSize) return undefined;
    const early = page.page >= begin ? Math.min(strike.value, page.pageSize - 1) : 0;
    return shifted(page, early);
  },

  'foreign-card': (page, { dice }) =>
    withOne(truePage(page), dice, (text) => inPlaceOf(text, page.strangerCard())),

  'card-in-two-orders'(page, { dice }) {
    const other = page.otherOrderCard(dice);
    return other === undefined ? undefined : withOne(truePage(page), dice, (text) => inPlaceOf(text, other));
  },

  'foreign-template': (page, { dice }) =>
    withOne(truePage(page), dice, (text) => edited(text, { templateNo: '9999999Z99' })),

  'other-template'(page, { dice }) {
    const ordered = [...new Set(page.order.lines.map(({ templateNo }) => templateNo))];
    if (ordered.length < 2) return undefined;
    return withOne(truePage(page), dice, (text) => {
      const others = ordered.filter((templateNo) => templateNo !== cardOf(text)['templateNo']);
      return edited(text, { templateNo: others[dice(others.length)] });
    });
  },

  'more-cards': (page, { value }) => truePage({ ...page, total: page.total + Math.max(1, value) }),
  'endless-pages': (page) => truePage({ ...page, total: Number.MAX_SAFE_INTEGER }),

  'short-page-rest-later'(page, strike) {
    const { pageSize, total } = page;
    const short = middlePage(page, strike);
    const withheld = withheldOf(strike, Math.min(pageSize, total - (short - 1) * pageSize));
    if (withheld < 1) return undefined;
    if (page.page > short) return shifted(page, withheld);
    return page.page === short ? truePage(page).slice(0, -withheld) : truePage(page);
  },

  'short-page-lost'(page, strike) {
    const texts = truePage(page);
    return texts.length === 0 ? undefined : texts.slice(0, -withheldOf(strike, texts.length));
  },

  'empty-page': (page) => (truePage(page).length === 0 ? undefined : []),
  'empty-listing': (page) => (truePage(page).length === 0 ? undefined : []),
  'page-too-large': (page) => page.cards((page.page - 1) * page.pageSize, page.pageSize + 1),
  'success-false': (page) => truePage(page),

  'unstable-order'(page, { dice }) {
    const texts = truePage(page);
    if (page.total < 2 || texts.length === 0) return undefined;
    const by = 1 + dice(page.total - 1);
    const from = ((page.page - 1) * page.pageSize + by) % page.total;
    const first = page.cards(from, Math.min(texts.length, page.total - from));
    return [...first, ...page.cards(0, texts.length - first.length)];
  },

  'page-ignored': (page) => truePage({ ...page, page: 1 }),
};

/** The page whose cards begin `early` cards before they should. */
function shifted({ cards, page, pageSize, total }: ListingPage, early: number): readonly string[] {
  const from = (page - 1) * pageSize - early;
  return from >= total ? [] : cards(from, Math.min(pageSize, total - from));
}

/** The page at which a lie sits: as the rule says, else one that others follow, if there are any. */
function middlePage({ total, pageSize }: ListingPage, { pages, dice }: Strike): number {
  const count = Math.ceil(total / pageSize);
  return pages?.[0] ?? 1 + dice(Math.max(1, count - 1));
}

function withheldOf({ value }: Strike, available: number): number {
  return Math.min(Math.max(1, value), available);
}

/** Replaces one card of a page; undefined if it has none. */
function withOne(
  texts: readonly string[],
  dice: Dice,
  replace: (text: string) => string,
): readonly string[] | undefined {
  if (texts.length === 0) return undefined;
  const at = dice(texts.length);
  return texts.with(at, replace(texts[at]!));
}

/** A stranger under the template of the card that it replaces, so that only its number gives it away. */
function inPlaceOf(replaced: string, stranger: string): string {
  return edited(stranger, { templateNo: cardOf(replaced)['templateNo'] });
}

/** Never as it was: the first card is moved if the dice left it in its place. */
function rotated(texts: readonly string[], first: string): readonly string[] {
  return texts[0] === first ? [...texts.slice(1), first] : texts;
}

export function cardOf(text: string): Record<string, unknown> {
  return JSON.parse(text) as Record<string, unknown>;
}

/** A card's text with some of its fields changed. */
export function edited(text: string, changes: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ ...cardOf(text), ...changes });
}
