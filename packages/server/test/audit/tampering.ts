/** What somebody with all rights on the database could do; $1 is an event's id. `kinds`: one of these is found. */
export interface Tampering {
  readonly name: string;
  readonly sql: readonly string[];
  readonly kinds: readonly string[];
  /** Whether the copy of the checkpoints shows it too. */
  readonly isInCopy?: boolean;
}

const chainOf = '(select chain_no from audit_event where audit_event_id = $1::bigint)';
const changed = (name: string, assignment: string): Tampering => ({
  name,
  sql: [`update audit_event set ${assignment} where audit_event_id = $1::bigint`],
  kinds: ['event-changed'],
});

export const eventTamperings: readonly Tampering[] = [
  {
    name: 'an id',
    sql: [
      `with gone as (delete from audit_event where audit_event_id = $1::bigint returning *)
       insert into audit_event (audit_event_id, at, actor, action, environment, card_order_id, detail, chain_no, chain_seq,
         chain_hash) overriding system value
       select 1000000000, at, actor, action, environment, card_order_id, detail, chain_no, chain_seq, chain_hash from gone`,
    ],
    kinds: ['event-changed'],
  },
  changed('a time', "at = at + interval '1 microsecond'"),
  changed('a time without end', "at = 'infinity'"),
  changed('an actor', "actor = actor || 'x'"),
  changed('an action', "action = 'other'"),
  changed('an environment', "environment = case when environment is null then 'pre' end"),
  changed('an order', 'card_order_id = coalesce(card_order_id, 0) # 1'),
  changed('a detail', `detail = detail || '{"added": 1}'`),
  changed('a text moved from one field into the next', "actor = '', action = actor || action"),
  changed('a hash', 'chain_hash = sha256(chain_hash)'),
  {
    name: 'a deleted event',
    sql: ['delete from audit_event where audit_event_id = $1::bigint'],
    kinds: ['event-missing', 'checkpoint-contradicts', 'head-differs'],
  },
  {
    name: 'an inserted event after the last',
    sql: [
      `insert into audit_event (actor, action, chain_no, chain_seq, chain_hash)
       select 'x', 'y', chain_no, last_seq + 1, last_hash from audit_chain where chain_no = ${chainOf}`,
    ],
    kinds: ['event-changed'],
  },
  {
    name: 'an inserted event before the first',
    sql: [
      `insert into audit_event (actor, action, chain_no, chain_seq, chain_hash)
       select 'x', 'y', chain_no, 0, last_hash from audit_chain where chain_no = ${chainOf}`,
    ],
    kinds: ['event-out-of-order'],
  },
  {
    name: 'an event inserted in a place of its own, the later ones moved on',
    sql: [
      `update audit_event set chain_seq = -chain_seq where chain_no = ${chainOf}
         and chain_seq >= (select chain_seq from audit_event where audit_event_id = $1::bigint)`,
      'update audit_event set chain_seq = 1 - chain_seq where chain_seq < 0 and $1::bigint > 0',
      `insert into audit_event (actor, action, chain_no, chain_seq, chain_hash)
       select 'x', 'y', chain_no, chain_seq - 1, chain_hash from audit_event where audit_event_id = $1::bigint`,
    ],
    kinds: ['event-changed'],
  },
  {
    name: 'two events whose content was exchanged',
    sql: [
      `update audit_event e set actor = o.actor, action = o.action || '', detail = o.detail, card_order_id = o.card_order_id
       from audit_event o where e.chain_no = ${chainOf} and o.chain_no = e.chain_no
         and (e.chain_seq, o.chain_seq) in ((1, 2), (2, 1))`,
    ],
    kinds: ['event-changed'],
  },
  {
    name: 'two events that exchanged places',
    sql: [
      `update audit_event set chain_seq = chain_seq - 1000 where chain_no = ${chainOf} and chain_seq <= 2`,
      'update audit_event set chain_seq = case chain_seq when -999 then 2 else 1 end where chain_seq < 0 and $1::bigint > 0',
    ],
    kinds: ['event-changed'],
  },
  {
    name: 'an event moved to another chain',
    sql: [
      `update audit_event e set chain_no = (e.chain_no + 1) % 32, chain_seq = (select last_seq + 1 from audit_chain c
         where c.chain_no = (e.chain_no + 1) % 32) where audit_event_id = $1::bigint`,
    ],
    kinds: ['event-changed'],
  },
  {
    name: 'an event in a chain that does not exist',
    sql: [
      'alter table audit_event drop constraint if exists audit_event_chain_no_check',
      'update audit_event set chain_no = 99 where audit_event_id = $1::bigint',
    ],
    kinds: ['event-outside'],
  },
  {
    name: 'an end that was edited',
    sql: [`update audit_chain set last_hash = sha256(last_hash) where chain_no = ${chainOf}`],
    kinds: ['head-differs'],
  },
  {
    name: 'an end that was deleted',
    sql: [`delete from audit_chain where chain_no = ${chainOf}`],
    kinds: ['head-missing'],
  },
  {
    name: 'a tail that was cut off together with the record of the end, and what a checkpoint covers with it',
    sql: [
      `delete from audit_event where chain_no = ${chainOf} and chain_seq > 1`,
      `update audit_chain c set last_seq = 1, last_hash = e.chain_hash from audit_event e
       where e.chain_no = c.chain_no and e.chain_no not in (select chain_no from audit_event where chain_seq > 1)
         and c.last_seq > 1 and $1::bigint > 0`,
    ],
    kinds: ['checkpoint-contradicts', 'event-changed', 'head-differs'],
  },
  {
    name: 'a chain rewritten whole, with right hashes',
    sql: [
      `create temp table rewritten on commit drop as
       select audit_event_id as id, audit_chain_hash(sha256(convert_to('cardwright audit chain ' || chain_no, 'UTF8')),
         audit_payload(audit_event_id, chain_no, chain_seq, (extract(epoch from at) * 1000000)::bigint, 'nobody', action,
           environment, card_order_id, detail)) over (order by chain_seq) as hash
       from audit_event where chain_no = (select chain_no from audit_event where audit_event_id = ID)`,
      `update audit_event e set actor = 'nobody', chain_hash = r.hash from rewritten r
       where e.audit_event_id = r.id and $1::bigint > 0`,
      `update audit_chain c set last_hash = e.chain_hash from audit_event e
       where c.chain_no = ${chainOf} and e.chain_no = c.chain_no and e.chain_seq = c.last_seq`,
    ],
    kinds: ['checkpoint-contradicts'],
  },
];

