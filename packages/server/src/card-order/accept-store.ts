import type { Environment } from '@cardwright/top';
import type { Pool } from 'pg';
import { failpoint } from '../failpoint.ts';
import type { SealedValue } from '../vault/vault.ts';

/** An order ready to be stored: everything personal is sealed already. */
export interface OfferedOrder {
  readonly environment: Environment;
  readonly cardOrderId: bigint;
  readonly makingCardNo: string;
  readonly contentFingerprint: Buffer;
  readonly lines: string;
  readonly cardCount: bigint;
  readonly receiver: SealedValue | undefined;
}

export interface AcceptOutcome {
  readonly kind: 'accepted' | 'duplicate' | 'conflict';
  readonly makingCardNo: string;
}

const acceptSql =
  'select slot, outcome, making_card_no from accept_card_orders($1, $2, $3, $4, $5, $6, $7, $8, $9)';

/**
 * Stores a batch in one statement, which is its own transaction: the driver hands the rows over only when the
 * server is ready again, that is after COMMIT. A lost connection throws, and then nobody knows.
 */
export async function storeOrders(
  pool: Pool,
  batch: readonly OfferedOrder[],
): Promise<readonly AcceptOutcome[]> {
  const column = <T>(pick: (order: OfferedOrder) => T): T[] => batch.map(pick);
  await failpoint('intake:before-store');
  const result = await pool.query<{ slot: number; outcome: AcceptOutcome['kind']; making_card_no: string }>({
    name: 'accept-card-orders',
    text: acceptSql,
    values: [
      column((order) => order.environment),
      column((order) => String(order.cardOrderId)),
      column((order) => order.makingCardNo),
      column((order) => order.contentFingerprint),
      column((order) => order.lines),
      column((order) => String(order.cardCount)),
      column((order) => order.receiver?.keyId ?? null),
      column((order) => order.receiver?.wrappedKey ?? null),
      column((order) => order.receiver?.sealed ?? null),
    ],
  });
  await failpoint('intake:after-store');
  const outcomes: AcceptOutcome[] = [];
  for (const row of result.rows)
    outcomes[row.slot - 1] = { kind: row.outcome, makingCardNo: row.making_card_no };
  if (outcomes.length !== batch.length || outcomes.includes(undefined as never)) {
    throw new Error(`accept_card_orders answered ${result.rows.length} rows for ${batch.length} orders`);
  }
  return outcomes;
}
