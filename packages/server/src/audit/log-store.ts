import type { Pool, PoolClient } from 'pg';
import { type CheckpointContent, parseCheckpoint, type SignedCheckpoint } from './checkpoint-text.ts';
import { type ChainedEvent, chainCount } from './event-hash.ts';
import type { Finding } from './findings.ts';
import type { AuditItem } from './verify.ts';

type Queryable = Pool | PoolClient;

/** A chain's recorded end, and the last event that there is; they differ only after somebody tampered. */
interface ChainBounds {
  readonly chain: number;
  readonly lastSeq: string | null;
  readonly lastHash: string | null;
  readonly lastEvent: string | null;
}

/** The log as it stood at one moment. It only grows, so it needs no long snapshot, which would slow down the appending. */
export interface StoredLog {
  readonly logId: string;
  /** How many events there should be. */
  readonly expectedEvents: bigint;
  /** The recorded ends of all chains at that moment, by chain number; undefined unless there are all of them. */
  readonly heads: CheckpointContent['heads'] | undefined;
  /** All of it in the order that verifying needs, some thousands of events at once. */
  items(): AsyncGenerator<readonly AuditItem[], void>;
}

const checkpointColumns = `audit_checkpoint_id::text as number, trunc(extract(epoch from at) * 1000000)::text as "atUs",
  signed_text as text, key_id as "keyId", encode(signature, 'hex') as signature`;

/** @param after Leaves out what this checkpoint covers, and itself. */
export async function openStoredLog(db: Queryable, after?: CheckpointContent): Promise<StoredLog> {
  const { rows } = await db.query<ChainBounds & { logId: string | null; lastCheckpoint: bigint | null }>(
    `select coalesce(n, c.chain_no)::int as chain, c.last_seq::text as "lastSeq", encode(c.last_hash, 'hex') as "lastHash",
       (select max(e.chain_seq) from audit_event e where e.chain_no = coalesce(n, c.chain_no))::text as "lastEvent",
       (select log_id::text from audit_log limit 1) as "logId",
       (select max(audit_checkpoint_id) from audit_checkpoint) as "lastCheckpoint"
     from generate_series(0, $1::int - 1) as n full join audit_chain c on c.chain_no = n order by 1`,
    [chainCount],
  );
  const lastCheckpoint = rows[0]?.lastCheckpoint ?? 0n;
  return {
    logId: rows[0]?.logId ?? '',
    expectedEvents: rows.reduce(
      (sum, row) => sum + BigInt(row.lastSeq ?? 0) - (after?.heads[row.chain]?.seq ?? 0n),
      0n,
    ),
    heads: headsOf(rows),
    items: () => readItems(db, rows, lastCheckpoint, after),
  };
}

function headsOf(rows: readonly ChainBounds[]): StoredLog['heads'] {
  const heads = rows.flatMap(({ lastSeq, lastHash }) =>
    lastSeq === null || lastHash === null ? [] : [{ seq: BigInt(lastSeq), hash: lastHash }],
  );
  return rows.length === chainCount && heads.length === chainCount ? heads : undefined;
}

const beforeAll = -(2n ** 63n);

async function* readItems(
  db: Queryable,
  bounds: readonly ChainBounds[],
  lastCheckpoint: bigint,
  after: CheckpointContent | undefined,
): AsyncGenerator<readonly AuditItem[], void> {
  const reader = new StepReader(db);
  const positions = new Map(bounds.map(({ chain }) => [chain, after?.heads[chain]?.seq ?? beforeAll]));
  const upTo = (endOf: (chain: number) => bigint): Range[] =>
    bounds.flatMap(({ chain, lastEvent }) => {
      const low = positions.get(chain) ?? beforeAll;
      const [end, last] = [endOf(chain), BigInt(lastEvent ?? 0)];
      const high = end < last ? end : last;
      if (high <= low) return [];
      positions.set(chain, high);
      return [{ chain, low, high }];
    });
  for await (const checkpoint of readCheckpoints(db, after?.number ?? beforeAll, lastCheckpoint)) {
    const heads = parseCheckpoint(checkpoint.text)?.heads;
    if (heads !== undefined) yield* reader.add(...upTo((chain) => heads[chain]?.seq ?? beforeAll));
    yield* reader.add({ kind: 'checkpoint', ...checkpoint });
  }
  yield* reader.add(...upTo(() => 2n ** 63n));
  yield* reader.flush();
  yield await readStrays(db);
  yield bounds.flatMap(({ chain, lastSeq, lastHash }) =>
    lastSeq === null ? [] : [{ kind: 'head', chain, seq: lastSeq, hash: lastHash ?? '' }],
  );
}

