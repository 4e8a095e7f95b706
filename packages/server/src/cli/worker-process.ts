import { type ChildProcess, spawn } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';

export interface WorkerProcess {
  /** Lets the worker finish what it does, for a while. */
  stop(): Promise<void>;
}

const firstPauseMs = 50;
const longestPauseMs = 30_000;
/**
 * A worker makes much garbage that dies young: a small nursery costs no time and saves 80 MiB. What outlives it is
 * collected before the heap is much larger again, which costs some 3 % of the pace and saves 35 MiB
 * (`npm run bench -- fetch`).
 */
export const workerMemoryOptions = ['--max-semi-space-size=4', '--heap-growing-percent=150'] as const;
/** One that worked for so long did not die of a wrong setting. */
const healthyMs = 2_000;
/** A little more than the worker gives its tasks. */
const stopLimitMs = 15_000;

/**
 * Keeps one worker as a process of its own beside this one, so that heavy work never runs in the gateway's event loop. It
 * is started again when it dies, after pauses that grow while it cannot work at all. It ends by itself when this process
 * does: the channel between them closes.
 */
export function startWorkerProcess(options: {
  /** What follows the executable: main.ts, `serve --role worker`, and the flags of this process. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Logger;
}): WorkerProcess {
  const stopping = new AbortController();
  let child: ChildProcess | undefined;
  const keep = async (): Promise<void> => {
    for (let pauseMs = firstPauseMs; !stopping.signal.aborted; ) {
      const startedMs = performance.now();
      child = spawn(process.execPath, [...process.execArgv, ...workerMemoryOptions, ...options.args], {
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
        env: { ...options.env },
      });
      yieldToGateway(child);
      const how = await ended(child);
      if (stopping.signal.aborted) return;
      options.log.error({ room: 'jobs', how }, 'the worker process ended; it is started again');
      pauseMs =
        performance.now() - startedMs > healthyMs ? firstPauseMs : Math.min(pauseMs * 2, longestPauseMs);
      await sleep(pauseMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };
  const kept = keep();
  return {
    stop: async () => {
      stopping.abort();
      const running = child;
      running?.kill('SIGTERM');
      const late = setTimeout(() => running?.kill('SIGKILL'), stopLimitMs);
      await kept;
      clearTimeout(late);
    },
  };
}

function ended(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve((error as NodeJS.ErrnoException).code ?? error.name));
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
}

/** Callers wait for the gateway; nobody waits for the worker. */
function yieldToGateway({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // It has ended already, or the system does not let us: it works all the same.
  }
}
