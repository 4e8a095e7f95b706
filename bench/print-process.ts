import { execFile } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { PrintedFiles } from './print-job.ts';
import type { Peer } from './print-peers.ts';
import type { Way } from './print-way.ts';

/** One measurement, in a process of its own. */
export type PrintTask =
  | { readonly kind: 'ours'; readonly way: Way; readonly folder: string; readonly cards: number }
  | { readonly kind: 'peer'; readonly peer: Peer; readonly folder: string; readonly cards: number };

export interface PrintDone {
  readonly cards: number;
  /** From the first look at the records to the finished files; starting Node and loading modules is not in it. */
  readonly seconds: number;
  /** Of all threads in that time. */
  readonly cpuSeconds: number;
  readonly bytes: number;
  /** Of the whole process, at its highest. */
  readonly rssMiB: number;
}

export function recordsPathOf(folder: string, cards: number): string {
  return join(folder, `${cards}.csv`);
}

/** As the command line does (see its `bin`): V8 would else hold more garbage, and be no faster. Peers do as they like. */
const oursExecArgv = ['--max-semi-space-size=4', '--heap-growing-percent=20'];

/** Does a task in a new process. */
export async function runPrintProcess(task: PrintTask): Promise<PrintDone> {
  const execArgv = [...process.execArgv, ...(task.kind === 'ours' ? oursExecArgv : [])];
  const commandLine = [...execArgv, import.meta.filename, JSON.stringify(task)];
  const compiled = { NODE_COMPILE_CACHE: join(task.folder, 'compiled') };
  const env = { ...process.env, ...(task.kind === 'ours' ? compiled : {}) };
  const { stdout } = await promisify(execFile)(process.execPath, commandLine, { env });
  return JSON.parse(stdout) as PrintDone;
}

async function makeOurs(way: Way, cards: number, folder: string, out: string): Promise<PrintDone> {
  // Either side's libraries stay out of the other's memory.
  const { printOurs, readBackground } = await import('./print-job.ts');
  const background = await readBackground(folder);
  return measured(() => printOurs(way, recordsPathOf(folder, cards), background, out));
}

async function makePeers(peer: Peer, cards: number, folder: string, out: string): Promise<PrintDone> {
  const [{ readBackground }, { makeWithPeer }] = await Promise.all([
    import('./print-job.ts'),
    import('./print-peers.ts'),
  ]);
  const background = await readBackground(folder);
  return measured(async () => ({
    cards,
    bytes: await makeWithPeer(peer, cards, background, join(out, 'peer.pdf')),
  }));
}

async function measured(make: () => Promise<PrintedFiles>): Promise<PrintDone> {
  const cpuBefore = process.cpuUsage();
  const startedAtMs = performance.now();
  const made = await make();
  const seconds = (performance.now() - startedAtMs) / 1_000;
  const { user, system } = process.cpuUsage(cpuBefore);
  return {
    ...made,
    seconds,
    cpuSeconds: (user + system) / 1e6,
    rssMiB: process.resourceUsage().maxRSS / 1024,
  };
}

if (import.meta.main) {
  const task = JSON.parse(process.argv[2] ?? '') as PrintTask;
  const out = join(task.folder, `out-${process.pid}`);
  await mkdir(out);
  try {
    const done =
      task.kind === 'ours'
        ? await makeOurs(task.way, task.cards, task.folder, out)
        : await makePeers(task.peer, task.cards, task.folder, out);
    process.stdout.write(JSON.stringify(done));
  } finally {
    await rm(out, { recursive: true });
  }
}
