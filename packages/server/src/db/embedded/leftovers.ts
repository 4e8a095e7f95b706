import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { inUse } from './folder-lock.ts';
import { findProcess, listProcesses, signalProcess, waitUntilGone } from './processes.ts';

/** What postmaster.pid says of the server that wrote it. */
export interface PostmasterFile {
  readonly pid: number;
  /** The server takes connections. */
  readonly ready: boolean;
}

/** Reads postmaster.pid; undefined when there is none or it is half written. */
export function readPostmasterFile(cluster: string): PostmasterFile | undefined {
  let lines: string[];
  try {
    lines = readFileSync(join(cluster, 'postmaster.pid'), 'utf8').split('\n');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const pid = Number(lines[0]);
  return Number.isSafeInteger(pid) && pid > 1 ? { pid, ready: lines[7]?.trim() === 'ready' } : undefined;
}

/**
 * Ends every process that still works on the cluster (the server of a killed product, or sessions that outlived their
 * server) and removes a postmaster.pid that nobody stands behind: PostgreSQL itself would refuse to start when the
 * number in it belongs to a zombie or to another program by now. The folder must be locked, so no live product owns
 * these processes.
 * @returns the number of processes that were found.
 * @throws EmbeddedPostgresRefusal `folder_in_use` when somebody runs a server on the cluster by hand.
 */
export async function clearLeftovers(cluster: string, clusterName: string): Promise<number> {
  const file = readPostmasterFile(cluster);
  const owner = file && findProcess(file.pid);
  const ours = owner?.command.includes(clusterName) ?? false;
  if (owner && !ours && owner.command.includes(cluster)) throw inUse(cluster, String(owner.pid));
  const found = processesOf(clusterName);
  if (owner && ours) await stopServer(owner.pid);
  await endSessions(clusterName);
  rmSync(join(cluster, 'postmaster.pid'), { force: true });
  return found.length;
}

/** Stops a server: the fast way (sessions are ended, a checkpoint is written), then harder. */
async function stopServer(pid: number): Promise<void> {
  const alive = (): boolean => findProcess(pid) !== undefined;
  signalProcess(pid, 'SIGINT');
  if (await waitUntilGone(alive, 10_000)) return;
  signalProcess(pid, 'SIGQUIT');
  if (await waitUntilGone(alive, 5_000)) return;
  signalProcess(pid, 'SIGKILL');
  await waitUntilGone(alive, 5_000);
}

/** Sessions notice the death of their server by themselves, but not in the middle of a computation. */
async function endSessions(clusterName: string): Promise<void> {
  for (const signal of ['SIGQUIT', 'SIGKILL'] as const) {
    if (await waitUntilGone(() => processesOf(clusterName).length > 0, signal === 'SIGQUIT' ? 200 : 1_000))
      return;
    for (const pid of processesOf(clusterName)) signalProcess(pid, signal);
  }
  await waitUntilGone(() => processesOf(clusterName).length > 0, 10_000);
}

function processesOf(clusterName: string): number[] {
  return listProcesses()
    .filter((entry) => entry.command.includes(clusterName) && entry.command.includes('postgres'))
    .map((entry) => entry.pid);
}
