-- Calls to the platform that have an effect there: intent before the call, outcome after it. An intent without outcome
-- is a call that a crash cut off: it may have acted.

create table platform_call (
  platform_call_id bigint generated always as identity primary key,
  environment text not null,
  card_order_id bigint not null,
  kind text not null check (kind in ('make-finish', 'sended')),
  -- What was said; a repeat says exactly the same.
  content jsonb not null default '{}',
  attempt integer not null check (attempt >= 1),
  intended_at timestamptz not null default now(),
  -- done: the platform agreed; repeated: it agreed once more; refused: it said no; put-off: it certainly did not act, and
  -- the call goes on later (a ban, no connection); unknown: it may have acted
  outcome text check (outcome in ('done', 'repeated', 'refused', 'put-off', 'unknown')),
  outcome_at timestamptz,
  request_id text,
  detail text,
  check ((outcome is null) = (outcome_at is null)),
  foreign key (environment, card_order_id) references card_order
);
create unique index platform_call_done on platform_call (environment, card_order_id, kind) where outcome = 'done';
create index platform_call_by_order on platform_call (environment, card_order_id, platform_call_id);

-- One door a peer, shared by all processes: nobody calls while a ban lasts or the peer is down.
create table platform_gate (
  environment text primary key,
  closed_until timestamptz,
  reason text,
  failures_in_a_row integer not null default 0,
  -- Calls that may still fail, and so be repeated: each success adds a fifth of one, and so does time.
  retry_budget real not null default 20,
  budget_at timestamptz not null default now()
);
insert into platform_gate (environment) values ('daily'), ('pre'), ('online');