/** Of the checkpoint 2 of three; $1 is not needed. */
export const checkpointTamperings: readonly Tampering[] = [
  {
    name: 'the text of a checkpoint',
    sql: [
      "update audit_checkpoint set signed_text = replace(signed_text, 'log ', 'log  ') where audit_checkpoint_id = 2 and $1::bigint > 0",
    ],
    kinds: ['checkpoint-malformed'],
    isInCopy: true,
  },
  {
    name: 'a number in the text of a checkpoint',
    sql: [
      `update audit_checkpoint set signed_text = regexp_replace(signed_text, '\\n0 \\d+ ', E'\\n0 77 ')
       where audit_checkpoint_id = 2 and $1::bigint > 0`,
    ],
    kinds: ['checkpoint-signature'],
    isInCopy: true,
  },
  {
    name: 'the time of a checkpoint',
    sql: [
      "update audit_checkpoint set at = at - interval '1 day' where audit_checkpoint_id = 2 and $1::bigint > 0",
    ],
    kinds: ['checkpoint-malformed'],
  },
  {
    name: 'the signature of a checkpoint',
    sql: [
      'update audit_checkpoint set signature = set_byte(signature, 5, get_byte(signature, 5) # 1) where audit_checkpoint_id = 2 and $1::bigint > 0',
    ],
    kinds: ['checkpoint-signature'],
    isInCopy: true,
  },
  {
    name: 'the key of a checkpoint',
    sql: [
      "update audit_checkpoint set key_id = 'ffffffffffffffff' where audit_checkpoint_id = 2 and $1::bigint > 0",
    ],
    kinds: ['checkpoint-malformed'],
    isInCopy: true,
  },
  {
    name: 'a deleted checkpoint',
    sql: ['delete from audit_checkpoint where audit_checkpoint_id = 2 and $1::bigint > 0'],
    kinds: ['checkpoint-missing'],
    isInCopy: true,
  },
  {
    name: 'a checkpoint twice',
    sql: [
      `insert into audit_checkpoint select 4, at, signed_text, key_id, signature from audit_checkpoint
       where audit_checkpoint_id = 3 and $1::bigint > 0`,
    ],
    kinds: ['checkpoint-malformed'],
  },
  {
    name: 'the name of the log',
    sql: ['update audit_log set log_id = gen_random_uuid() where $1::bigint > 0'],
    kinds: ['checkpoint-foreign'],
  },
];
