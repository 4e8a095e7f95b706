import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { jobsParked, jobsRetry } from '../../src/cli/jobs-commands.ts';
import { addJob } from '../../src/db/add-job.ts';
import { growingPauseMs } from '../../src/jobs/attempt.ts';
import { listParkedJobs } from '../../src/jobs/parked.ts';
import { lanes } from '../../src/jobs/stint.ts';
import { createRegistry, type Schedule, type Task } from '../../src/jobs/tasks.ts';
import { startWorker, type Worker } from '../../src/jobs/worker.ts';
import { createLog } from '../../src/log.ts';
import { GiveUp, TryLater } from '../../src/work.ts';
import { type TestDatabase, testDatabase } from '../postgres.ts';
import { jobsLeft, until } from './worker-processes.ts';

/** Workers in this process; they are stopped before the test's database goes. */
async function testWorkers(t: TestContext): Promise<{
  database: TestDatabase;
  start(tasks: readonly Task[], schedules?: readonly Schedule[], pauseMs?: number): Worker;
}> {
  const workers: Worker[] = [];
  t.after(async () => {
    await Promise.all(workers.map((worker) => worker.stop()));
  });
  const database = await testDatabase(t);
  return {
    database,
    start: (tasks, schedules = [], pauseMs = 5) => {
      const worker = startWorker({
        openPool: (options) => database.openPool(options),
        registry: createRegistry(tasks, schedules),
        self: { host: 'test', pid: process.pid, role: 'worker' },
        log: createLog('silent'),
        pauseMs: () => pauseMs,
      });
      workers.push(worker);
      return worker;
    },
  };
}

const task = (name: string, run: Task['run'], more: Partial<Task> = {}): Task => ({
  name,
  zh: '测试',
  en: 'a test',
  run,
  ...more,
});

const job = (name: string, key: string = name) => ({ task: name, payload: { key }, key });
const untilNoJob = ({ pool }: TestDatabase): Promise<true> =>
  until(async () => ((await jobsLeft(pool)) === 0 ? true : undefined), 'jobs are left');

test('a task is tried again after failures, with its number of tries, and leaves nothing behind', async (t) => {
  const { database, start } = await testWorkers(t);
  const attempts: number[] = [];
  start([
    task('shaky', async (_, { attempt }) => {
      attempts.push(attempt);
      if (attempt < 4) throw new Error('not yet');
    }),
  ]);
  await addJob(database.pool, job('shaky'));
  await untilNoJob(database);
  assert.deepEqual(attempts, [1, 2, 3, 4]);
  assert.deepEqual(await listParkedJobs(database.pool, 10), []);
});

test('what can go on later does so when it says, and its tries do not run out', async (t) => {
  const { database, start } = await testWorkers(t);
  const at: number[] = [];
  const attempts: number[] = [];
  start([
    task(
      'banned',
      async (_, { attempt }) => {
        at.push(performance.now());
        attempts.push(attempt);
        if (at.length === 1) throw new TryLater('banned', { delayMs: 700, counts: false });
        if (at.length < 6) throw new TryLater('banned', { counts: false });
      },
      { maxTries: 2 },
    ),
  ]);
  await addJob(database.pool, job('banned'));
  await untilNoJob(database);
  assert.deepEqual(attempts, [1, 1, 1, 1, 1, 1]);
  const waitedMs = (at[1] ?? 0) - (at[0] ?? 0);
  assert.ok(waitedMs >= 690 && waitedMs < 2_500, `waited ${waitedMs} ms`);
});

test('a job whose tries are used up is parked with its cause, its audit row and what the task adds', async (t) => {
  const { database, start } = await testWorkers(t);
  const { pool } = database;
  await pool.query('create table seen (cause text)');
  let tries = 0;
  start([
    task(
      'hopeless',
      async () => {
        tries++;
        throw new Error('the plate is cracked');
      },
      {
        maxTries: 3,
        onParked: async (client, _payload, cause) => {
          await client.query('insert into seen values ($1)', [cause]);
        },
      },
    ),
    task('given-up', async () => {
      throw new GiveUp('no such thing');
    }),
  ]);
  await addJob(pool, {
    task: 'hopeless',
    payload: { environment: 'daily', cardOrderId: '77' },
    key: 'hopeless:77',
  });
  await addJob(pool, job('given-up'));
  await untilNoJob(database);
  assert.equal(tries, 3);
  const parked = (await listParkedJobs(pool, 10)).map(
    ({ task, environment, cardOrderId, attempts, cause }) => ({
      task,
      environment,
      cardOrderId,
      attempts,
      cause,
    }),
  );
  assert.deepEqual(
    parked.toSorted((a, b) => b.attempts - a.attempts),
    [
      {
        task: 'hopeless',
        environment: 'daily',
        cardOrderId: 77n,
        attempts: 3,
        cause: 'the plate is cracked',
      },
      { task: 'given-up', environment: null, cardOrderId: null, attempts: 1, cause: 'no such thing' },
    ],
  );
  assert.deepEqual((await pool.query('select cause from seen')).rows, [{ cause: 'the plate is cracked' }]);
  const audited = await pool.query(
    "select card_order_id, detail->>'task' as task from audit_event where action = 'job.parked' order by 2 desc",
  );
  assert.deepEqual(audited.rows, [
    { card_order_id: 77n, task: 'hopeless' },
    { card_order_id: null, task: 'given-up' },
  ]);
});

