-- The processes that work on jobs. Each holds a session advisory lock (key: its id) and renews its heartbeat; another
-- process that finds the lock free or the heartbeat silent ends it and frees its jobs.

create table worker_process (
  worker_process_id bigint generated always as identity primary key,
  host text not null,
  pid integer not null,
  role text not null,
  -- By which the job engine knows who locked a job.
  pool_ids text[] not null default '{}',
  started_at timestamptz not null default now(),
  heartbeat_at timestamptz not null default now(),
  ended_at timestamptz,
  end_reason text check (end_reason in ('stopped', 'lock-free', 'silent'))
) with (fillfactor = 50);
create index worker_process_alive on worker_process (worker_process_id) where ended_at is null;

-- The fence: the first statement of every transaction that a job writes in. Shared until the transaction ends, so
-- that whoever ends a worker waits for (or kills) its transactions, and a worker that was ended writes nothing.
create function assert_worker_alive(id bigint) returns void language plpgsql as $$
begin
  perform pg_advisory_xact_lock_shared(1668440167, id::int);
  if not exists (select from worker_process w where w.worker_process_id = id and w.ended_at is null) then
    raise exception 'worker % was ended by another process: what it does now has no effect', id using errcode = 'CW003';
  end if;
end $$;

-- Work that was given up after too many tries, with the cause; nothing is lost, a person releases it.
create table parked_job (
  parked_job_id bigint generated always as identity primary key,
  task text not null,
  payload jsonb not null,
  -- The key that it has again when it is released.
  job_key text,
  environment text,
  card_order_id bigint,
  attempts integer not null,
  cause text not null,
  parked_at timestamptz not null default now(),
  released_at timestamptz,
  released_by text
);
create index parked_job_open on parked_job (environment, card_order_id) where released_at is null;

-- A job's turn is over: it leaves the queue, if this worker still holds it. Says whether it did. (The engine deletes by
-- id alone, whoever holds the job by then; after this there is nothing left for it to delete.)
create function finish_job(worker_id bigint, job_id bigint, pool_id text) returns boolean language plpgsql as $$
declare
  n bigint;
begin
  perform assert_worker_alive(worker_id);
  with gone as (
    delete from graphile_worker._private_jobs j where j.id = job_id and j.locked_by = pool_id returning j.job_queue_id
  ), freed as (
    update graphile_worker._private_job_queues q set locked_by = null, locked_at = null
      from gone where q.id = gone.job_queue_id and q.locked_by = pool_id
  )
  select count(*) into n from gone;
  return n = 1;
end $$;

-- The same job once more after a pause, as a row of its own: for the engine the turn is over, and it deletes the old
-- one's id. `job_key` is the key that the job had when its turn began: where it has lost it, newer work has taken its
-- place. `tries` is how many count; `pauses` how often it was put off in all, kept where the engine keeps flags.
create function rearm_job(worker_id bigint, job_id bigint, pool_id text, job_key text, pause_ms bigint,
  tries integer, pauses integer, cause text) returns void language plpgsql as $$
declare
  old record;
  fresh bigint;
begin
  perform assert_worker_alive(worker_id);
  select j.*, t.identifier into old from graphile_worker._private_jobs j join graphile_worker._private_tasks t on t.id = j.task_id
    where j.id = job_id and j.locked_by = pool_id for update of j;
  if not found then return; end if;
  perform finish_job(worker_id, job_id, pool_id);
  if job_key is not null and old.key is null then return; end if;
  select a.id into fresh from graphile_worker.add_job(old.identifier, payload := old.payload, run_at := clock_timestamp() + pause_ms * interval '1 ms',
    max_attempts := old.max_attempts::integer, job_key := old.key, priority := old.priority::integer) a;
  update graphile_worker._private_jobs
    set attempts = tries, last_error = cause, flags = jsonb_build_object('pauses', pauses) where id = fresh;
end $$;

-- Orders that have not come to their end, for the sweep: all others cost it nothing.
create index card_order_due on card_order (environment, card_order_id)
  where state in ('received', 'planned', 'cards_fetched', 'in_production', 'made')
    or state in ('dispatched', 'closed', 'test_done') and sended_reported_at is null;
