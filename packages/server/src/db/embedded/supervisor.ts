import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Binaries, program } from './binaries.ts';
import { invoke, type ServerIdentity, serverEnvironment } from './identity.ts';
import { clearLeftovers, readPostmasterFile } from './leftovers.ts';
import { EmbeddedPostgresRefusal } from './refusal.ts';
import type { ServerLogFile } from './server-log-file.ts';

/** How a server process ended. */
export interface ServerExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Takes one message of the launcher. */
export type LauncherLog = (level: 'info' | 'warn' | 'error', message: string) => void;

/** What a supervised server is made of. */
export interface ServerPlan {
  readonly cluster: string;
  readonly clusterName: string;
  readonly binaries: Binaries;
  readonly identity: ServerIdentity;
  readonly args: readonly string[];
  readonly logFile: ServerLogFile;
  readonly log: LauncherLog;
}

/** A running server that is started again whenever it ends unasked. */
export interface SupervisedServer {
  /** Of the present server process; another one after a restart. */
  readonly pid: number;
  onExit(callback: (exit: ServerExit) => void): void;
  /** Ends supervision and server. `fast` writes a checkpoint, `immediate` leaves the next start to recover. */
  stop(mode: 'fast' | 'immediate'): Promise<void>;
}

const longestBackoffMs = 5_000;
const healthyAfterMs = 60_000;
const stillWaitingMs = 10_000;

/**
 * Starts the server, waits until it takes connections, and keeps it running.
 * @throws EmbeddedPostgresRefusal `start_failed` when the first start fails; later failures are tried again for ever.
 */
export async function superviseServer(plan: ServerPlan): Promise<SupervisedServer> {
  const callbacks = new Set<(exit: ServerExit) => void>();
  let stopping = false;
  let settled = Promise.resolve();
  let child = await launch(plan, () => stopping);

  const watch = (): void => {
    const startedAt = performance.now();
    child.once('exit', (code, signal) => {
      if (stopping) return;
      plan.log('error', `PostgreSQL ended unasked (${signal ?? `exit ${code}`}); starting it again`);
      const backoffMs = performance.now() - startedAt > healthyAfterMs ? 0 : 100;
      settled = revive(backoffMs);
      for (const callback of callbacks) callback({ code, signal });
    });
  };
  const revive = async (firstBackoffMs: number): Promise<void> => {
    for (
      let waitMs = firstBackoffMs;
      !stopping;
      waitMs = Math.min(Math.max(waitMs * 2, 100), longestBackoffMs)
    ) {
      await sleep(waitMs);
      if (stopping) return;
      try {
        await clearLeftovers(plan.cluster, plan.clusterName);
        child = await launch(plan, () => stopping);
        watch();
        plan.log('info', 'PostgreSQL runs again');
        return;
      } catch (error) {
        plan.log(
          'error',
          `PostgreSQL did not start: ${error instanceof Error ? error.message : String(error)}`,
        );
      }
    }
  };
  watch();
  // Where no death signal exists, an ordinary exit of this process at least takes the server along.
  const atExit = (): void => void child.kill('SIGINT');
  process.once('exit', atExit);
  return {
    get pid() {
      return child.pid ?? 0;
    },
    onExit: (callback) => void callbacks.add(callback),
    stop: async (mode) => {
      stopping = true;
      await settled;
      await end(child, mode);
      process.removeListener('exit', atExit);
    },
  };
}

async function launch(plan: ServerPlan, isStopping: () => boolean): Promise<ChildProcess> {
  const { file, args, options } = invoke(plan.identity, program(plan.binaries, 'postgres'), plan.args, 'INT');
  const mark = plan.logFile.mark();
  const child = spawn(file, args, {
    ...options,
    cwd: '/',
    env: serverEnvironment,
    stdio: ['ignore', 'ignore', plan.logFile.fd],
    // A group of its own: Ctrl-C in the terminal is for us, who finish what we acknowledged before we stop the server.
    detached: true,
  });
  const failure = new Promise<never>((_, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => reject(startFailed(plan, mark, `${signal ?? `exit ${code}`}`)));
  });
  failure.catch(() => undefined);
  const abandoned = new AbortController();
  try {
    await Promise.race([waitUntilReady(plan, child, abandoned.signal, isStopping), failure]);
  } finally {
    abandoned.abort();
  }
  return child;
}

/** There is no time limit: recovery after a crash takes as long as it takes, and killing it would only begin it anew. */
async function waitUntilReady(
  plan: ServerPlan,
  child: ChildProcess,
  abandoned: AbortSignal,
  isStopping: () => boolean,
): Promise<void> {
  let nextNoteMs = performance.now() + stillWaitingMs;
  while (!abandoned.aborted) {
    const file = readPostmasterFile(plan.cluster);
    if (file?.ready && file.pid === child.pid) return;
    if (isStopping()) return;
    if (performance.now() > nextNoteMs) {
      plan.log('info', 'PostgreSQL is still recovering');
      nextNoteMs += stillWaitingMs;
    }
    await sleep(10);
  }
}

async function end(child: ChildProcess, mode: 'fast' | 'immediate'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const steps: [NodeJS.Signals, number][] = [
    ['SIGQUIT', 5_000],
    ['SIGKILL', 5_000],
  ];
  if (mode === 'fast') steps.unshift(['SIGINT', 20_000]);
  for (const [signal, patienceMs] of steps) {
    child.kill(signal);
    const stop = new AbortController();
    const late = sleep(patienceMs, 'late', { signal: stop.signal, ref: false }).catch(() => 'late');
    const outcome = await Promise.race([gone, late]);
    stop.abort();
    if (outcome !== 'late') return;
  }
}

function startFailed(plan: ServerPlan, mark: number, outcome: string): EmbeddedPostgresRefusal {
  return new EmbeddedPostgresRefusal(
    'start_failed',
    `内嵌 PostgreSQL 无法启动（${outcome}），数据目录 ${plan.cluster}。以下是它的日志：`,
    `The embedded PostgreSQL did not start (${outcome}), data folder ${plan.cluster}. Its log says:\n${plan.logFile.tailSince(mark)}`,
  );
}
