import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process of this machine that is not a zombie. */
export interface LiveProcess {
  readonly pid: number;
  /** The command line, words separated by spaces; for PostgreSQL's children the title that they gave themselves. */
  readonly command: string;
}

/** All live processes. Zombies are left out: they hold no memory and no files, only their number. */
export function listProcesses(): LiveProcess[] {
  return process.platform === 'linux' ? listFromProc() : listFromPs();
}

/** The live process with this id, if there is one. */
export function findProcess(pid: number): LiveProcess | undefined {
  return process.platform === 'linux' ? readFromProc(pid) : listFromPs().find((entry) => entry.pid === pid);
}

/** Sends the signal; a process that is gone already is as good. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Waits until `find` finds nothing any more; false when that took longer than `timeoutMs`. */
export async function waitUntilGone(find: () => boolean, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (find()) {
    if (performance.now() > deadline) return false;
    await sleep(20);
  }
  return true;
}

function listFromProc(): LiveProcess[] {
  const found: LiveProcess[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const entry = readFromProc(Number(name));
    if (entry) found.push(entry);
  }
  return found;
}

function readFromProc(pid: number): LiveProcess | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field is the name in brackets, which may hold brackets and spaces itself.
    const state = stat.charAt(stat.lastIndexOf(')') + 2);
    if (state === 'Z' || state === 'X') return undefined;
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    return { pid, command };
  } catch {
    return undefined; // Ended while we looked.
  }
}

function listFromPs(): LiveProcess[] {
  const text = execFileSync('ps', ['-axww', '-o', 'pid=,stat=,command='], { encoding: 'utf8' });
  const found: LiveProcess[] = [];
  for (const line of text.split('\n')) {
    const [, pid, state, command] = /^\s*(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    if (pid && state && command && !state.startsWith('Z')) found.push({ pid: Number(pid), command });
  }
  return found;
}
