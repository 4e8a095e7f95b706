import { readFileSync } from 'node:fs';
import type { PackingList, PaperKind } from '../../src/paper/schema.ts';

/** The sample that comes with the package, as a fresh object. */
export function sample(kind: PaperKind): Record<string, unknown> {
  const file = new URL(`../../samples/papers/${kind}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
}

/** Cartons of boxes of 500 cards, numbered throughout. */
export function packingListOf(cartons: number, boxesEach: number): PackingList {
  const four = (value: number): string => String(value).padStart(4, '0');
  const cardNo = (value: number): string => `62990000${String(value).padStart(8, '0')}`;
  return {
    version: 1,
    orderNo: 'HJ20261124000172',
    date: '2026-11-24',
    cartons: Array.from({ length: cartons }, (_, carton) => ({
      id: `C-${four(carton + 1)}`,
      count: boxesEach * 500,
      boxes: Array.from({ length: boxesEach }, (_, box) => {
        const first = (carton * boxesEach + box) * 500 + 1;
        return {
          id: `X-${four(carton * boxesEach + box + 1)}`,
          templateName: box % 2 === 0 ? '中秋礼品卡 · 蓝色版' : '中秋礼品卡 · 金色版',
          parValueFen: 10_000,
          count: 500,
          firstCardNo: cardNo(first),
          lastCardNo: cardNo(first + 499),
        };
      }),
    })),
    total: { cartons, boxes: cartons * boxesEach, cards: cartons * boxesEach * 500 },
  };
}
