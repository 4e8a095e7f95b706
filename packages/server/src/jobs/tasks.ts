import type { PoolClient } from 'pg';
import type { Work } from '../work.ts';

/** `slow` is for what waits for others or works for long: it never holds up what is `quick`. */
export type Lane = 'quick' | 'slow';

/** A kind of work. `run` may run twice for one job, also at the same time: the second must change nothing. */
export interface Task {
  /** What its jobs carry; never renamed, because jobs outlive versions. */
  readonly name: string;
  /** For people: what it does. */
  readonly zh: string;
  readonly en: string;
  /** Tries that may fail before the job is parked; default 12, at most 24 (the engine itself gives up at 25). */
  readonly maxTries?: number;
  /** Default `quick`. */
  readonly lane?: Lane;
  /** @throws TryLater, GiveUp; anything else is a try that failed. */
  run(payload: unknown, work: Work): Promise<void>;
  /** In the transaction that parks a job of this task: what else a person should see, such as a held order. */
  onParked?(client: PoolClient, payload: unknown, cause: string): Promise<void>;
}

/** A task that is done again and again, by one process at a time; its job has no payload and is never parked. */
export interface Schedule {
  readonly task: string;
  readonly everyMs: number;
}

export type RegisteredTask = Task & Required<Pick<Task, 'maxTries' | 'lane'>>;

/** All that the house can do. */
export interface TaskRegistry {
  readonly tasks: ReadonlyMap<string, RegisteredTask>;
  readonly schedules: ReadonlyMap<string, Schedule>;
}

const defaultMaxTries = 12;
const mostTries = 24;

/** Throws where the lists cannot be right, so that such a product never starts. */
export function createRegistry(tasks: readonly Task[], schedules: readonly Schedule[] = []): TaskRegistry {
  const byName = new Map<string, RegisteredTask>();
  for (const task of tasks) {
    const maxTries = task.maxTries ?? defaultMaxTries;
    if (byName.has(task.name)) throw new Error(`two tasks are called ${task.name}`);
    if (!/^[a-z][a-z0-9-]*$/.test(task.name)) throw new Error(`"${task.name}" is no name for a task`);
    if (typeof task.run !== 'function') throw new Error(`the task ${task.name} has no handler`);
    if (!(maxTries >= 1 && maxTries <= mostTries))
      throw new Error(`${task.name}: 1 to ${mostTries} tries are possible, not ${maxTries}`);
    byName.set(task.name, { lane: 'quick', ...task, maxTries });
  }
  const scheduled = new Map<string, Schedule>();
  for (const schedule of schedules) {
    if (!byName.has(schedule.task)) throw new Error(`a schedule names ${schedule.task}, which is no task`);
    if (scheduled.has(schedule.task)) throw new Error(`${schedule.task} has two schedules`);
    if (!(schedule.everyMs >= 1))
      throw new Error(`${schedule.task}: every ${schedule.everyMs} ms is no time`);
    scheduled.set(schedule.task, schedule);
  }
  return { tasks: byName, schedules: scheduled };
}
