import type { Pool } from 'pg';
import { inTransaction } from '../../packages/server/src/db/transaction.ts';
import { openCards, openReceiver } from '../../packages/server/src/vault/open.ts';
import type { Vault } from '../../packages/server/src/vault/vault.ts';
import type { AcknowledgedOrder, PlatformSide, TrueCard } from './platform-side.ts';

/** What is checked: the database, the keys that open it, and what the platform's side knows. */
export interface Checked {
  readonly pool: Pool;
  readonly vault: Vault;
  readonly platform: PlatformSide;
}

/** Answers every breach in a line each; nothing where the promise holds. Lines name places, never secrets. */
export type Invariant = (checked: Checked) => Promise<readonly string[]>;

interface StoredOrder {
  readonly card_order_id: bigint;
  readonly making_card_no: string;
  readonly state: string;
  readonly lines: readonly { templateNo: string; count: string; parValueFen: string }[];
  readonly has_receiver: boolean;
  readonly is_shredded: boolean;
}

/** Each acknowledged order is stored, once, with the content and the number that were acknowledged (R1). */
export const acknowledgedIsStored: Invariant = async ({ pool, vault, platform }) => {
  const breaches: string[] = [];
  const { rows } = await pool.query<StoredOrder>(
    `select card_order_id, making_card_no, state, lines, receiver_sealed is not null as has_receiver,
       receiver_shredded_at is not null as is_shredded from card_order
     where environment = $1`,
    [platform.environment],
  );
  const stored = Map.groupBy(rows, (row) => row.card_order_id);
  const accepted = await countBy(
    pool,
    `select card_order_id as id, count(*) as n from audit_event where action = 'order.accepted' group by 1`,
  );
  for (const order of platform.acknowledged()) {
    const [row, ...more] = stored.get(order.cardOrderId) ?? [];
    const complain = (what: string): number => breaches.push(`order ${order.cardOrderId}: ${what}`);
    if (row === undefined) complain('acknowledged and MISSING');
    else {
      if (more.length > 0) complain('stored twice');
      if (row.making_card_no !== order.makingCardNo) complain('another making_card_no than acknowledged');
      if (linesOf(row) !== linesTextOf(order)) complain('other lines than acknowledged');
      if ((accepted.get(order.cardOrderId) ?? 0n) !== 1n) complain('not accepted exactly once');
      if (!(await hasReceiver({ pool, vault, platform }, order, row)))
        complain('another receiver than acknowledged');
    }
  }
  return breaches;
};

const linesOf = (row: StoredOrder): string =>
  JSON.stringify(row.lines.map(({ templateNo, count, parValueFen }) => [templateNo, count, parValueFen]));
const linesTextOf = (order: AcknowledgedOrder): string =>
  JSON.stringify(order.lines.map((line) => [line.templateNo, String(line.count), String(line.parValueFen)]));

async function hasReceiver(checked: Checked, order: AcknowledgedOrder, row: StoredOrder): Promise<boolean> {
  if (row.is_shredded) return order.receiver !== undefined;
  if (order.receiver === undefined || !row.has_receiver)
    return (order.receiver === undefined) === !row.has_receiver;
  const { pool, vault, platform } = checked;
  const opened = await openReceiver(vault, (work) => inTransaction(pool, work), {
    environment: platform.environment,
    cardOrderId: order.cardOrderId,
    ...auditor,
  });
  if (!opened.ok) return false;
  const { name, phone, address, zipCode } = JSON.parse(opened.receiver.reveal()) as Record<string, string>;
  return JSON.stringify([name, phone, address, zipCode]) === JSON.stringify(order.receiver);
}

const auditor = { actor: 'invariants', purpose: 'invariant' } as const;

/** A state in which the cards have been proven, or in which they stood when the order was held. */
const provenSql = `coalesce(held_from, state) in ('cards_fetched', 'in_production', 'made', 'dispatched', 'closed', 'test_done')`;

