import type { Environment } from '@cardwright/top';
import type { ClientBase, Pool, PoolClient } from 'pg';
import { inTransaction } from '../db/transaction.ts';
import type { ClosedBecause, DoorState } from './door.ts';

/** A door as the database has it, and what time it is there. */
export interface DoorReading {
  readonly state: DoorState;
  readonly nowMs: number;
}

interface Row {
  readonly closed_until_ms: number | null;
  readonly reason: ClosedBecause | null;
  readonly failures_in_a_row: number;
  readonly retry_budget: number;
  readonly budget_at_ms: number;
  readonly now_ms: number;
}

const ms = (column: string): string => `(extract(epoch from ${column}) * 1000)::float8`;

/** Reads a door. `nowMs` instead of the database's clock is for tests. */
export async function readDoor(
  client: ClientBase | Pool,
  environment: Environment,
  nowMs?: number,
  lock = '',
): Promise<DoorReading> {
  const { rows } = await client.query<Row>(
    `select ${ms('closed_until')} as closed_until_ms, reason, failures_in_a_row, retry_budget::float8 as retry_budget,
       ${ms('budget_at')} as budget_at_ms, ${ms('clock_timestamp()')} as now_ms
     from platform_gate where environment = $1 ${lock}`,
    [environment],
  );
  const row = rows[0];
  if (row === undefined) throw new Error(`no gate of ${environment}`);
  const state = {
    closedUntilMs: row.closed_until_ms ?? undefined,
    reason: row.reason ?? undefined,
    failuresInARow: row.failures_in_a_row,
    retryBudget: row.retry_budget,
    budgetAtMs: row.budget_at_ms,
  };
  return { state, nowMs: nowMs ?? row.now_ms };
}

/** What becomes of a door, and what else belongs into the same transaction. */
export type DoorChange = (reading: DoorReading, client: PoolClient) => Promise<DoorState> | DoorState;

/** Changes a door under its lock, so that two processes never work from the same former state. */
export function changeDoor(
  pool: Pool,
  environment: Environment,
  change: DoorChange,
  nowMs?: number,
): Promise<DoorReading> {
  return inTransaction(pool, async (client) => {
    const reading = await readDoor(client, environment, nowMs, 'for update');
    const state = await change(reading, client);
    if (state !== reading.state) {
      await client.query(
        `update platform_gate set closed_until = to_timestamp($2::float8 / 1000), reason = $3, failures_in_a_row = $4,
           retry_budget = $5, budget_at = to_timestamp($6::float8 / 1000) where environment = $1`,
        [
          environment,
          state.closedUntilMs ?? null,
          state.reason ?? null,
          state.failuresInARow,
          state.retryBudget,
          state.budgetAtMs,
        ],
      );
    }
    return { state, nowMs: reading.nowMs };
  });
}
