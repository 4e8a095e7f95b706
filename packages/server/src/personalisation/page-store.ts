import { once } from 'node:events';
import type { PoolClient } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { OrderKey } from '../card-order/move.ts';
import { macText } from '../vault/card-macs.ts';
import { type CardRow, copyCardsSql, encodeCardCopy } from './card-copy.ts';

/** As many cards as the platform gives at once. */
export const pageSize = 500;

/** A page ready to be stored: the secrets sealed, the cards as rows. */
export interface SealedCardPage {
  readonly pageNo: number;
  readonly dataKeyId: bigint;
  readonly nonce: Buffer;
  readonly sealed: Buffer;
  readonly requestId: string | undefined;
  readonly cards: readonly CardRow[];
}

/** The order must still be planned, and stays so until the page is committed. */
const insertPageSql = `
with fetching as (
  select environment, card_order_id from card_order
  where environment = $1 and card_order_id = $2 and state = 'planned' for share
)
insert into card_page (environment, card_order_id, page_no, card_count, data_key_id, nonce, sealed, request_id)
  select environment, card_order_id, $3, $4, $5, $6, $7, $8 from fetching
  on conflict (environment, card_order_id, page_no) do nothing
returning card_page_id, exists (
  select from card_order where received_at > now() - interval '1 second' and card_order_id <> $2
) as callers_about`;

/**
 * `known`: the page was stored before, by whomever; `not-planned`: somebody held or cancelled the order; `callersAbout`:
 * other orders came in within the last second.
 */
export type StoreOutcome =
  | { readonly kind: 'stored'; readonly callersAbout: boolean }
  | { readonly kind: 'known' | 'not-planned' };

/**
 * Stores a page in the caller's transaction: all of it or nothing. Throws the server's 23505 on `card_number_once` where
 * a card number is known already.
 */
export async function storePage(
  client: PoolClient,
  key: OrderKey,
  page: SealedCardPage,
): Promise<StoreOutcome> {
  const place = [key.environment, String(key.cardOrderId), page.pageNo];
  const inserted = await client.query<{ card_page_id: bigint; callers_about: boolean }>({
    name: 'insert-card-page',
    text: insertPageSql,
    values: [
      ...place,
      page.cards.length,
      String(page.dataKeyId),
      page.nonce,
      page.sealed,
      page.requestId ?? null,
    ],
  });
  const row = inserted.rows[0];
  if (row === undefined) {
    return { kind: (await pageExists(client, key, page.pageNo)) ? 'known' : 'not-planned' };
  }
  const stored = { kind: 'stored', callersAbout: row.callers_about } as const;
  if (page.cards.length === 0) return stored;
  const stream = client.query(copyFrom(copyCardsSql));
  stream.end(encodeCardCopy(row.card_page_id, page.cards));
  await once(stream, 'finish');
  return stored;
}

async function pageExists(client: PoolClient, key: OrderKey, pageNo: number): Promise<boolean> {
  const found = await client.query(
    'select from card_page where environment = $1 and card_order_id = $2 and page_no = $3',
    [key.environment, String(key.cardOrderId), pageNo],
  );
  return found.rowCount === 1;
}

/** What is stored of an order's listing: the cards of each page, by page number from 1. */
export async function storedPages(client: PoolClient, key: OrderKey): Promise<Map<number, number>> {
  const { rows } = await client.query<{ page_no: number; card_count: number }>(
    'select page_no, card_count from card_page where environment = $1 and card_order_id = $2',
    [key.environment, String(key.cardOrderId)],
  );
  return new Map(rows.map((row) => [row.page_no, row.card_count]));
}

/** Where a card number is stored already. */
export interface KnownCard {
  readonly environment: string;
  readonly cardOrderId: bigint;
  readonly pageNo: number;
  readonly slot: number;
  readonly numberMac: Buffer;
}

export async function findCards(
  client: PoolClient,
  numberMacs: readonly Buffer[],
): Promise<readonly KnownCard[]> {
  const { rows } = await client.query<KnownCard>(
    `select environment, card_order_id as "cardOrderId", page_no as "pageNo", slot, uuid_send(number_mac) as "numberMac"
     from placed_card where number_mac = any($1::uuid[]) order by 1, 2, 3, 4`,
    [numberMacs.map(macText)],
  );
  return rows;
}
