import type { PoolClient } from 'pg';
import type { CardOwner } from './card-vault.ts';
import type { SealedValue } from './vault.ts';

/** What an order holds of its receiver; `value` is undefined where it has none, or none any more. */
export interface StoredReceiver {
  readonly value: SealedValue | undefined;
  readonly isShredded: boolean;
}

interface ReceiverRow {
  readonly receiver_key_id: string | null;
  readonly receiver_wrapped_key: Buffer | null;
  readonly receiver_sealed: Buffer | null;
  readonly is_shredded: boolean;
}

/** Undefined where there is no such order. */
export async function findReceiver(
  client: PoolClient,
  { environment, cardOrderId }: CardOwner,
): Promise<StoredReceiver | undefined> {
  const { rows } = await client.query<ReceiverRow>(
    `select receiver_key_id, receiver_wrapped_key, receiver_sealed, receiver_shredded_at is not null as is_shredded
     from card_order where environment = $1 and card_order_id = $2`,
    [environment, String(cardOrderId)],
  );
  const row = rows[0];
  if (row === undefined) return undefined;
  const { receiver_key_id: keyId, receiver_wrapped_key: wrappedKey, receiver_sealed: sealed } = row;
  const isWhole = keyId !== null && wrappedKey !== null && sealed !== null;
  return { value: isWhole ? { keyId, wrappedKey, sealed } : undefined, isShredded: row.is_shredded };
}
