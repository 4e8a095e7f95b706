import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { addJob } from '../../src/db/add-job.ts';

/** A worker in a process of its own. */
export interface TestWorker {
  readonly child: ChildProcess;
  readonly pid: number;
  /** What it said so far. */
  readonly lines: string[];
  /** Settles when it says a line that begins so; it may have said it before. */
  says(beginning: string): Promise<string>;
  /** Settles when it has registered once more than now. */
  registers(): Promise<string>;
  readonly exit: Promise<void>;
}

/**
 * Starts worker processes, which are killed after the test. Call it before `testDatabase`: what is registered first is
 * done first, and the database goes only when nobody is connected.
 */
export function testWorkers(t: TestContext): (connectionString: string) => Promise<TestWorker> {
  const workers: { child: ChildProcess; exit: Promise<void> }[] = [];
  t.after(async () => {
    for (const { child, exit } of workers) {
      child.kill('SIGKILL');
      await exit;
    }
  });
  return (connectionString) => startTestWorker(connectionString, workers);
}

async function startTestWorker(
  connectionString: string,
  workers: { child: ChildProcess; exit: Promise<void> }[],
): Promise<TestWorker> {
  const fixture = `${import.meta.dirname}/worker.fixture.ts`;
  const child = spawn(process.execPath, [fixture, connectionString], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  const exit = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  workers.push({ child, exit });
  const says = (beginning: string, from = 0): Promise<string> =>
    until(
      () => lines.slice(from).find((line) => line.startsWith(beginning)),
      `${child.pid} never said ${beginning}`,
    );
  await says('worker ');
  return {
    child,
    pid: child.pid ?? 0,
    lines,
    says,
    registers: () => says('worker ', lines.length),
    exit,
  };
}

/** Asks again and again until there is an answer. */
export async function until<T>(
  ask: () => T | undefined | Promise<T | undefined>,
  complaint: string,
  limitMs = 30_000,
): Promise<T> {
  const endMs = performance.now() + limitMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > endMs) throw new Error(complaint);
    await sleep(10);
  }
}

export async function makeNoteTable(pool: Pool): Promise<void> {
  await pool.query(
    'create table note (job text, pid int, word text, at timestamptz not null default clock_timestamp())',
  );
}

export const addNote = (pool: Pool, job: string, ms?: number): Promise<void> =>
  addJob(pool, {
    task: ms === undefined ? 'note' : 'slow-note',
    payload: { job, ms: String(ms ?? 0) },
    key: `note:${job}`,
  });

export interface Note {
  readonly job: string;
  readonly pid: number;
  readonly word: string;
  readonly atMs: number;
}

export async function notesOf(pool: Pool, job: string): Promise<Note[]> {
  const { rows } = await pool.query<Note>(
    `select job, pid, word, (extract(epoch from at) * 1000)::float8 as "atMs" from note where job = $1 order by at`,
    [job],
  );
  return rows;
}

export async function jobsLeft(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ n: number }>('select count(*)::int as n from graphile_worker.jobs');
  return rows[0]?.n ?? -1;
}
