import type { Environment } from '@cardwright/top';
import type { PoolClient } from 'pg';
import type { LockedOrder, OrderKey } from './move.ts';

/** The two facts that the platform is told of an order. */
export type ReportKind = 'make-finish' | 'sended';
/** What exactly is said beside the order's id; a repeat says the same. */
export type ReportContent = Readonly<Record<string, string>>;
export type CallOutcome = 'done' | 'repeated' | 'refused' | 'put-off' | 'unknown';

/** What of an order decides whether a report is due. */
export interface ReportFacts {
  readonly isFinishReported: boolean;
  readonly isSendedReported: boolean;
  readonly logisticsCompany: string | null;
  readonly logisticsOrderId: string | null;
}

/** An attempt that may have acted: cut off before its outcome was written, or ended without a clear answer. */
export interface OpenAttempt {
  readonly content: ReportContent;
}

const place = (key: OrderKey): [Environment, string] => [key.environment, String(key.cardOrderId)];

/** Of an order that the caller has locked. */
export async function readReportFacts(client: PoolClient, order: LockedOrder): Promise<ReportFacts> {
  const { rows } = await client.query<ReportFacts>({
    name: 'report-facts',
    text: `select finish_reported_at is not null as "isFinishReported", sended_reported_at is not null as "isSendedReported",
      logistics_company as "logisticsCompany", logistics_order_id as "logisticsOrderId"
      from card_order where environment = $1 and card_order_id = $2`,
    values: place(order),
  });
  return rows[0] as ReportFacts;
}

/** Attempts of this report that may have acted, but for `except`. */
export async function findOpenAttempts(
  client: PoolClient,
  key: OrderKey,
  kind: ReportKind,
  except?: bigint,
): Promise<readonly OpenAttempt[]> {
  const { rows } = await client.query<OpenAttempt>({
    name: 'open-attempts',
    text: `select content from platform_call where environment = $1 and card_order_id = $2 and kind = $3
      and (outcome is null or outcome = 'unknown') and platform_call_id is distinct from $4 order by platform_call_id`,
    values: [...place(key), kind, except === undefined ? null : String(except)],
  });
  return rows;
}

/** Writes down that a call is about to be made. Answers its id. */
export async function storeIntent(
  client: PoolClient,
  key: OrderKey,
  kind: ReportKind,
  content: ReportContent,
): Promise<bigint> {
  const { rows } = await client.query<{ id: bigint }>({
    name: 'store-intent',
    text: `insert into platform_call (environment, card_order_id, kind, content, attempt)
      select $1::text, $2::bigint, $3::text, $4::jsonb, count(*) + 1 from platform_call
      where environment = $1 and card_order_id = $2 and kind = $3 returning platform_call_id as id`,
    values: [...place(key), kind, JSON.stringify(content)],
  });
  return BigInt((rows[0] as { id: bigint }).id);
}

/** Writes down how a call ended; of a call that was judged already nothing changes. */
export async function storeOutcome(
  client: PoolClient,
  callId: bigint,
  outcome: CallOutcome,
  detail: string | undefined,
  requestId?: string,
): Promise<void> {
  await client.query({
    name: 'store-outcome',
    text: `update platform_call set outcome = $2, outcome_at = clock_timestamp(), detail = $3, request_id = $4
      where platform_call_id = $1 and outcome is null`,
    values: [String(callId), outcome, detail?.slice(0, 500) ?? null, requestId ?? null],
  });
}

const reportedColumn = { 'make-finish': 'finish_reported_at', sended: 'sended_reported_at' } as const;

/** Stores that the platform knows the fact. */
export async function storeReported(client: PoolClient, key: OrderKey, kind: ReportKind): Promise<void> {
  const column = reportedColumn[kind];
  await client.query(
    `update card_order set ${column} = coalesce(${column}, now()) where environment = $1 and card_order_id = $2`,
    place(key),
  );
}
