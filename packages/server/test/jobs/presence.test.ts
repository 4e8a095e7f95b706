import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { testDatabase } from '../postgres.ts';
import {
  addNote,
  jobsLeft,
  makeNoteTable,
  notesOf,
  type TestWorker,
  testWorkers,
  until,
} from './worker-processes.ts';

const kills = 10;

test('the work of a killed worker is resumed by another within 3 s', async (t) => {
  const startWorker = testWorkers(t);
  const { pool, connectionString } = await testDatabase(t);
  await makeNoteTable(pool);
  const start = (): Promise<TestWorker> => startWorker(connectionString);
  let workers = [await start(), await start()];
  const tookMs: number[] = [];
  for (let kill = 0; kill < kills; kill++) {
    const job = `kill-${kill}`;
    await addNote(pool, job, 300);
    const begun = await until(async () => (await notesOf(pool, job))[0], `${job} never began`);
    const victim = workers.find(({ pid }) => pid === begun.pid);
    assert.ok(victim);
    const killedAtMs = performance.now();
    victim.child.kill('SIGKILL');
    await until(async () => ((await notesOf(pool, job)).length > 1 ? true : undefined), `${job} is lost`);
    tookMs.push(performance.now() - killedAtMs);
    workers = [...workers.filter((worker) => worker !== victim), await start()];
    await until(async () => ((await jobsLeft(pool)) === 0 ? true : undefined), `${job} never ends`);
    assert.equal((await notesOf(pool, job)).filter(({ word }) => word === 'done').length, 1);
  }
  tookMs.sort((a, b) => a - b);
  t.diagnostic(`resumed after ${tookMs.map(Math.round).join(', ')} ms`);
  assert.ok((tookMs.at(-1) ?? Infinity) < 3_000);
  const ended = await pool.query(
    'select end_reason, count(*)::int as n from worker_process where ended_at is not null group by 1 order by 1',
  );
  assert.deepEqual(ended.rows, [{ end_reason: 'lock-free', n: kills }]);
  const audited = await pool.query(
    "select count(*)::int as n from audit_event where action = 'worker.ended'",
  );
  assert.equal(audited.rows[0].n, kills);
});

test('a paused worker is taken over, and when it wakes it writes nothing and goes on under a new id', async (t) => {
  const startWorker = testWorkers(t);
  const { pool, connectionString } = await testDatabase(t);
  await makeNoteTable(pool);
  const workers = [await startWorker(connectionString), await startWorker(connectionString)];
  await addNote(pool, 'paused', 1_000);
  const begun = await until(async () => (await notesOf(pool, 'paused'))[0], 'it never began');
  const paused = workers.find(({ pid }) => pid === begun.pid);
  const other = workers.find((worker) => worker !== paused);
  assert.ok(paused && other);
  paused.child.kill('SIGSTOP');
  const pausedAtMs = performance.now();
  await until(
    async () => ((await notesOf(pool, 'paused')).some(({ pid }) => pid === other.pid) ? true : undefined),
    'nobody took over',
  );
  const takenOverMs = performance.now() - pausedAtMs;
  t.diagnostic(`taken over after ${Math.round(takenOverMs)} ms`);
  assert.ok(takenOverMs < 15_000);
  await sleep(Math.max(0, 12_000 - takenOverMs));

  const reregistered = paused.registers();
  paused.child.kill('SIGCONT');
  const wokenAtMs = performance.now();
  await reregistered;
  assert.ok(performance.now() - wokenAtMs < 1_500, 'it took too long to notice');
  await paused.says('refused paused CW003').catch(() => assert.fail(paused.lines.join('\n')));
  const notes = await notesOf(pool, 'paused');
  assert.deepEqual(
    notes.map(({ pid, word }) => [pid, word]),
    [
      [paused.pid, 'begun'],
      [other.pid, 'begun'],
      [other.pid, 'done'],
    ],
  );

  other.child.kill('SIGKILL');
  await other.exit;
  await addNote(pool, 'afterwards');
  await until(async () => (await notesOf(pool, 'afterwards'))[0], 'the woken worker does nothing');
  const { rows } = await pool.query(
    'select end_reason from worker_process where pid = $1 and ended_at is not null order by worker_process_id limit 1',
    [paused.pid],
  );
  assert.deepEqual(rows, [{ end_reason: 'silent' }]);
});

test('two workers share the work, and each job is done once', async (t) => {
  const startWorker = testWorkers(t);
  const { pool, connectionString } = await testDatabase(t);
  await makeNoteTable(pool);
  const workers = await Promise.all([1, 2].map(() => startWorker(connectionString)));
  for (let job = 0; job < 40; job++) await addNote(pool, `shared-${job}`, 30);
  await until(async () => ((await jobsLeft(pool)) === 0 ? true : undefined), 'the jobs never end');
  const { rows } = await pool.query<{ pid: number; n: number }>(
    "select pid, count(*)::int as n from note where word = 'done' group by 1",
  );
  assert.equal(
    rows.reduce((sum, { n }) => sum + n, 0),
    40,
  );
  for (const { pid } of workers) assert.ok((rows.find((row) => row.pid === pid)?.n ?? 0) > 5);
});

test('a worker that is told to stop hands its work back at once', async (t) => {
  const startWorker = testWorkers(t);
  const { pool, connectionString } = await testDatabase(t);
  await makeNoteTable(pool);
  const worker = await startWorker(connectionString);
  await addNote(pool, 'last', 400);
  await until(async () => (await notesOf(pool, 'last'))[0], 'it never began');
  worker.child.kill('SIGTERM');
  await worker.exit;
  assert.equal(worker.child.exitCode, 0);
  const { rows } = await pool.query(
    "select end_reason, ended_at - started_at < interval '5 s' as soon from worker_process",
  );
  assert.deepEqual(rows, [{ end_reason: 'stopped', soon: true }]);
  const locked = await pool.query('select from graphile_worker.jobs where locked_at is not null');
  assert.equal(locked.rowCount, 0);
});

test('a worker whose sessions are ended registers anew and goes on', async (t) => {
  const startWorker = testWorkers(t);
  const { pool, connectionString } = await testDatabase(t);
  await makeNoteTable(pool);
  const worker = await startWorker(connectionString);
  for (const part of ['presence', 'engine', 'tasks']) {
    await addNote(pool, `before-${part}`, 200);
    await until(async () => (await notesOf(pool, `before-${part}`))[0], 'it never began');
    const again = part === 'tasks' ? undefined : worker.registers();
    await pool.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'cardwright worker % ' || $1",
      [part],
    );
    await again;
    await addNote(pool, `after-${part}`);
    await until(async () => (await notesOf(pool, `after-${part}`))[0], `no work after losing ${part}`);
    await until(async () => ((await jobsLeft(pool)) === 0 ? true : undefined), 'a job is left');
  }
});

test('jobs that nobody answers for are freed', async (t) => {
  const startWorker = testWorkers(t);
  const { pool, connectionString } = await testDatabase(t);
  await makeNoteTable(pool);
  await addNote(pool, 'old');
  await addNote(pool, 'young');
  await pool.query(
    `update graphile_worker._private_jobs set locked_by = 'pool-of-another-version-' || key,
       locked_at = now() - case key when 'note:old' then interval '11 s' else interval '2 s' end`,
  );
  await startWorker(connectionString);
  await until(async () => (await notesOf(pool, 'old'))[0], 'the job stays locked');
  assert.deepEqual(await notesOf(pool, 'young'), []);
});
