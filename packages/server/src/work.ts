import type { PoolClient } from 'pg';

/** Runs work in one transaction; it took effect if and only if this returns. */
export type Transaction = <T>(work: (client: PoolClient) => Promise<T>) => Promise<T>;

/** What a task gets to work with. A task may run twice for one job, also at the same time: it must not matter. */
export interface Work {
  /** Fenced: refuses to write for a worker process that was declared dead. */
  readonly transaction: Transaction;
  /** How often the job was tried, from 1. */
  readonly attempt: number;
  /** Aborts when the process is told to stop, or lost its right to work: stop soon, keep what is done. */
  readonly signal: AbortSignal;
}

/** Thrown by a task that can go on later. It is no failure of the job: a ban or an outage is waited out. */
export class TryLater extends Error {
  override readonly name = 'TryLater';
  /** Undefined: after the usual growing pause. */
  readonly delayMs: number | undefined;
  /** Whether this counts as one of the job's tries, after which it is parked. */
  readonly counts: boolean;

  constructor(cause: string, options: { delayMs?: number; counts: boolean }) {
    super(cause);
    this.delayMs = options.delayMs;
    this.counts = options.counts;
  }
}

/** Thrown by a task for which no repeat can help: the job is parked at once with this cause, for a person. */
export class GiveUp extends Error {
  override readonly name = 'GiveUp';
}