async function* readCheckpoints(
  db: Queryable,
  after: bigint,
  last: bigint,
): AsyncGenerator<SignedCheckpoint, void> {
  const atOnce = 200;
  for (let low = after; ; ) {
    const { rows } = await db.query<SignedCheckpoint>(
      `select ${checkpointColumns} from audit_checkpoint
       where audit_checkpoint_id > $1 and audit_checkpoint_id <= $2 order by audit_checkpoint_id limit $3`,
      [String(low), String(last), atOnce],
    );
    yield* rows;
    if (rows.length < atOnce) return;
    low = BigInt(rows.at(-1)?.number ?? last);
  }
}

/** The checkpoints after a number, oldest first, for the copy outside the database. */
export const checkpointsAfter = (db: Queryable, number: bigint): AsyncGenerator<SignedCheckpoint, void> =>
  readCheckpoints(db, number, 2n ** 63n - 1n);

export async function readLastCheckpoint(db: Queryable): Promise<SignedCheckpoint | undefined> {
  const { rows } = await db.query<SignedCheckpoint>(
    `select ${checkpointColumns} from audit_checkpoint order by audit_checkpoint_id desc limit 1`,
  );
  return rows[0];
}

export async function insertCheckpoint(db: Queryable, checkpoint: SignedCheckpoint): Promise<void> {
  await db.query(
    `insert into audit_checkpoint (audit_checkpoint_id, at, signed_text, key_id, signature)
     values ($1, timestamptz 'epoch' + $2::bigint * interval '1 microsecond', $3, $4, decode($5, 'hex'))`,
    [checkpoint.number, checkpoint.atUs, checkpoint.text, checkpoint.keyId, checkpoint.signature],
  );
}

/** The events of a chain after `low`, up to and with `high`. */
interface Range {
  readonly chain: number;
  readonly low: bigint;
  readonly high: bigint;
}

type Step = Range | ({ readonly kind: 'checkpoint' } & SignedCheckpoint);

const rowsAtOnce = 8_192;

/** Reads many short ranges with one statement, and a long one with many; checkpoints keep their places in between. */
class StepReader {
  readonly #db: Queryable;
  #steps: Step[] = [];
  #expectedRows = 0n;

  constructor(db: Queryable) {
    this.#db = db;
  }

