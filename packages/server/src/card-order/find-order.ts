import { type Environment, environments } from '@cardwright/top';
import type { Pool } from 'pg';
import type { OrderKey } from './move.ts';

export type OrderFound =
  | { readonly ok: true; readonly key: OrderKey }
  | { readonly ok: false; readonly zh: string; readonly en: string };

/** Finds the order that a person means: by the platform's id or by our number, which has a check digit. */
export async function findOrder(pool: Pool, idOrNumber: string, environment?: string): Promise<OrderFound> {
  if (environment !== undefined && !(environments as readonly string[]).includes(environment))
    return { ok: false, zh: `没有环境 ${environment}`, en: `there is no environment ${environment}` };
  const byId = /^\d{1,19}$/.test(idOrNumber);
  const { rows } = await pool.query<{ environment: Environment; cardOrderId: bigint }>(
    `select environment, card_order_id as "cardOrderId" from card_order
     where ${byId ? 'card_order_id = $1::numeric' : 'making_card_no = upper($1)'} and ($2::text is null or environment = $2)
     order by environment`,
    [idOrNumber, environment ?? null],
  );
  const [key, ...others] = rows;
  if (key === undefined)
    return {
      ok: false,
      zh: `没有制卡单 ${idOrNumber}，见 orders list`,
      en: `there is no order ${idOrNumber}; see orders list`,
    };
  if (others.length === 0) return { ok: true, key };
  const names = rows.map((row) => row.environment).join(', ');
  return {
    ok: false,
    zh: `多个环境有此单号（${names}），请加 --environment`,
    en: `this id exists in ${names}: say which with --environment`,
  };
}