/** Before an order is made its cards are as many of each template as ordered, or two people accepted that they are not (R4). */
export const cardsAreAsOrdered: Invariant = async ({ pool }) => {
  const { rows } = await pool.query<{ id: bigint; template_no: string; ordered: bigint; fetched: bigint }>(
    `with ordered as (
       select c.environment, c.card_order_id, l."templateNo" as template_no, sum(l.count) as n
       from card_order c cross join lateral jsonb_to_recordset(c.lines) as l ("templateNo" text, count bigint)
       where ${provenSql} group by 1, 2, 3
     ), fetched as (
       select k.environment, k.card_order_id, k.template_no, count(*) as n
       from placed_card k join card_order c using (environment, card_order_id) where ${provenSql} group by 1, 2, 3
     )
     select j.card_order_id as id, j.template_no, coalesce(j.ordered, 0)::bigint as ordered, coalesce(j.fetched, 0) as fetched
     from (select environment, card_order_id, template_no, o.n as ordered, f.n as fetched
       from ordered o full join fetched f using (environment, card_order_id, template_no)) j
     where j.ordered is distinct from j.fetched and not exists (select from difference_approval d
       where d.environment = j.environment and d.card_order_id = j.card_order_id group by hold_digest having count(*) >= 2)`,
  );
  return rows.map(
    (row) =>
      `order ${row.id}: ${row.fetched} cards of ${row.template_no}, ordered ${row.ordered}, yet proven`,
  );
};

/** No card twice; every page has as many card rows as it says (R4). */
export const cardsAreUnique: Invariant = async ({ pool }) => {
  const twice = await pool.query('select number_mac from card group by 1 having count(*) > 1');
  const torn = await pool.query<{ id: bigint; page_no: number }>(
    `select p.card_order_id as id, p.page_no from card_page p left join card c using (card_page_id)
     group by p.environment, p.card_order_id, p.page_no, p.card_count having count(c.slot) <> p.card_count`,
  );
  const stray = await pool.query<{ page: bigint }>(
    `select distinct card_page_id as page from card c where not exists (select from card_page p
       where p.card_page_id = c.card_page_id)`,
  );
  return [
    ...twice.rows.map(() => 'a card number is stored twice'),
    ...torn.rows.map((row) => `order ${row.id}: page ${row.page_no} is torn`),
    ...stray.rows.map((row) => `cards without their page, which was ${row.page}`),
  ];
};

/** What the vault opens is what the platform means, card by card (R4). */
export const cardsAreTrue: Invariant = async (checked) => {
  const { pool, platform } = checked;
  const { rows } = await pool.query<{ id: bigint; accepted: boolean }>(
    `select c.card_order_id as id, exists (select from difference_approval d where d.environment = c.environment
       and d.card_order_id = c.card_order_id group by hold_digest having count(*) >= 2) as accepted
     from card_order c where environment = $1 and ${provenSql} and not exists (select from vault_data_key k
       where (k.environment, k.card_order_id) = (c.environment, c.card_order_id) and k.shredded_at is not null) order by 1`,
    [platform.environment],
  );
  const breaches: string[] = [];
  for (const { id, accepted } of rows) {
    if (platform.truthfulness(id) === 'as-said') continue;
    const wrong = await cardsUnlikeTruth(checked, id, accepted);
    if (wrong !== undefined) breaches.push(`order ${id}: ${wrong}`);
  }
  return breaches;
};

