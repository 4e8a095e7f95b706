import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { clusterFolder, clusterName } from '../../packages/server/src/db/embedded/data-folder.ts';
import { readPostmasterFile } from '../../packages/server/src/db/embedded/leftovers.ts';
import {
  findProcess,
  listProcesses,
  signalProcess,
  waitUntilGone,
} from '../../packages/server/src/db/embedded/processes.ts';
import { findRunningServer } from '../../packages/server/src/db/embedded/running.ts';
import { secrets } from '../../packages/server/test/gateway/house.ts';

const main = join(import.meta.dirname, '../../packages/server/src/main.ts');
const startLimitMs = 60_000;
const stopLimitMs = 30_000;
const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const keptOutputLength = 20_000;

/** The real product as a process of its own, on a data folder of its own. Kills nothing but what is its own. */
export class Product {
  readonly dataDir: string;
  /** Changes with every start. */
  port = 0;
  /** The end of what the product wrote, for the message of a failed check. */
  output = '';
  #child: ChildProcess | undefined;
  #exit: Promise<unknown> = Promise.resolve();

  constructor() {
    this.dataDir = realpathSync(mkdtempSync(join(tmpdir(), 'cardwright-crash-')));
    // PostgreSQL may run as another user, who has to pass through this folder.
    chmodSync(this.dataDir, 0o755);
    process.once('exit', this.#atExit);
    for (const signal of stopSignals) process.once(signal, this.#atSignal);
  }

  readonly #atExit = (): void => void this.#child?.kill('SIGKILL');
  readonly #atSignal = (): void => void this.dispose().finally(() => process.exit(1));

  get alive(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Starts the product; `whenReady` settles when it says that it is. */
  start(): { readonly whenReady: Promise<void> } {
    const { DATABASE_URL: _, CARDWRIGHT_DATABASE_URL: __, ...environment } = process.env;
    const child = spawn(process.execPath, [main, 'serve', '--port', '0', '--data', this.dataDir], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...environment,
        CARDWRIGHT_DAILY_APP_KEY: '12345678',
        CARDWRIGHT_DAILY_APP_SECRETS: secrets.daily,
        CARDWRIGHT_LOG_LEVEL: 'warn',
      },
    });
    this.#child = child;
    this.#exit = new Promise((resolve) => child.once('exit', resolve));
    let said = '';
    const whenReady = new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(this.#notReady('in time')), startLimitMs);
      const settle = (act: () => void): void => {
        clearTimeout(timer);
        act();
      };
      const read = (text: string): void => {
        this.output = (this.output + text).slice(-keptOutputLength);
        if (said.length > keptOutputLength) return;
        said += text;
        const port = /ready: http:\/\/127\.0\.0\.1:(\d+)\/spi/.exec(said)?.[1];
        if (port === undefined) return;
        if (this.#child === child) this.port = Number(port);
        settle(resolve);
      };
      child.stdout.setEncoding('utf8').on('data', read);
      child.stderr.setEncoding('utf8').on('data', read);
      child.once('exit', () => settle(() => reject(this.#notReady('before it ended'))));
    });
    whenReady.catch(() => undefined); // A start that is killed on purpose fails, and nobody waits for it.
    return { whenReady };
  }

  /** SIGKILL to the product alone. */
  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.#exit;
  }

  /** SIGKILL to the postmaster; false when there is none just now. */
  killPostmaster(): boolean {
    const pid = readPostmasterFile(this.#cluster)?.pid;
    return pid !== undefined && this.#killOurs(pid);
  }

  /** SIGKILL to one process of PostgreSQL that is not the postmaster; false when there is none just now. */
  killBackend(choose: (pids: readonly number[]) => number): boolean {
    const postmaster = readPostmasterFile(this.#cluster)?.pid;
    const pids = this.#processes().filter((pid) => pid !== postmaster);
    return pids.length > 0 && this.#killOurs(choose(pids));
  }

  /** SIGKILL to the product, the postmaster and every process of it, as a power cut would. */
  async killAll(): Promise<void> {
    this.#child?.kill('SIGKILL');
    this.killPostmaster();
    for (const pid of this.#processes()) this.#killOurs(pid);
    await this.#exit;
  }

  /** Address of the database beside the running product. Holds the password. */
  databaseUrl(): string | undefined {
    return findRunningServer(join(this.dataDir, 'postgres'));
  }

  /** Stops everything that was started and removes the data. Answers the exit code of an orderly stop. */
  async dispose(): Promise<number | null> {
    const child = this.#child;
    if (this.alive) {
      child?.kill('SIGTERM');
      const wait = new AbortController();
      const late = delay(stopLimitMs, undefined, { signal: wait.signal }).then(() => this.kill());
      late.catch(() => undefined);
      await this.#exit;
      wait.abort();
    }
    for (const pid of this.#processes()) this.#killOurs(pid);
    await waitUntilGone(() => this.#processes().length > 0, stopLimitMs);
    process.removeListener('exit', this.#atExit);
    for (const signal of stopSignals) process.removeListener(signal, this.#atSignal);
    rmSync(this.dataDir, { recursive: true, force: true, maxRetries: 5 });
    return child?.exitCode ?? null;
  }

  get #cluster(): string {
    return clusterFolder(join(this.dataDir, 'postgres'));
  }

  /** Every PostgreSQL process of this data folder; their titles carry the name that is made from the folder. */
  #processes(): number[] {
    const name = this.#clusterName();
    if (name === undefined) return [];
    return listProcesses()
      .filter(({ command }) => command.includes(name) && command.includes('postgres'))
      .map(({ pid }) => pid);
  }

  #killOurs(pid: number): boolean {
    const name = this.#clusterName();
    // A number from a file may be another program's by now.
    if (name === undefined || findProcess(pid)?.command.includes(name) !== true) return false;
    signalProcess(pid, 'SIGKILL');
    return true;
  }

  #clusterName(): string | undefined {
    try {
      return clusterName(this.#cluster);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  #notReady(when: string): Error {
    return new Error(`the product was not ready ${when}; it said:\n${this.output}`);
  }
}
