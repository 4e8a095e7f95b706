-- The audit log becomes tamper-evident: each row carries its place in a chain and the hash over all rows before it.
-- There are 32 chains, so that concurrent commits do not wait for each other; a signed checkpoint covers all heads.

create table audit_chain (
  chain_no smallint primary key,
  last_seq bigint not null default 0,
  last_hash bytea not null
) with (fillfactor = 20);
insert into audit_chain (chain_no, last_hash)
  select n, sha256(convert_to('cardwright audit chain ' || n, 'UTF8')) from generate_series(0, 31) as n;

-- Names this log, so that nothing signed for another database passes for one of its checkpoints.
create table audit_log (
  log_id uuid not null default gen_random_uuid(),
  only_row boolean primary key default true check (only_row)
);
insert into audit_log default values;

-- What is hashed of a row: all its columns as UTF-8 text, each with its length in bytes before it; null is `-`.
-- The time is in microseconds since 1970. Anyone with an export can compute the same.
-- Called stable, not immutable, because only so does the planner put these into the statement instead of calling them.
create function audit_field(field text) returns text language sql stable parallel safe as $$
  select coalesce(octet_length(field) || ':' || field, '-') $$;
create function audit_payload(id bigint, chain_no smallint, chain_seq bigint, at_us bigint, actor text, action text,
  environment text, card_order_id bigint, detail jsonb) returns text language sql stable parallel safe as $$
  select audit_field(id::text) || audit_field(chain_no::text) || audit_field(chain_seq::text)
    || audit_field(at_us::text) || audit_field(actor) || audit_field(action)
    || audit_field(environment) || audit_field(card_order_id::text) || audit_field(detail::text) $$;

create function audit_chain_step(state bytea, seed bytea, payload text) returns bytea
  language plpgsql immutable parallel safe as $$
begin
  return sha256(coalesce(state, seed) || convert_to(payload, 'UTF8'));
end $$;
create aggregate audit_chain_hash(seed bytea, payload text) (sfunc = audit_chain_step, stype = bytea);

alter table audit_event add column chain_no smallint, add column chain_seq bigint, add column chain_hash bytea;
update audit_event e set chain_no = 0, chain_seq = l.n, chain_hash = l.hash
  from (select audit_event_id, n, audit_chain_hash(
          (select last_hash from audit_chain where chain_no = 0),
          audit_payload(audit_event_id, 0::smallint, n, (extract(epoch from at) * 1000000)::bigint, actor, action,
            environment, card_order_id, detail)) over (order by n) as hash
        from (select *, row_number() over (order by audit_event_id) as n from audit_event) numbered) l
  where l.audit_event_id = e.audit_event_id;
update audit_chain c set last_seq = e.chain_seq, last_hash = e.chain_hash
  from (select chain_seq, chain_hash from audit_event order by chain_seq desc limit 1) e where c.chain_no = 0;
-- A foreign key to audit_chain would cost as much as the hash of the row.
alter table audit_event
  alter column chain_no set not null, alter column chain_seq set not null, alter column chain_hash set not null,
  add check (chain_no between 0 and 31), add unique (chain_no, chain_seq);

-- Appends events to one chain that nobody else writes to just now, in the caller's transaction; the arrays run in
-- parallel. Call it late: the chain is taken until the transaction ends. For transactions that read committed: a
-- stricter one fails to serialize when it meets a chain that moved on since its snapshot.
create function append_audit_events(actors text[], actions text[], environments text[], order_ids bigint[], details jsonb[])
returns void language plpgsql as $$
declare
  chain audit_chain;
  own smallint := nullif(current_setting('cardwright.audit_chain', true), '')::smallint;
  at_us bigint := extract(epoch from now()) * 1000000;
begin
  if own is null then
    select * into chain from audit_chain c order by (c.chain_no + pg_backend_pid()) % 32 limit 1 for update skip locked;
  end if;
  if chain.chain_no is null then
    select * into strict chain from audit_chain c
      where c.chain_no = coalesce(own, (pg_backend_pid() % 32)::smallint) for update;
  end if;
  -- A second call in the same transaction goes on in the same chain.
  perform set_config('cardwright.audit_chain', chain.chain_no::text, true);
  with given as (
    select nextval('audit_event_audit_event_id_seq') as id, chain.last_seq + e.n as seq, e.actor, e.action, e.environment,
      e.card_order_id, coalesce(e.detail, '{}') as detail
    from unnest(actors, actions, environments, order_ids, details)
      with ordinality as e (actor, action, environment, card_order_id, detail, n)
  ), appended as (
    insert into audit_event (audit_event_id, at, actor, action, environment, card_order_id, detail, chain_no, chain_seq,
        chain_hash) overriding system value
    select g.id, now(), g.actor, g.action, g.environment, g.card_order_id, g.detail, chain.chain_no, g.seq,
      audit_chain_hash(chain.last_hash, audit_payload(g.id, chain.chain_no, g.seq, at_us, g.actor, g.action, g.environment,
        g.card_order_id, g.detail)) over (order by g.seq rows unbounded preceding)
    from given g
    returning chain_seq, chain_hash
  ), head as (
    select chain_seq, chain_hash from appended order by chain_seq desc limit 1
  )
  update audit_chain c set last_seq = head.chain_seq, last_hash = head.chain_hash
    from head where c.chain_no = chain.chain_no;
end $$;

