import type { Pool } from 'pg';
import { type Alarm, listAlarms } from '../alarm/alarm-store.ts';
import type { OrderSummary } from './overview-store.ts';

/** What else is known of an order: how far its cards are, what the platform was told, and what needs a person. */
export interface OrderStory {
  readonly fetch: {
    readonly pages: number;
    readonly cards: string;
    readonly statusChanges: number;
    readonly secrets: 'sealed' | 'shredded' | 'none';
  };
  readonly finishReportedAt: string | null;
  readonly sendedReportedAt: string | null;
  /** Every call that had or may have had an effect, in order. */
  readonly reports: readonly {
    readonly kind: 'make-finish' | 'sended';
    readonly attempt: number;
    readonly content: Readonly<Record<string, string>>;
    readonly intendedAt: string;
    /** Null: cut off before an answer was written down. */
    readonly outcome: string | null;
    readonly outcomeAt: string | null;
    readonly requestId: string | null;
    readonly detail: string | null;
  }[];
  readonly approvals: readonly { readonly person: string; readonly at: string }[];
  /** What goes on by itself, and when. */
  readonly jobs: readonly {
    readonly task: string;
    readonly runAt: string;
    readonly attempts: number;
    readonly isRunning: boolean;
    readonly lastCause: string | null;
  }[];
  /** Given up; a person has to release them. */
  readonly parked: readonly {
    readonly parkedJobId: string;
    readonly task: string;
    readonly cause: string;
    readonly parkedAt: string;
  }[];
  readonly alarms: readonly Alarm[];
}

const iso = (column: string): string =>
  `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
const listOf = (fields: string, from: string, order: string): string =>
  `(select coalesce(json_agg(json_build_object(${fields}) order by ${order}), '[]') from ${from})`;
const ofOrder = 'environment = $1 and card_order_id = $2';

const storySql = `select
  (select json_build_object('pages', count(*), 'cards', coalesce(sum(card_count), 0)::text, 'statusChanges',
     (select count(*) from card_status_change where ${ofOrder}), 'secrets', coalesce((select
       case when shredded_at is null then 'sealed' else 'shredded' end from vault_data_key where ${ofOrder}), 'none')) from card_page where ${ofOrder}) as fetch,
  ${iso('finish_reported_at')} as "finishReportedAt", ${iso('sended_reported_at')} as "sendedReportedAt",
  ${listOf(
    `'kind', kind, 'attempt', attempt, 'content', content, 'intendedAt', ${iso('intended_at')}, 'outcome', outcome,
     'outcomeAt', ${iso('outcome_at')}, 'requestId', request_id, 'detail', detail`,
    `platform_call where ${ofOrder}`,
    'platform_call_id',
  )} as reports,
  ${listOf(`'person', person, 'at', ${iso('at')}`, `difference_approval where ${ofOrder}`, 'at')} as approvals,
  ${listOf(
    `'task', task_identifier, 'runAt', ${iso('run_at')}, 'attempts', attempts, 'isRunning', locked_at is not null,
     'lastCause', last_error`,
    'graphile_worker.jobs where key = any ($3)',
    'run_at',
  )} as jobs,
  ${listOf(
    `'parkedJobId', parked_job_id::text, 'task', task, 'cause', cause, 'parkedAt', ${iso('parked_at')}`,
    `parked_job where released_at is null and ${ofOrder}`,
    'parked_job_id',
  )} as parked
from card_order where ${ofOrder}`;

/** Tasks of orders; the jobs of each are under a key that names task and order. */
const orderTasks = ['fetch-cards', 'watch-cards', 'report-finish', 'report-sended', 'advance-test-order'];

/** Reads the story of one order. */
export async function readStory(
  pool: Pool,
  order: Pick<OrderSummary, 'environment' | 'cardOrderId'>,
): Promise<OrderStory> {
  const { environment, cardOrderId } = order;
  const keys = [
    `${environment}:${cardOrderId}`,
    ...orderTasks.map((task) => `${task}:${environment}:${cardOrderId}`),
  ];
  const { rows } = await pool.query<Omit<OrderStory, 'alarms'>>(storySql, [environment, cardOrderId, keys]);
  const alarms = await listAlarms(pool, { order: { environment, cardOrderId } });
  return { ...(rows[0] as Omit<OrderStory, 'alarms'>), alarms };
}
