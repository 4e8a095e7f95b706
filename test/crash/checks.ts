import { setTimeout as delay } from 'node:timers/promises';
import type { Pool } from 'pg';
import { createPool } from '../../packages/server/src/db/pool.ts';
import { type Entry, knownTemplateNo, type Ledger, type Order } from './ledger.ts';

interface StoredOrder {
  readonly id: bigint;
  readonly making_card_no: string;
  readonly state: string;
  readonly lines: readonly Record<string, string>[];
  readonly accepted_events: bigint;
  readonly planning_events: bigint;
}

const storedSql = `
select c.card_order_id as id, c.making_card_no, c.state, c.lines,
  (select count(*) from audit_event a where a.environment = c.environment and a.card_order_id = c.card_order_id
     and a.action = 'order.accepted') as accepted_events,
  (select count(*) from audit_event a where a.environment = c.environment and a.card_order_id = c.card_order_id
     and a.action = 'order.state') as planning_events
from card_order c where c.environment = 'daily' and c.card_order_id = any ($1::bigint[])`;

interface Waiting {
  readonly id: string;
  readonly has_job: boolean;
  readonly locked_by: string | null;
  readonly locked_seconds: number | null;
  readonly attempts: number | null;
  readonly due_seconds: number | null;
  readonly last_error: string | null;
}

/** An order that should have been planned and was not, and why its job does not run. */
const waitingSql = `
select c.card_order_id::text as id, j.key is not null as has_job, j.locked_by, j.attempts, j.last_error,
  round(extract(epoch from now() - j.locked_at))::int as locked_seconds,
  round(extract(epoch from j.run_at - now()))::int as due_seconds
from card_order c left join graphile_worker.jobs j on j.key = c.environment || ':' || c.card_order_id
where c.state = 'received' order by 1`;

/** Runs the checks over a pool of their own, beside the running product. */
export async function withDatabase<T>(databaseUrl: string, check: (pool: Pool) => Promise<T>): Promise<T> {
  const pool = createPool(
    { connectionString: databaseUrl },
    { applicationName: 'crash checks', maxConnections: 1, statementTimeoutMs: 0 },
  );
  try {
    return await check(pool);
  } finally {
    await pool.end();
  }
}

/** Holds the stored orders against what the platform's side knows of them. */
export async function checkStored(pool: Pool, ledger: Ledger, entries: readonly Entry[]): Promise<void> {
  const { rows } = await pool.query<StoredOrder>(storedSql, [entries.map(({ id }) => String(id))]);
  const byId = Map.groupBy(rows, ({ id }) => id);
  for (const entry of entries) {
    const found = byId.get(entry.id) ?? [];
    if (found.length > 1) ledger.complain(entry, `stored ${found.length} times`);
    const stored = found[0];
    if (stored !== undefined) checkOne(ledger, entry, stored);
    else if (entry.acknowledged !== undefined) ledger.complain(entry, 'acknowledged and MISSING');
    else if (entry.refused.size > 0) ledger.complain(entry, 'refused as a conflict with nothing');
  }
}

function checkOne(ledger: Ledger, entry: Entry, stored: StoredOrder): void {
  if (stored.accepted_events !== 1n) ledger.complain(entry, `accepted ${stored.accepted_events} times`);
  if (stored.planning_events > 1n) ledger.complain(entry, `planned ${stored.planning_events} times`);
  const acknowledged = entry.acknowledged;
  if (acknowledged === undefined) return;
  if (stored.making_card_no !== acknowledged.makingCardNo) {
    ledger.complain(
      entry,
      `stored as ${stored.making_card_no}, acknowledged as ${acknowledged.makingCardNo}`,
    );
  }
  const order = entry.contents[acknowledged.content];
  if (order !== undefined && textOfStored(stored.lines) !== textOfSent(order)) {
    ledger.complain(entry, `other lines than acknowledged: ${JSON.stringify(stored.lines)}`);
  }
  const expected = order?.card_product_infos.every((line) => line.template_no === knownTemplateNo)
    ? 'planned'
    : 'held';
  if (stored.state !== 'received' && stored.state !== expected) {
    ledger.complain(entry, `is ${stored.state}, should be ${expected}`);
  }
}

function textOfStored(lines: readonly Record<string, string>[]): string {
  return JSON.stringify(lines.map((line) => [line.templateNo, line.count, line.parValueFen, line.cardName]));
}

function textOfSent(order: Order): string {
  return JSON.stringify(
    order.card_product_infos.map((line) => [
      line.template_no,
      String(line.count),
      String(line.par_value),
      line.card_name,
    ]),
  );
}

/** Nothing is stored that was never sent. */
export async function checkNothingForeign(pool: Pool, ledger: Ledger): Promise<void> {
  const { rows } = await pool.query<{ id: bigint }>('select card_order_id as id from card_order');
  const sent = new Set(ledger.entries.map(({ id }) => id));
  for (const { id } of rows) if (!sent.has(id)) ledger.violations.push(`order ${id}: stored, never sent`);
}

/**
 * Waits until every stored order is planned or held. Answers how long that took in milliseconds, or undefined where
 * orders still lie after `limitMs`: those are complained of once, with the state of their jobs.
 */
export async function untilPlanned(pool: Pool, ledger: Ledger, limitMs: number): Promise<number | undefined> {
  const startedAtMs = performance.now();
  for (;;) {
    const { rows } = await pool.query<Waiting>(waitingSql);
    const waiting = rows.filter(({ id }) => !ledger.lying.has(id));
    if (waiting.length === 0) return performance.now() - startedAtMs;
    if (performance.now() - startedAtMs > limitMs) {
      for (const [why, orders] of Map.groupBy(waiting, whyWaiting)) {
        ledger.violations.push(
          `not planned after ${limitMs} ms: ${orders.length} orders such as ${orders[0]?.id}, ${why}`,
        );
      }
      for (const { id } of waiting) ledger.lying.add(id);
      return undefined;
    }
    await delay(50);
  }
}

function whyWaiting(order: Waiting): string {
  if (!order.has_job) return 'no job';
  const lock =
    order.locked_by === null
      ? 'locked by nobody'
      : `locked by ${order.locked_by} for ${order.locked_seconds} s`;
  return `job ${lock}, attempts ${order.attempts}, due in ${order.due_seconds} s, last error ${order.last_error}`;
}