create function append_audit_event(actor text, action text, environment text, card_order_id bigint, detail jsonb)
returns void language sql as $$
  select append_audit_events(array[actor], array[action], array[environment], array[card_order_id], array[detail]) $$;

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% only grows: % is refused', tg_table_name, lower(tg_op) using errcode = 'CW001';
end $$;
create trigger audit_event_only_grows before update or delete or truncate on audit_event
  for each statement execute function refuse_change();
alter table audit_event enable always trigger audit_event_only_grows;

-- The heads of all chains at one moment, signed; `signed_text` is exactly the text that the signature covers. The
-- numbers have no gaps, and each text names the digest of the checkpoint before.
create table audit_checkpoint (
  audit_checkpoint_id bigint primary key,
  at timestamptz not null,
  signed_text text not null,
  key_id text not null,
  signature bytea not null
);
create trigger audit_checkpoint_only_grows before update or delete or truncate on audit_checkpoint
  for each statement execute function refuse_change();
alter table audit_checkpoint enable always trigger audit_checkpoint_only_grows;

-- As in 0001, with the events appended to a chain at the end.
create or replace function accept_card_orders(
  environments text[], ids bigint[], numbers text[], fingerprints bytea[], line_texts text[], counts bigint[],
  key_ids text[], wrapped_keys bytea[], sealed_receivers bytea[]
) returns table (slot int, outcome text, making_card_no text)
language plpgsql as $$
declare
  fresh int[];
  first_conflicts int[];
begin
  with offered as (
    select * from unnest(environments, ids, numbers, fingerprints, line_texts, counts, key_ids, wrapped_keys, sealed_receivers)
      with ordinality as o (environment, id, number, fingerprint, line_text, card_count, key_id, wrapped, sealed, slot)
  ), firsts as (
    select distinct on (o.environment, o.id) o.* from offered o order by o.environment, o.id, o.slot
  ), inserted as (
    insert into card_order as c (environment, card_order_id, making_card_no, content_fingerprint, lines, card_count,
        receiver_key_id, receiver_wrapped_key, receiver_sealed)
      select f.environment, f.id, f.number, f.fingerprint, f.line_text::jsonb, f.card_count, f.key_id, f.wrapped, f.sealed
      from firsts f
      -- No index is named: two that insert the same order may meet first at the other unique index (making_card_no).
      on conflict do nothing
      returning c.environment, c.card_order_id
  )
  select array_agg(f.slot::int) into fresh from inserted i join firsts f on f.environment = i.environment and f.id = i.card_order_id;

  if fresh is not null then
    perform graphile_worker.add_jobs(array(
      select row('plan-card-order', json_build_object('environment', environments[s], 'cardOrderId', ids[s]::text),
        null, null, null, environments[s] || ':' || ids[s], null, null)::graphile_worker.job_spec
      from unnest(fresh) s));
  end if;

  if coalesce(cardinality(fresh), 0) = cardinality(ids) then
    return query select s, 'accepted', numbers[s] from unnest(fresh) s;
  else
    -- A new statement has a new snapshot: rows that a concurrent transaction committed while we waited are visible.
    return query
      with judged as (
        select s.slot::int as slot, c.making_card_no as number,
          case when s.slot = any (fresh) then 'accepted'
               when c.content_fingerprint = fingerprints[s.slot] then 'duplicate'
               else 'conflict' end as outcome
        from generate_subscripts(ids, 1) as s (slot)
        join card_order c on c.environment = environments[s.slot] and c.card_order_id = ids[s.slot]
      )
      select j.slot, j.outcome, j.number from judged j;
    with conflicting as (
      select environments[s.slot] as environment, ids[s.slot] as id, fingerprints[s.slot] as fingerprint,
        min(line_texts[s.slot]) as line_text, count(*) as times, min(s.slot) as slot
      from generate_subscripts(ids, 1) as s (slot)
      join card_order c on c.environment = environments[s.slot] and c.card_order_id = ids[s.slot]
        and c.content_fingerprint <> fingerprints[s.slot]
      group by 1, 2, 3
    ), evidence as (
      insert into card_order_conflict as k (environment, card_order_id, content_fingerprint, lines, times)
        select c.environment, c.id, c.fingerprint, c.line_text::jsonb, c.times from conflicting c order by 1, 2, 3
        on conflict (environment, card_order_id, content_fingerprint)
        do update set times = k.times + excluded.times, last_seen_at = now()
        returning k.environment, k.card_order_id, k.content_fingerprint, (k.first_seen_at = k.last_seen_at) as is_first
    )
    select array_agg(c.slot) into first_conflicts from evidence e
      join conflicting c on c.environment = e.environment and c.id = e.card_order_id and c.fingerprint = e.content_fingerprint
      where e.is_first;
  end if;

  if fresh is not null or first_conflicts is not null then
    perform append_audit_events(
      array_agg('platform'::text order by e.kind, e.s), array_agg(e.kind order by e.kind, e.s),
      array_agg(environments[e.s] order by e.kind, e.s), array_agg(ids[e.s] order by e.kind, e.s),
      array_agg(case e.kind when 'order.accepted'
        then jsonb_build_object('makingCardNo', numbers[e.s], 'cardCount', counts[e.s]) else '{}' end order by e.kind, e.s))
    from (select 'order.accepted' as kind, s from unnest(fresh) s
          union all select 'order.conflict', s from unnest(first_conflicts) s) e;
  end if;
end $$;