test('a parked job that cannot be parked whole is not parked at all, and not lost', async (t) => {
  const { database, start } = await testWorkers(t);
  const { pool } = database;
  start([
    task(
      'half',
      async () => {
        throw new GiveUp('over');
      },
      {
        onParked: async (client) => {
          await client.query('select 1 / 0');
        },
      },
    ),
  ]);
  await addJob(pool, job('half'));
  const { rows } = await until(async () => {
    const found = await pool.query(
      "select last_error, run_at > now() + interval '5 min' as late from graphile_worker.jobs where last_error is not null",
    );
    return found.rowCount === 1 ? found : undefined;
  }, 'it was never put off');
  assert.deepEqual(rows, [{ last_error: 'over', late: true }]);
  assert.deepEqual(await listParkedJobs(pool, 10), []);
  const audited = await pool.query("select from audit_event where action = 'job.parked'");
  assert.equal(audited.rowCount, 0);
});

test('a retry gives parked jobs back once, with their key and the name of who did it', async (t) => {
  const { database, start } = await testWorkers(t);
  const { pool } = database;
  let mended = false;
  const done: unknown[] = [];
  start([
    task('broken', async (payload) => {
      if (!mended) throw new GiveUp('broken');
      done.push(payload);
    }),
  ]);
  for (const key of ['a', 'b', 'c']) await addJob(pool, job('broken', key));
  await untilNoJob(database);
  mended = true;
  const output = captureOutput(t);
  assert.equal(await jobsParked(pool, 10, false), 0);
  const ids = (await listParkedJobs(pool, 10)).map(({ parkedJobId }) => String(parkedJobId));
  const retry = (which: { ids?: string[]; all?: boolean }): Promise<number> =>
    jobsRetry(pool, { ids: [], all: false, person: 'wang', json: false, ...which });
  assert.equal(await retry({ ids: ids.slice(0, 1) }), 0);
  assert.equal(await retry({ ids: ids.slice(0, 1) }), 1);
  assert.equal(await retry({ ids: ['1; drop'] }), 2);
  assert.equal(await retry({}), 2);
  assert.equal(await retry({ ids, all: true }), 2);
  assert.equal(await retry({ all: true }), 0);
  await untilNoJob(database);
  assert.equal(done.length, 3);
  assert.deepEqual(await listParkedJobs(pool, 10), []);
  assert.match(output(), /broken/);
  const released = await pool.query('select distinct released_by, job_key from parked_job order by job_key');
  assert.deepEqual(
    released.rows,
    ['a', 'b', 'c'].map((job_key) => ({ released_by: 'wang', job_key })),
  );
  const audited = await pool.query(
    "select from audit_event where action = 'job.released' and actor = 'wang'",
  );
  assert.equal(audited.rowCount, 3);
});

test('news that comes while a job is being done is not lost, and an old failure does not delay it', async (t) => {
  const { database, start } = await testWorkers(t);
  const { pool } = database;
  const begun = Promise.withResolvers<void>();
  const mayFail = Promise.withResolvers<void>();
  const runs: unknown[] = [];
  start([
    task('news', async (payload) => {
      runs.push(payload);
      if (runs.length > 1) return;
      begun.resolve();
      await mayFail.promise;
      throw new TryLater('later', { delayMs: 60_000, counts: true });
    }),
  ]);
  await addJob(pool, { task: 'news', payload: { edition: '1' }, key: 'news' });
  await begun.promise;
  await addJob(pool, { task: 'news', payload: { edition: '2' }, key: 'news' });
  mayFail.resolve();
  await untilNoJob(database);
  assert.deepEqual(runs, [{ edition: '1' }, { edition: '2' }]);
});

test('a job that killed its processes too often is parked without another turn', async (t) => {
  const { database, start } = await testWorkers(t);
  const { pool } = database;
  let runs = 0;
  await addJob(pool, job('killer'));
  await pool.query('update graphile_worker._private_jobs set attempts = 3');
  start([task('killer', async () => void runs++, { maxTries: 3 })]);
  await untilNoJob(database);
  assert.equal(runs, 0);
  assert.match((await listParkedJobs(pool, 1))[0]?.cause ?? '', /died/);
});

