-- Templates and card orders as the platform sent them, and the log of every act.
-- Keys start with the environment: ids of different environments may collide.

create table template (
  environment text not null check (environment in ('daily', 'pre', 'online')),
  template_no text not null,
  card_name text not null,
  par_value_fen bigint not null check (par_value_fen >= 0),
  picture_url text,
  is_test boolean not null,
  received_at timestamptz not null default now(),
  primary key (environment, template_no)
);

create table card_order (
  environment text not null check (environment in ('daily', 'pre', 'online')),
  card_order_id bigint not null check (card_order_id > 0),
  making_card_no text not null unique,
  state text not null default 'received' check (state in (
    'received', 'planned', 'cards_fetched', 'in_production', 'made', 'dispatched', 'closed',
    'held', 'cancelled', 'test_done')),
  hold_reason text,
  -- Keyed fingerprint of the content: same id and same fingerprint is a repeat, any other is a conflict. Kept for ever.
  content_fingerprint bytea not null,
  -- No query needs the lines as rows; as JSON on the order they cost a third of the intake time of a table.
  lines jsonb not null,
  card_count bigint not null check (card_count > 0),
  receiver_key_id text,
  receiver_wrapped_key bytea,
  receiver_sealed bytea,
  logistics_company text,
  logistics_order_id text,
  receipt_at timestamptz,
  received_at timestamptz not null default now(),
  primary key (environment, card_order_id),
  check ((state = 'held') = (hold_reason is not null)),
  check ((receiver_sealed is null) = (receiver_wrapped_key is null)),
  check ((receiver_sealed is null) = (receiver_key_id is null))
);
create index card_order_by_time on card_order (received_at desc, card_order_id desc);
create index card_order_held on card_order (environment, hold_reason) where state = 'held';

-- Evidence: the same id with other content. One row for each different content, counted.
create table card_order_conflict (
  environment text not null,
  card_order_id bigint not null,
  content_fingerprint bytea not null,
  lines jsonb not null,
  first_seen_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  times bigint not null default 1,
  primary key (environment, card_order_id, content_fingerprint),
  foreign key (environment, card_order_id) references card_order
);

create table audit_event (
  audit_event_id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  actor text not null,
  action text not null,
  environment text,
  card_order_id bigint,
  detail jsonb not null default '{}'
);
create index audit_event_by_order on audit_event (environment, card_order_id, audit_event_id);

-- Takes in a batch of orders in one call and one commit: inserts the new, compares the known, keeps the evidence.
-- The arrays run in parallel; an id may stand in them twice. Answers one row for each position.
create function accept_card_orders(
  environments text[], ids bigint[], numbers text[], fingerprints bytea[], line_texts text[], counts bigint[],
  key_ids text[], wrapped_keys bytea[], sealed_receivers bytea[]
) returns table (slot int, outcome text, making_card_no text)
language plpgsql as $$
declare
  fresh int[];
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
      returning c.environment, c.card_order_id, c.making_card_no, c.card_count
  ), audited as (
    insert into audit_event (actor, action, environment, card_order_id, detail)
      select 'platform', 'order.accepted', i.environment, i.card_order_id,
        jsonb_build_object('makingCardNo', i.making_card_no, 'cardCount', i.card_count)
      from inserted i
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
    return;
  end if;

  -- A new statement has a new snapshot: rows that a concurrent transaction committed while we waited are visible.
  return query
    with judged as (
      select s.slot::int as slot, c.making_card_no as number,
        case when s.slot = any (fresh) then 'accepted'
             when c.content_fingerprint = fingerprints[s.slot] then 'duplicate'
             else 'conflict' end as outcome
      from generate_subscripts(ids, 1) as s (slot)
      join card_order c on c.environment = environments[s.slot] and c.card_order_id = ids[s.slot]
    ), conflicting as (
      select environments[j.slot] as environment, ids[j.slot] as id, fingerprints[j.slot] as fingerprint,
        min(line_texts[j.slot]) as line_text, count(*) as times
      from judged j where j.outcome = 'conflict' group by 1, 2, 3
    ), evidence as (
      insert into card_order_conflict as k (environment, card_order_id, content_fingerprint, lines, times)
        select c.environment, c.id, c.fingerprint, c.line_text::jsonb, c.times from conflicting c order by 1, 2, 3
        on conflict (environment, card_order_id, content_fingerprint)
        do update set times = k.times + excluded.times, last_seen_at = now()
        returning k.environment, k.card_order_id, (k.times = 1) as is_first
    ), audited as (
      insert into audit_event (actor, action, environment, card_order_id)
        select 'platform', 'order.conflict', e.environment, e.card_order_id from evidence e where e.is_first
    )
    select j.slot, j.outcome, j.number from judged j;
end $$;
