import type { Pool, QueryResult, QueryResultRow } from 'pg';
import { inTransaction } from '../db/transaction.ts';
import type { Vault } from './vault.ts';

/** What a master key wraps. */
export interface KeyUsage {
  readonly keyId: string;
  readonly dataKeys: bigint;
  readonly receivers: bigint;
  /** When the oldest of the data keys was made. */
  readonly oldestDataKeyAt: Date | null;
}

/** How much each master key still wraps; reads all orders once. */
export async function keyUsage(pool: Pool): Promise<readonly KeyUsage[]> {
  const { rows } = await patiently<KeyUsage>(
    pool,
    `select key_id as "keyId", sum(data_keys)::bigint as "dataKeys", sum(receivers)::bigint as receivers,
       min(oldest_at) as "oldestDataKeyAt"
     from (
       select master_key_id as key_id, count(*) as data_keys, 0 as receivers, min(created_at) as oldest_at
         from vault_data_key where shredded_at is null group by 1
       union all
       select receiver_key_id, 0, count(*), null from card_order where receiver_key_id is not null group by 1
     ) used group by 1 order by 1`,
  );
  return rows;
}

/**
 * Whether these vault keys and this database belong together, and what to do where they do not, for a person. With other
 * keys nothing could ever be opened again, and repeats of orders would look like conflicts.
 */
export async function findForeignKeys(pool: Pool, vault: Vault): Promise<string | undefined> {
  const { rows } = await patiently<{ foreign: boolean; retired: boolean }>(
    pool,
    `select exists (select from card_order where receiver_key_id <> all ($1))
         or exists (select from vault_data_key where master_key_id <> all ($1) and shredded_at is null) as foreign,
       exists (select from vault_retired_key where master_key_id = $2) as retired`,
    [vault.keyIds, vault.keyId],
  );
  if (rows[0]?.foreign === true)
    return '保险库密钥与数据库不符 · the vault keys are not those that sealed the data in this database: restore the vault key file (or CARDWRIGHT_VAULT_KEY) of this data';
  if (rows[0]?.retired === true)
    return `保险库密钥已停用 · the vault's current key ${vault.keyId} was retired by a rotation: use the newer vault key file`;
  return undefined;
}

/** For queries that read all orders: without the time limit that the pool sets. */
function patiently<Row extends QueryResultRow>(
  pool: Pool,
  sql: string,
  values: readonly unknown[] = [],
): Promise<QueryResult<Row>> {
  return inTransaction(pool, async (client) => {
    await client.query('set local statement_timeout = 0');
    return client.query<Row>(sql, [...values]);
  });
}
