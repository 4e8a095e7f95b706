import type { PoolClient } from 'pg';
import type { Logger } from 'pino';
import { failpoint } from '../failpoint.ts';
import { GiveUp, type Transaction, TryLater } from '../work.ts';
import { endTurn, type HeldJob, type Holder, hasLostItsKey, putOff, storeParked } from './job-store.ts';
import type { RegisteredTask, Task, TaskRegistry } from './tasks.ts';
import { isFenced } from './worker-store.ts';

/** How long to wait before a job is tried again; `pauses` is how often it was put off before. */
export type PauseMs = (pauses: number) => number;

const firstPauseMs = 1_000;
const longestPauseMs = 600_000;

/** Doubles up to ten minutes, with a jitter of 50 % to 100 %, so that what failed together does not return together. */
export function growingPauseMs(pauses: number, random: () => number = Math.random): number {
  return Math.round(Math.min(firstPauseMs * 2 ** pauses, longestPauseMs) * (0.5 + random() / 2));
}

export interface AttemptContext {
  readonly registry: TaskRegistry;
  readonly holder: Holder;
  /** Fenced; used for the tasks' writes and for the ends of jobs. */
  readonly transaction: Transaction;
  readonly signal: AbortSignal;
  readonly pauseMs: PauseMs;
  readonly log: Logger;
}

/**
 * Does one turn of a job and writes its end: done, put off, or parked. All ends are fenced, and none is left to the
 * engine, whose own are not: it deletes a job by its id, also when another process holds it by then.
 * @throws where the end could not be written. The engine then marks the job as failed, if it still holds it.
 */
export async function attemptJob(context: AttemptContext, name: string, job: HeldJob): Promise<void> {
  const task = context.registry.tasks.get(name);
  if (task === undefined) throw new Error(`no task ${name}`);
  const isScheduled = context.registry.schedules.has(name);
  if (job.attempts > task.maxTries && !isScheduled) {
    return park(context, task, job, 'it never came to an end: the processes that tried it died');
  }
  try {
    await task.run(job.payload, {
      transaction: withFailpoints(name, context.transaction),
      attempt: job.attempts,
      signal: context.signal,
    });
  } catch (error) {
    if (isFenced(error)) throw error;
    return afterFailure(context, task, job, error, isScheduled);
  }
  // A task that stopped early because it was told to may have come back without an error.
  if (context.signal.aborted) return putOff(context.holder, job, { ...uncounted(job), pauseMs: 0 });
  const schedule = context.registry.schedules.get(name);
  if (schedule === undefined) await endTurn(context.holder, job);
  else await putOff(context.holder, job, { pauseMs: schedule.everyMs, tries: 0, pauses: 0 });
}

const withFailpoints =
  (task: string, transaction: Transaction): Transaction =>
  async (work) => {
    await failpoint(`task:${task}:begin`);
    const result = await transaction(async (client) => {
      const done = await work(client);
      await failpoint(`task:${task}:before-commit`);
      return done;
    });
    await failpoint(`task:${task}:after-commit`);
    return result;
  };

async function afterFailure(
  context: AttemptContext,
  task: RegisteredTask,
  job: HeldJob,
  error: unknown,
  isScheduled: boolean,
): Promise<void> {
  const { holder, log, signal } = context;
  const cause = causeOf(error);
  const about = { room: 'jobs', task: task.name, job: job.id, attempt: job.attempts };
  if (signal.aborted) return putOff(holder, job, { ...uncounted(job), pauseMs: 0 });
  if (error instanceof TryLater && !error.counts) {
    log.debug({ ...about, cause }, 'a job goes on later');
    const pauseMs = error.delayMs ?? context.pauseMs(job.pauses);
    return putOff(holder, job, { ...uncounted(job), pauses: job.pauses + 1, pauseMs, cause });
  }
  log.warn({ ...about, err: error }, 'a try of a job failed');
  const isLast = error instanceof GiveUp || job.attempts >= task.maxTries;
  if (isLast && !isScheduled) return park(context, task, job, cause);
  const growing = error instanceof TryLater ? error.delayMs : undefined;
  await putOff(holder, job, {
    pauseMs: growing ?? context.pauseMs(job.pauses),
    // What is scheduled is tried for ever; the engine would stop at its own limit.
    tries: isScheduled ? Math.min(job.attempts, task.maxTries - 1) : job.attempts,
    pauses: job.pauses + 1,
    cause,
  });
}

const uncounted = (job: HeldJob) => ({ tries: Math.max(0, job.attempts - 1), pauses: job.pauses });

const longestCauseLength = 500;

function causeOf(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : 'something was thrown that is no error';
  return text.slice(0, longestCauseLength);
}

/** Parks a job with what the task adds, in one transaction; where that fails the job stays and is tried much later. */
async function park(context: AttemptContext, task: Task, job: HeldJob, cause: string): Promise<void> {
  const { holder, log } = context;
  try {
    await context.transaction(async (client: PoolClient) => {
      // Newer work under its key will come to its own end.
      if (await hasLostItsKey(client, job)) return;
      await task.onParked?.(client, job.payload, cause);
      await storeParked(client, task.name, job, cause);
      if (!(await endTurn({ ...holder, client }, job))) throw new Error('the job is not held any more');
    });
  } catch (error) {
    if (isFenced(error)) throw error;
    log.error({ room: 'jobs', task: task.name, job: job.id, err: error }, 'a job could not be parked');
    return putOff(holder, job, {
      pauseMs: longestPauseMs,
      tries: job.attempts - 1,
      pauses: job.pauses,
      cause,
    });
  }
  log.error({ room: 'jobs', task: task.name, job: job.id, cause }, 'a job is parked: it needs a person');
}