  async *add(...steps: readonly Step[]): AsyncGenerator<readonly AuditItem[], void> {
    for (const step of steps) {
      const rows = 'kind' in step ? 1n : step.high - (step.low < 0n ? 0n : step.low);
      if (this.#expectedRows + rows > rowsAtOnce) yield* this.flush();
      if (!('kind' in step) && rows > rowsAtOnce) {
        yield* this.#readLong(step);
        continue;
      }
      this.#steps.push(step);
      this.#expectedRows += rows;
    }
  }

  async *flush(): AsyncGenerator<readonly AuditItem[], void> {
    const steps = this.#steps;
    this.#steps = [];
    this.#expectedRows = 0n;
    if (steps.length === 0) return;
    const events = await readRanges(
      this.#db,
      steps.filter((step): step is Range => !('kind' in step)),
    );
    let next = 0;
    yield steps.flatMap((step): readonly AuditItem[] => {
      if ('kind' in step) return [step];
      const start = next;
      while (isIn(events[next], step)) next += 1;
      return events.slice(start, next);
    });
  }

  /** The server reads the next rows while these are being hashed. */
  async *#readLong(range: Range): AsyncGenerator<readonly AuditItem[], void> {
    const readAfter = (low: bigint): Promise<readonly ChainedEvent[]> => {
      const reading = readRanges(this.#db, [{ ...range, low }]);
      // Nobody waits for it where the reader stops early.
      reading.catch(() => undefined);
      return reading;
    };
    for (let reading = readAfter(range.low); ; ) {
      const events = await reading;
      const last = events.length < rowsAtOnce ? undefined : events.at(-1);
      if (last !== undefined) reading = readAfter(BigInt(last.seq));
      yield events;
      if (last === undefined) return;
    }
  }
}

const isIn = (event: ChainedEvent | undefined, { chain, high }: Range): boolean =>
  event?.chain === chain && BigInt(event.seq) <= high;

// Of a time that is no number, such as infinity, the text is not what was hashed, and that is all that is asked.
const eventColumns = `e.audit_event_id::text, e.chain_no, e.chain_seq::text, trunc(extract(epoch from e.at) * 1000000)::text,
  e.actor, e.action, e.environment, e.card_order_id::text, e.detail::text, encode(e.chain_hash, 'hex')`;

type EventRow = [
  id: string,
  chain: number,
  seq: string,
  atUs: string,
  actor: string,
  action: string,
  environment: string | null,
  cardOrderId: string | null,
  detail: string,
  hash: string,
];

/** An event from its fields in the order of the columns, which is the order in an export too. */
export function eventOf(row: EventRow): ChainedEvent {
  const [id, chain, seq, atUs, actor, action, environment, cardOrderId, detail, hash] = row;
  return { kind: 'event', id, chain, seq, atUs, actor, action, environment, cardOrderId, detail, hash };
}

async function readRanges(db: Queryable, ranges: readonly Range[]): Promise<readonly ChainedEvent[]> {
  if (ranges.length === 0) return [];
  const { rows } = await db.query<EventRow>({
    name: 'read-audit-ranges',
    rowMode: 'array',
    text: `select ${eventColumns}
      from unnest($1::smallint[], $2::bigint[], $3::bigint[]) with ordinality as r (chain_no, low, high, n)
      cross join lateral (select * from audit_event e
        where e.chain_no = r.chain_no and e.chain_seq > r.low and e.chain_seq <= r.high
        order by e.chain_seq limit $4) e
      order by r.n, e.chain_seq`,
    values: [
      ranges.map(({ chain }) => chain),
      ranges.map(({ low }) => String(low)),
      ranges.map(({ high }) => String(high)),
      rowsAtOnce,
    ],
  });
  return rows.map(eventOf);
}

/** Events that stand in no chain; there can be some only where constraints were removed. */
async function readStrays(db: Queryable): Promise<readonly AuditItem[]> {
  const { rows } = await db.query<{ id: string }>(
    `select audit_event_id::text as id from audit_event
     where chain_no is null or chain_seq is null or chain_no < 0 or chain_no >= $1 limit 100`,
    [chainCount],
  );
  return rows.map(({ id }) => ({ kind: 'finding', finding: { kind: 'event-outside', place: `id ${id}` } }));
}

/** Which events to select: of one order, of a time. */
export interface EventFilter {
  readonly cardOrderId?: string | undefined;
  readonly since?: Date | undefined;
  readonly until?: Date | undefined;
}

/** Selected events, the oldest first. */
export async function* readSelected(
  db: Queryable,
  filter: EventFilter,
): AsyncGenerator<readonly ChainedEvent[], void> {
  for (let after = '0'; ; ) {
    const { rows } = await db.query<EventRow>({
      rowMode: 'array',
      text: `select ${eventColumns} from audit_event e
        where e.audit_event_id > $1 and ($2::bigint is null or e.card_order_id = $2)
          and ($3::timestamptz is null or e.at >= $3) and ($4::timestamptz is null or e.at < $4)
        order by e.audit_event_id limit $5`,
      values: [after, filter.cardOrderId ?? null, filter.since ?? null, filter.until ?? null, rowsAtOnce],
    });
    yield rows.map(eventOf);
    if (rows.length < rowsAtOnce) return;
    after = rows.at(-1)?.[0] ?? after;
  }
}

/** The triggers that make the two tables only grow, where they are off or gone. */
export async function missingGuards(db: Queryable): Promise<readonly Finding[]> {
  const { rows } = await db.query<{ table: string }>(
    `select wanted as table from unnest(array['audit_event', 'audit_checkpoint']) as wanted
     where not exists (select from pg_trigger t where t.tgrelid = wanted::regclass
       and t.tgname = wanted || '_only_grows' and t.tgenabled = 'A')`,
  );
  return rows.map(({ table }) => ({ kind: 'guard-off', place: table }));
}
