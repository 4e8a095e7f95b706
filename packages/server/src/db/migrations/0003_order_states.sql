-- Where an order may go from each state, kept by the database itself. Orders of test templates (is_test) live their
-- whole life virtually: production is shut to them, and what ends their life is test_done, not closed.

create table order_transition (
  from_state text not null,
  to_state text not null,
  applies_to text not null check (applies_to in ('all', 'real', 'test')),
  primary key (from_state, to_state)
);
insert into order_transition (from_state, to_state, applies_to) values
  ('received', 'planned', 'all'), ('received', 'held', 'all'), ('received', 'cancelled', 'all'),
  ('planned', 'cards_fetched', 'all'), ('planned', 'held', 'all'), ('planned', 'cancelled', 'all'),
  ('cards_fetched', 'in_production', 'real'), ('cards_fetched', 'made', 'test'),
  ('cards_fetched', 'held', 'all'), ('cards_fetched', 'cancelled', 'all'),
  ('in_production', 'made', 'real'), ('in_production', 'held', 'real'), ('in_production', 'cancelled', 'real'),
  ('made', 'dispatched', 'all'), ('made', 'held', 'all'),
  ('dispatched', 'closed', 'real'), ('dispatched', 'test_done', 'test'),
  ('held', 'planned', 'all'), ('held', 'cards_fetched', 'all'), ('held', 'in_production', 'real'),
  ('held', 'made', 'all'), ('held', 'cancelled', 'all');

alter table card_order
  -- Known once the order is planned.
  add column is_test boolean,
  -- Where a held order came from, and what was seen, for people and programs; never a card, never personal data.
  add column held_from text,
  add column hold_detail jsonb,
  add column fetched_at timestamptz,
  add column made_at timestamptz,
  add column dispatched_at timestamptz,
  -- Closed, cancelled or test_done: the retention of its secrets runs from here.
  add column ended_at timestamptz,
  -- That the platform knows: a fact of its own beside being made and being shipped.
  add column finish_reported_at timestamptz,
  add column sended_reported_at timestamptz;
update card_order set held_from = 'received' where state = 'held';
update card_order set ended_at = coalesce(receipt_at, now()) where state in ('closed', 'cancelled', 'test_done');
update card_order c set is_test = exists (
    select from jsonb_to_recordset(c.lines) as l ("templateNo" text)
    join template t on t.environment = c.environment and t.template_no = l."templateNo" where t.is_test)
  where state = 'planned';
alter table card_order
  add check ((state = 'held') = (held_from is not null)),
  add check (state in ('received', 'held', 'cancelled') or is_test is not null),
  add check (is_test is distinct from true or state not in ('in_production', 'closed')),
  add check (is_test is not distinct from true or state <> 'test_done'),
  add check (sended_reported_at is null or finish_reported_at is not null);

create function check_order_transition() returns trigger language plpgsql as $$
begin
  if old.is_test is not null and new.is_test is distinct from old.is_test then
    raise exception 'order % %: whether it is a test never changes', new.environment, new.card_order_id using errcode = 'CW002';
  end if;
  if not exists (select from order_transition t where t.from_state = old.state and t.to_state = new.state
      and (t.applies_to = 'all' or (t.applies_to = 'test') = coalesce(new.is_test, false))) then
    raise exception 'order % %: no way from % to %', new.environment, new.card_order_id, old.state, new.state
      using errcode = 'CW002';
  end if;
  return new;
end $$;
create trigger card_order_transition before update of state, is_test on card_order
  for each row when (old.state is distinct from new.state) execute function check_order_transition();
create trigger card_order_test_flag before update of is_test on card_order
  for each row when (old.is_test is not null and new.is_test is distinct from old.is_test)
  execute function check_order_transition();

-- Locks an order that is to be planned, and says what is known of its templates. In one call, because every order goes
-- through it. The advisory lock (0x706c616e) is held shared by each plan, and alone for a moment by a re-plan; it is taken
-- before the order is read, in a statement of its own, so that what is read is no older than the lock.
create function lock_order_to_plan(order_environment text, order_id bigint)
returns table (state text, held_from text, hold_reason text, has_receiver boolean, unknown text[], tests bigint, reals bigint)
language plpgsql as $$
begin
  perform pg_advisory_xact_lock_shared(1886151022, hashtext(order_environment));
  perform from card_order c where c.environment = order_environment and c.card_order_id = order_id for no key update;
  return query
    select c.state, c.held_from, c.hold_reason, c.receiver_sealed is not null,
      array_agg(l.template_no order by l.template_no) filter (where t.template_no is null),
      count(*) filter (where t.is_test), count(*) filter (where not t.is_test)
    from card_order c
    cross join lateral (select distinct x."templateNo" as template_no
      from jsonb_to_recordset(c.lines) as x ("templateNo" text)) l
    left join template t on t.environment = c.environment and t.template_no = l.template_no
    where c.environment = order_environment and c.card_order_id = order_id
    group by c.environment, c.card_order_id;
end $$;

-- Two people who let an order go on although its cards differ from what was ordered.
create table difference_approval (
  environment text not null,
  card_order_id bigint not null,
  -- SHA-256 of what exactly was approved: reason and detail of the hold.
  hold_digest bytea not null,
  person text not null,
  at timestamptz not null default now(),
  primary key (environment, card_order_id, hold_digest, person),
  foreign key (environment, card_order_id) references card_order
);

-- What a person should look at; one open alarm for each kind and order.
create table alarm (
  alarm_id bigint generated always as identity primary key,
  kind text not null,
  environment text not null,
  card_order_id bigint,
  detail jsonb not null default '{}',
  raised_at timestamptz not null default now(),
  acknowledged_at timestamptz,
  acknowledged_by text
);
create unique index alarm_open on alarm (kind, environment, card_order_id) nulls not distinct where acknowledged_at is null;
