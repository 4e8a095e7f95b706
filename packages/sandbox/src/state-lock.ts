import { readFileSync } from 'node:fs';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** `release` gives the lock back; `heldBy` is the living process that has it, which may be this one. */
export type Lock = { readonly release: () => Promise<void> } | { readonly heldBy: number };

const attempts = 8;
const longestPauseMs = 40;

/**
 * Takes the lock of a file. Everyone who wants it puts up a flag of its own, a file beside it named after the
 * process, and then looks for others' flags: of two, at least the one who looked later sees the other's. So nobody
 * ever removes a living process's flag, and the flags of dead ones can go at any time.
 */
export async function takeLock(path: string): Promise<Lock> {
  const flags = `${basename(path)}.lock.`;
  for (let attempt = 1; ; attempt++) {
    const own = `${flags}${process.pid}-${startOf(process.pid) ?? unknown}-${++claims}`;
    const release = (): Promise<void> => rm(join(dirname(path), own), { force: true });
    await writeFile(join(dirname(path), own), '', { flag: 'wx', mode: 0o600 });
    const heldBy = await otherHolder(dirname(path), flags, own).catch(async (error: unknown) => {
      await release();
      throw error;
    });
    if (heldBy === undefined) return { release };
    await release();
    if (attempt === attempts) return { heldBy };
    // Two who came at the same moment both give way; they should not meet again.
    await delay(Math.random() * longestPauseMs);
  }
}

let claims = 0;
const unknown = 'x.0';

/** The process behind any living flag but `own`. Flags of the dead are removed. */
async function otherHolder(folder: string, flags: string, own: string): Promise<number | undefined> {
  let holder: number | undefined;
  for (const name of await readdir(folder)) {
    if (!name.startsWith(flags) || name === own) continue;
    const [, pid, start] = /^(\d{1,9})-([0-9a-fx]{1,8}\.\d{1,20})-\d+$/.exec(name.slice(flags.length)) ?? [];
    if (pid === undefined || start === undefined) continue;
    if (isAlive(Number(pid), start)) holder ??= Number(pid);
    else await rm(join(folder, name), { force: true });
  }
  return holder;
}

function isAlive(pid: number, start: string): boolean {
  const present = startOf(pid);
  if (present === 'gone') return false;
  if (present !== undefined && start !== unknown) return present === start;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * What tells a process from a later one with the same id: on Linux the boot and the tick that it started at, and
 * `gone` if it is not there or a zombie. Elsewhere undefined.
 */
function startOf(pid: number): string | 'gone' | undefined {
  let boot: string;
  try {
    boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').slice(0, 8);
  } catch {
    return undefined;
  }
  try {
    // The command in parentheses may hold anything, parentheses too.
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? 'gone' : `${boot}.${fields[19]}`;
  } catch {
    return 'gone';
  }
}
