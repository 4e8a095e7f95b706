import type { LogisticsInfo } from '@cardwright/top';
import type { TemplateRecord } from '../../packages/sandbox/src/records.ts';
import { pick, type Random } from '../crash/random.ts';

/** What a schedule is about: templates, some of which the maker hears of late, and orders of them. */
export interface Script {
  readonly templates: readonly (TemplateRecord & { readonly late: boolean })[];
  readonly orders: readonly {
    readonly cardOrderId: bigint;
    readonly lines: readonly { readonly templateNo: string; readonly count: bigint }[];
    /** Null: none. */
    readonly receiver: LogisticsInfo | null;
  }[];
}

/** Two orders of several templates and pages each, on which every lie about a listing can be told. */
export function longScript(random: Random): Script {
  const templates = ['T0', 'T1'].map((templateNo, n) => ({
    templateNo,
    cardName: `储值卡 ${n}`,
    parValueFen: 100n,
    isTest: false,
    late: false,
  }));
  const firstId = 1n + BigInt(Math.floor(random() * 2 ** 40));
  const orders = [0n, 1n].map((n) => ({
    cardOrderId: firstId + n,
    lines: templates.map(({ templateNo }) => ({
      templateNo,
      count: BigInt(251 + Math.floor(random() * 400)),
    })),
    receiver: receiverOf(random),
  }));
  return { templates, orders };
}

/** Draws one. Most orders have a few cards; some have several pages of 500. */
export function drawScript(random: Random): Script {
  const templates = Array.from({ length: 2 + Math.floor(random() * 2) }, (_, n) => ({
    templateNo: `T${n}`,
    cardName: `储值卡𠮷 ${n}`,
    parValueFen: BigInt(100 * (n + 1)),
    isTest: random() < 0.2,
    late: random() < 0.1,
  }));
  // Ids beyond 2^53, next to each other: who reads them as doubles merges two orders.
  const firstId = 9_007_199_254_740_992n + BigInt(Math.floor(random() * 2 ** 40));
  const orders = Array.from({ length: pick(random, [1, 1, 1, 2, 2, 3]) }, (_, n) => {
    const first = pick(random, templates);
    const alike = templates.filter(({ isTest }) => isTest === first.isTest || random() < 0.05);
    const chosen = alike.slice(0, 1 + Math.floor(random() * alike.length));
    const isLong = random() < 0.1;
    return {
      cardOrderId: firstId + BigInt(n),
      lines: chosen.map(({ templateNo }) => ({
        templateNo,
        count: BigInt(1 + Math.floor(random() * (isLong ? 700 : 9))),
      })),
      receiver: random() < 0.05 ? null : receiverOf(random),
    };
  });
  return { templates, orders };
}

/** A receiver that is nobody else's, so that whoever finds a word of it knows whose it is. */
export function receiverOf(random: Random): LogisticsInfo {
  const mark = Math.floor(random() * 2 ** 30).toString(36);
  return {
    receiver_name: `欧阳${mark}`,
    receiver_number: `155${String(Math.floor(random() * 1e8)).padStart(8, '0')}`,
    receiver_address: `浙江省杭州市余杭区${mark}路${Math.floor(random() * 1e6)}号`,
    receiver_zip_code: String(310_000 + Math.floor(random() * 9_999)),
  };
}
