/** How ours makes the peers' card: a card a page, or 20 of them on a sheet. */
export const ways = ['mask', 'rectangles', 'sheets'] as const;
export type Way = (typeof ways)[number];