async function cardsUnlikeTruth(
  { pool, vault, platform }: Checked,
  cardOrderId: bigint,
  differenceAccepted: boolean,
): Promise<string | undefined> {
  // Two people may accept that cards came under other templates of the order, never that they are other cards.
  const textOf = (card: Partial<TrueCard>): string =>
    JSON.stringify([
      card.cardNo,
      card.cardPassword,
      card.qrCode,
      card.shortQrCode,
      differenceAccepted ? '' : card.templateNo,
    ]);
  const truth = new Map((await platform.truth(cardOrderId)).map((card) => [card.cardNo, textOf(card)]));
  const ordered = truth.size;
  const opening = { environment: platform.environment, cardOrderId, ...auditor };
  const opened = await openCards(vault, (work) => inTransaction(pool, work), opening);
  if (!opened.ok) return `its cards do not open: ${opened.why}`;
  for await (const page of opened.pages) {
    for (const { secrets, templateNo, pageNo, slot } of page) {
      const card = { ...secrets.reveal(), templateNo };
      const meant = truth.get(card.cardNo);
      truth.delete(card.cardNo);
      const where = `page ${pageNo}, card ${slot + 1}`;
      if (meant === undefined) return `${where} is none of its cards`;
      if (meant !== textOf(card)) return `${where} is not as the platform means it`;
    }
  }
  return truth.size === 0 || differenceAccepted
    ? undefined
    : `${truth.size} of its ${ordered} cards are lost`;
}

/** finish and sended took effect once at most, in order, only of proven cards, and what we say we know is so (R6). */
export const reportsAreTrue: Invariant = async ({ pool, platform }) => {
  const { rows } = await pool.query<{
    id: bigint;
    state: string;
    finish_reported: boolean;
    sended_reported: boolean;
    proven: boolean;
    made_at: Date | null;
    shipped: boolean;
    first_finish: Date | null;
    first_sended: Date | null;
    dispatched_at: Date | null;
    finish_reported_at: Date | null;
  }>(
    `select card_order_id as id, state, finish_reported_at is not null as finish_reported, finish_reported_at,
       sended_reported_at is not null as sended_reported, made_at, dispatched_at, logistics_order_id is not null as shipped,
       fetched_at is not null as proven,
       (select min(intended_at) from platform_call p where p.environment = c.environment and p.card_order_id = c.card_order_id
          and kind = 'make-finish') as first_finish,
       (select min(intended_at) from platform_call p where p.environment = c.environment and p.card_order_id = c.card_order_id
          and kind = 'sended') as first_sended
     from card_order c where environment = $1`,
    [platform.environment],
  );
  const breaches: string[] = [];
  const known = new Set<bigint>();
  for (const row of rows) {
    known.add(row.id);
    const complain = (what: string): number => breaches.push(`order ${row.id}: ${what}`);
    const { finish, sended, order } = await platform.effects(row.id);
    if (finish > 1) complain(`finish took effect ${finish} times`);
    if (sended > 1) complain(`sended took effect ${sended} times`);
    if (order[0] === 'sended') complain('sended took effect before finish');
    if (finish > 0 && row.made_at === null) complain('finish took effect, and it was never made');
    if (finish > 0 && !row.proven) complain('finish took effect before its cards were proven');
    if (sended > 0 && row.dispatched_at === null) complain('sended took effect, and it was never shipped');
    if (finish > 0 && row.first_finish === null) complain('finish took effect without an intent');
    if (sended > 0 && row.first_sended === null) complain('sended took effect without an intent');
    if (row.finish_reported && finish === 0)
      complain('we say that the platform knows of finish, and it does not');
    if (row.sended_reported && sended === 0)
      complain('we say that the platform knows of sended, and it does not');
    if (row.first_finish !== null && (row.made_at === null || row.first_finish < row.made_at))
      complain('finish was intended before it was made');
    if (
      row.first_sended !== null &&
      (row.finish_reported_at === null || row.first_sended < row.finish_reported_at)
    )
      complain('sended was intended before finish was known');
  }
  return breaches;
};

/** Each report has one `done` at most, and no attempt says other content than another. */
export const reportsSayOneThing: Invariant = async ({ pool }) => {
  const { rows } = await pool.query<{ id: bigint; kind: string; contents: bigint }>(
    `select card_order_id as id, kind, count(distinct content) as contents from platform_call
     group by environment, card_order_id, kind having count(distinct content) > 1`,
  );
  return rows.map((row) => `order ${row.id}: ${row.kind} was said in ${row.contents} ways`);
};

