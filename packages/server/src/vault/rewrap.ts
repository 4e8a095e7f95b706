import type { PoolClient } from 'pg';
import type { Vault, WrappedKey } from './vault.ts';

/** What one batch did, and where the next one starts; `last` is undefined where there is nothing more. */
export interface RewrapBatch {
  readonly count: number;
  readonly unopened: number;
  readonly last: { readonly environment: string; readonly cardOrderId: bigint } | undefined;
}

interface KeyRow {
  readonly environment: string;
  readonly card_order_id: bigint;
  readonly key_id: string;
  readonly wrapped_key: Buffer;
}

/** Wraps the data keys of cards by the current master key. What they seal is not touched. */
export async function rewrapDataKeys(
  client: PoolClient,
  vault: Vault,
  after: RewrapBatch['last'],
  batchSize: number,
): Promise<RewrapBatch> {
  const { rows } = await client.query<KeyRow>(
    `select environment, card_order_id, master_key_id as key_id, wrapped_key from vault_data_key
     where shredded_at is null and master_key_id <> $1 and (environment, card_order_id) > ($2, $3::bigint)
     order by environment, card_order_id limit $4 for no key update`,
    batchValues(vault, after, batchSize),
  );
  const rewrapped = await opened(rows, (row) =>
    vault.rewrap(placeOf(row, 'card'), { keyId: row.key_id, wrappedKey: row.wrapped_key }),
  );
  await client.query(
    `update vault_data_key k set master_key_id = n.key_id, wrapped_key = n.wrapped_key
     from unnest($1::text[], $2::bigint[], $3::text[], $4::bytea[]) as n (environment, id, key_id, wrapped_key)
     where k.environment = n.environment and k.card_order_id = n.id and k.class = 'card'`,
    newKeys(rewrapped),
  );
  return batchOf(rows, rewrapped, batchSize);
}

/** Seals receivers anew under data keys that the current master key wraps: their seal names its master key. */
export async function resealReceivers(
  client: PoolClient,
  vault: Vault,
  after: RewrapBatch['last'],
  batchSize: number,
): Promise<RewrapBatch> {
  const { rows } = await client.query<KeyRow & { readonly sealed: Buffer }>(
    `select environment, card_order_id, receiver_key_id as key_id, receiver_wrapped_key as wrapped_key,
       receiver_sealed as sealed
     from card_order where receiver_key_id <> $1 and (environment, card_order_id) > ($2, $3::bigint)
     order by environment, card_order_id limit $4 for no key update`,
    batchValues(vault, after, batchSize),
  );
  const resealed = await opened(rows, async (row) => {
    const place = placeOf(row, 'receiver');
    const plain = await vault.open(place, {
      keyId: row.key_id,
      wrappedKey: row.wrapped_key,
      sealed: row.sealed,
    });
    return plain === undefined ? undefined : vault.seal(place, plain);
  });
  await client.query(
    `update card_order c set receiver_key_id = n.key_id, receiver_wrapped_key = n.wrapped_key, receiver_sealed = n.sealed
     from unnest($1::text[], $2::bigint[], $3::text[], $4::bytea[], $5::bytea[])
       as n (environment, id, key_id, wrapped_key, sealed)
     where c.environment = n.environment and c.card_order_id = n.id`,
    [...newKeys(resealed), resealed.map(({ value }) => value.sealed)],
  );
  return batchOf(rows, resealed, batchSize);
}

function batchValues(vault: Vault, after: RewrapBatch['last'], batchSize: number): unknown[] {
  return [vault.keyId, after?.environment ?? '', String(after?.cardOrderId ?? 0n), batchSize];
}

const placeOf = <Column extends 'card' | 'receiver'>(row: KeyRow, column: Column) => ({
  environment: row.environment,
  cardOrderId: row.card_order_id,
  column,
});

async function opened<Row extends KeyRow, Value>(
  rows: readonly Row[],
  work: (row: Row) => Promise<Value | undefined>,
): Promise<{ row: Row; value: Value }[]> {
  const results: { row: Row; value: Value }[] = [];
  for (const row of rows) {
    const value = await work(row);
    if (value !== undefined) results.push({ row, value });
  }
  return results;
}

function newKeys(results: readonly { row: KeyRow; value: WrappedKey }[]): unknown[] {
  return [
    results.map(({ row }) => row.environment),
    results.map(({ row }) => String(row.card_order_id)),
    results.map(({ value }) => value.keyId),
    results.map(({ value }) => value.wrappedKey),
  ];
}

function batchOf(
  rows: readonly KeyRow[],
  results: readonly { value: WrappedKey }[],
  batchSize: number,
): RewrapBatch {
  const last = rows.length < batchSize ? undefined : rows.at(-1);
  return {
    count: results.length,
    unopened: rows.length - results.length,
    last: last && { environment: last.environment, cardOrderId: last.card_order_id },
  };
}