test('a schedule is kept by one process at a time, and a failure does not end it', async (t) => {
  const { start } = await testWorkers(t);
  let running = 0;
  let most = 0;
  let runs = 0;
  const tick = task('tick', async () => {
    most = Math.max(most, ++running);
    await sleep(20);
    running--;
    if (++runs % 2 === 0) throw new GiveUp('every second one');
  });
  const schedule = [{ task: 'tick', everyMs: 1 }];
  for (const worker of [start([tick], schedule), start([tick], schedule)]) await worker.started;
  await until(() => (runs >= 6 ? true : undefined), 'it does not go on');
  assert.equal(most, 1);
});

test('work that waits for others does not hold up what is quick', async (t) => {
  const { database, start } = await testWorkers(t);
  const { pool } = database;
  let quick = 0;
  start([
    task('quick', async () => void quick++),
    task(
      'waits',
      (_, { signal }) => new Promise((resolve) => signal.addEventListener('abort', () => resolve())),
      { lane: 'slow' },
    ),
  ]);
  for (let n = 0; n < 12; n++) await addJob(pool, job('waits', `waits-${n}`));
  await until(async () => {
    const { rowCount } = await pool.query('select from graphile_worker.jobs where locked_at is not null');
    return rowCount !== null && rowCount >= lanes.slow ? true : undefined;
  }, 'they do not begin');
  for (let n = 0; n < 12; n++) await addJob(pool, job('quick', `quick-${n}`));
  await until(() => (quick === 12 ? true : undefined), 'the quick ones wait');
  // A job is counted before its row is gone.
  await until(async () => ((await jobsLeft(pool)) === 12 ? true : undefined), 'ended jobs stay');
});

test('poison work does not hold up the rest', async (t) => {
  const good = 500;
  const timed = async (poison: number): Promise<number> => {
    const { database, start } = await testWorkers(t);
    const { pool } = database;
    await pool.query(
      `select graphile_worker.add_job(case when n % 11 = 10 then 'poison' else 'good' end, job_key := 'job-' || n)
       from generate_series(0, $1) n where n % 11 < 10 or $2`,
      [(good / 10) * 11 - 1, poison > 0],
    );
    let done = 0;
    const allDone = Promise.withResolvers<void>();
    const startedMs = performance.now();
    const worker = start(
      [
        task('good', async (_, { transaction }) => {
          await transaction((client) => client.query('select pg_sleep(0.005)'));
          if (++done === good) allDone.resolve();
        }),
        task('poison', async (_, { attempt }) => {
          throw attempt > 1 ? new GiveUp('poison') : new Error('poison');
        }),
      ],
      [],
      500,
    );
    await allDone.promise;
    const tookMs = performance.now() - startedMs;
    await until(
      async () => ((await listParkedJobs(pool, 1_000)).length === poison ? true : undefined),
      'some poison is not parked',
    );
    await worker.stop();
    return tookMs;
  };
  const cleanMs = await timed(0);
  const poisonedMs = await timed(good / 10);
  t.diagnostic(`clean ${Math.round(cleanMs)} ms, with poison ${Math.round(poisonedMs)} ms`);
  // The figure is 1.2 with work that weighs as much as an order; here each try of poison is as heavy as a good job.
  assert.ok(poisonedMs < cleanMs * 1.5, `${poisonedMs} ms against ${cleanMs} ms`);
});

test('a product with a wrong list of tasks does not start', () => {
  const run = async (): Promise<void> => {};
  const wrong: [readonly Task[], readonly Schedule[], RegExp][] = [
    [[task('a', run), task('a', run)], [], /two tasks/],
    [[task('Not A Name', run)], [], /no name/],
    [[task('a', undefined as unknown as Task['run'])], [], /no handler/],
    [[task('a', run, { maxTries: 25 })], [], /tries/],
    [[task('a', run)], [{ task: 'b', everyMs: 1 }], /no task/],
    [
      [task('a', run)],
      [
        { task: 'a', everyMs: 1 },
        { task: 'a', everyMs: 2 },
      ],
      /two schedules/,
    ],
    [[task('a', run)], [{ task: 'a', everyMs: 0 }], /no time/],
  ];
  for (const [tasks, schedules, cause] of wrong) assert.throws(() => createRegistry(tasks, schedules), cause);
});

test('pauses grow to ten minutes, with a jitter of 50 % to 100 %', () => {
  fc.assert(
    fc.property(
      fc.nat(2_000),
      fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
      (pauses, random) => {
        const wholeMs = Math.min(1_000 * 2 ** pauses, 600_000);
        const pauseMs = growingPauseMs(pauses, () => random);
        assert.ok(pauseMs >= wholeMs / 2 && pauseMs <= wholeMs);
      },
    ),
  );
});

function captureOutput(t: TestContext): () => string {
  let text = '';
  const take = (chunk: string | Uint8Array): boolean => {
    text += String(chunk);
    return true;
  };
  t.mock.method(process.stdout, 'write', take);
  t.mock.method(process.stderr, 'write', take);
  return () => text;
}
