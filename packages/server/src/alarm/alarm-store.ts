import type { Environment } from '@cardwright/top';
import type { ClientBase, Pool } from 'pg';
import { appendAudit } from '../audit/append.ts';
import { inTransaction } from '../db/transaction.ts';

/** What a person should look at, by its kind. */
export const alarmKinds = {
  'daily-volume': {
    zh: '当日调用量已用尽，平台暂停服务本应用',
    en: "the application's volume of the day is used up",
    adviceZh: '在开放平台申请提高额度；到期自动恢复',
    adviceEn: 'ask for a higher volume; calls go on by themselves when the ban is over',
  },
  'platform-down': {
    zh: '平台长时间无法访问',
    en: 'the platform has not been reachable for minutes',
    adviceZh: '检查网络与平台公告；恢复后自动继续，本警报自动解除',
    adviceEn: 'look at the network and at the platform; work goes on by itself, and this alarm ends then',
  },
  'report-refused': {
    zh: '平台拒绝制卡完成或发货通知',
    en: 'the platform refuses a report of finish or shipping',
    adviceZh: '按原因处理，然后 jobs retry',
    adviceEn: 'act on the cause, then jobs retry',
  },
  'leak-alarm': {
    zh: '泄露警报：发货前卡状态已变化',
    en: "leak alarm: a card's status changed before it was shipped",
    adviceZh: '停止发货并调查；确认无误后 orders resume',
    adviceEn: 'do not ship, investigate; when it is cleared, orders resume',
  },
} as const satisfies Readonly<Record<string, { zh: string; en: string; adviceZh: string; adviceEn: string }>>;
export type AlarmKind = keyof typeof alarmKinds;

/** An alarm in words for people, Chinese and English; those of another version by their name. */
export function alarmWords({ kind }: Pick<Alarm, 'kind'>): {
  readonly title: string;
  readonly advice: string;
} {
  if (!Object.hasOwn(alarmKinds, kind)) return { title: kind, advice: '' };
  const { zh, en, adviceZh, adviceEn } = alarmKinds[kind as AlarmKind];
  return { title: `${zh} · ${en}`, advice: `${adviceZh} · ${adviceEn}` };
}

export interface NewAlarm {
  readonly kind: AlarmKind;
  readonly environment: Environment;
  readonly cardOrderId?: bigint;
  /** No secret, no personal data. */
  readonly detail?: Readonly<Record<string, unknown>>;
}

export interface Alarm {
  readonly alarmId: string;
  readonly kind: string;
  readonly environment: string;
  readonly cardOrderId: string | null;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly raisedAt: Date;
  readonly acknowledgedAt: Date | null;
  readonly acknowledgedBy: string | null;
}

/** Raises an alarm; one that is open already gets the newer detail. */
export async function raiseAlarm(client: ClientBase | Pool, alarm: NewAlarm): Promise<void> {
  await client.query({
    name: 'raise-alarm',
    text: `insert into alarm (kind, environment, card_order_id, detail) values ($1, $2, $3, $4)
      on conflict (kind, environment, card_order_id) where acknowledged_at is null do update set detail = excluded.detail`,
    values: [
      alarm.kind,
      alarm.environment,
      alarm.cardOrderId === undefined ? null : String(alarm.cardOrderId),
      JSON.stringify(alarm.detail ?? {}),
    ],
  });
}

/** Ends an environment's open alarm whose cause is gone by itself. */
export async function endAlarm(client: ClientBase, kind: AlarmKind, environment: Environment): Promise<void> {
  await client.query(
    `update alarm set acknowledged_at = now(), acknowledged_by = 'recovered'
     where kind = $1 and environment = $2 and card_order_id is null and acknowledged_at is null`,
    [kind, environment],
  );
}

const columns = `alarm_id::text as "alarmId", kind, environment, card_order_id::text as "cardOrderId", detail,
  raised_at as "raisedAt", acknowledged_at as "acknowledgedAt", acknowledged_by as "acknowledgedBy"`;

/** The newest first; of one order, or all. */
export async function listAlarms(
  pool: Pool,
  filter: { order?: { environment: string; cardOrderId: string }; all?: boolean; limit?: number } = {},
): Promise<readonly Alarm[]> {
  const { rows } = await pool.query<Alarm>(
    `select ${columns} from alarm
     where ($1::text is null or environment = $1) and ($2::bigint is null or card_order_id = $2)
       and ($3 or acknowledged_at is null)
     order by alarm_id desc limit $4`,
    [
      filter.order?.environment ?? null,
      filter.order?.cardOrderId ?? null,
      filter.all ?? false,
      filter.limit ?? 200,
    ],
  );
  return rows;
}

/** Notes that a person has seen an alarm, with an audit row. False where no such alarm is open. */
export function acknowledgeAlarm(pool: Pool, alarmId: bigint, person: string): Promise<boolean> {
  return inTransaction(pool, async (client) => {
    const { rows } = await client.query<{
      kind: string;
      environment: Environment;
      card_order_id: bigint | null;
    }>(
      `update alarm set acknowledged_at = now(), acknowledged_by = $2
       where alarm_id = $1 and acknowledged_at is null returning kind, environment, card_order_id`,
      [String(alarmId), person],
    );
    const alarm = rows[0];
    if (alarm === undefined) return false;
    await appendAudit(client, [
      {
        actor: person,
        action: 'alarm.acknowledged',
        environment: alarm.environment,
        ...(alarm.card_order_id === null ? {} : { cardOrderId: BigInt(alarm.card_order_id) }),
        detail: { kind: alarm.kind, alarmId: String(alarmId) },
      },
    ]);
    return true;
  });
}