/** The states of each order, as the audit log has them, are a way through the table of transitions, to where it is now. */
export const statesGoForward: Invariant = async ({ pool }) => {
  const { rows } = await pool.query<{ id: bigint; what: string }>(
    `with step as (
       select environment, card_order_id, detail->>'from' as from_state, detail->>'to' as to_state, chain_no,
         row_number() over (partition by environment, card_order_id order by audit_event_id) as n,
         lag(detail->>'to') over (partition by environment, card_order_id order by audit_event_id) as before
       from audit_event
       where action = 'order.state' or (action = 'order.receipt' and detail->>'from' <> detail->>'to')
     ), last_step as (
       select distinct on (environment, card_order_id) environment, card_order_id, to_state from step
       order by environment, card_order_id, n desc
     ), wrong as (
       select card_order_id as id, 'from ' || from_state || ' to ' || to_state || ', which is no way' as what from step s
       where from_state <> to_state and not exists (select from order_transition t where t.from_state = s.from_state and t.to_state = s.to_state)
       union all
       select card_order_id, 'left ' || from_state || ', but was ' || coalesce(before, 'received') from step
       where from_state <> coalesce(before, 'received')
       union all
       select c.card_order_id, 'is ' || c.state || ', the log ends at ' || coalesce(l.to_state, 'received') from card_order c
       left join last_step l using (environment, card_order_id)
       where c.state <> coalesce(l.to_state, 'received')
     ) select * from wrong order by id`,
  );
  return rows.map((row) => `order ${row.id}: ${row.what}`);
};

/** Orders of test templates never were in production, and no real one ended as a test. */
export const testOrdersStayVirtual: Invariant = async ({ pool }) => {
  const { rows } = await pool.query<{ id: bigint; to_state: string }>(
    `select c.card_order_id as id, e.detail->>'to' as to_state from card_order c
     join audit_event e on (e.environment, e.card_order_id) = (c.environment, c.card_order_id)
     where e.action in ('order.state', 'order.receipt') and
       (c.is_test and e.detail->>'to' in ('in_production', 'closed') or not coalesce(c.is_test, false) and e.detail->>'to' = 'test_done')`,
  );
  return rows.map((row) => `order ${row.id}: reached ${row.to_state}`);
};

/** The retention of its secrets runs from the end of an order: each that ended knows when. */
export const endsAreDated: Invariant = async ({ pool }) => {
  const { rows } = await pool.query<{ id: bigint; state: string }>(
    `select card_order_id as id, state from card_order
     where (state in ('closed', 'cancelled', 'test_done')) <> (ended_at is not null)`,
  );
  return rows.map((row) => `order ${row.id}: ${row.state}, and its end is not dated`);
};

/** Secrets are shredded only of orders that ended, and each time a certificate remains (R13). */
export const shreddingIsCertified: Invariant = async ({ pool }) => {
  const { rows } = await pool.query<{ id: bigint; what: string }>(
    `with shredded as (
       select environment, card_order_id, 'card' as class from vault_data_key where shredded_at is not null
       union all select environment, card_order_id, 'receiver' from card_order where receiver_shredded_at is not null
     )
     select s.card_order_id as id, case when c.ended_at is null then 'shredded before its end' else 'no certificate' end as what
     from shredded s join card_order c using (environment, card_order_id)
     left join shredding_certificate r using (environment, card_order_id, class)
     where c.ended_at is null or r.class is null`,
  );
  return rows.map((row) => `order ${row.id}: ${row.what}`);
};

/** Every row of the audit log has its place in an unbroken chain, up to the heads (R14). */
export const auditIsWhole: Invariant = async ({ pool }) => {
  const { rows } = await pool.query<{ what: string }>(
    `with walked as (
       select chain_no, chain_seq, chain_hash, row_number() over w as n,
         audit_chain_hash(sha256(convert_to('cardwright audit chain ' || chain_no, 'UTF8')),
           audit_payload(audit_event_id, chain_no, chain_seq, (extract(epoch from at) * 1000000)::bigint, actor, action, environment, card_order_id, detail)) over w as hash
       from audit_event window w as (partition by chain_no order by chain_seq)
     )
     select 'chain ' || chain_no || ' breaks at ' || chain_seq as what from walked where n <> chain_seq or hash <> chain_hash
     union all
     select 'chain ' || c.chain_no || ' has another head than its last row' from audit_chain c
     left join lateral (select chain_seq, chain_hash from audit_event e where e.chain_no = c.chain_no
       order by chain_seq desc limit 1) l on true
     where c.last_seq <> coalesce(l.chain_seq, 0)
       or c.last_hash <> coalesce(l.chain_hash, sha256(convert_to('cardwright audit chain ' || c.chain_no, 'UTF8')))`,
  );
  return rows.map(({ what }) => what);
};

/** Each is looked for in each text. R12 has a search of its own, for all of them and in every file. */
const mostSecrets = 2_000;

/** No secret stands in the clear in any row that is not sealed (R12). */
export const secretsStayHidden: Invariant = async ({ pool, platform }) => {
  const all = await platform.secrets();
  const step = Math.ceil(all.length / mostSecrets);
  const secrets = all.filter((_, index) => index % step === 0);
  const found: string[] = [];
  for (const { name, text } of await textOfTables(pool)) {
    for (const secret of secrets) {
      if (text.includes(secret)) found.push(`a secret of ${secret.length} characters stands in ${name}`);
    }
  }
  return found;
};

/** All rows of all tables as text; sealed columns show as hexadecimal digits. */
async function textOfTables(pool: Pool): Promise<readonly { name: string; text: string }[]> {
  const { rows } = await pool.query<{ name: string }>(
    `select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind = 'r' and n.nspname in ('public', 'graphile_worker') and c.relname not in ('card_page', 'order_transition', 'migrations')
     order by 1`,
  );
  const queries = rows.map(({ name }) => {
    // Of cards only what is not a mac: a million of those are hexadecimal digits and nothing else.
    const row = name === 'public.card' ? "t.template_no || ' ' || t.platform_status" : 't::text';
    return `select '${name}' as name, coalesce((select string_agg(distinct ${row}, chr(10)) from ${name} t), '') as text`;
  });
  return (await pool.query<{ name: string; text: string }>(queries.join(' union all '))).rows;
}

async function countBy(pool: Pool, sql: string): Promise<Map<bigint, bigint>> {
  const { rows } = await pool.query<{ id: bigint; n: bigint }>(sql);
  return new Map(rows.map(({ id, n }) => [id, n]));
}

/** All of them, by the names that reports use. */
export const invariants = {
  'acknowledged = stored once': acknowledgedIsStored,
  'cards as ordered': cardsAreAsOrdered,
  'card numbers unique, pages whole': cardsAreUnique,
  'decrypted = the truth': cardsAreTrue,
  'finish and sended once, in order, when true': reportsAreTrue,
  'a report says one thing': reportsSayOneThing,
  'status never goes back': statesGoForward,
  'test orders stay virtual': testOrdersStayVirtual,
  'ends are dated': endsAreDated,
  'shredding is certified': shreddingIsCertified,
  'no secret in the clear': secretsStayHidden,
  'audit chain whole': auditIsWhole,
} as const satisfies Readonly<Record<string, Invariant>>;

/** Checks them all. Answers a line for each breach, with the name of the invariant before it. */
export async function checkInvariants(checked: Checked): Promise<readonly string[]> {
  const breaches: string[] = [];
  for (const [name, invariant] of Object.entries(invariants)) {
    breaches.push(...(await invariant(checked)).map((breach) => `${name}: ${breach}`));
  }
  return breaches;
}
