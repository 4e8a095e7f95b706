import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

const main = `${import.meta.dirname}/../../packages/server/src/main.ts`;
const startLimitMs = 30_000;
const usualOutputLength = 8_000;
const readyWords = /ready/;

/** One process of the product, among several on one database. Kills nothing but itself. */
export class Member {
  readonly #child: ChildProcess;
  /** The end of what it wrote. */
  output = '';
  /** Settles when it says that it is ready; rejects where it ends before. */
  readonly whenReady: Promise<void>;
  /** Settles with the signal or exit code that ended it. */
  readonly ended: Promise<NodeJS.Signals | number>;

  constructor(
    args: readonly string[],
    env: Readonly<Record<string, string | undefined>>,
    keptOutputLength = usualOutputLength,
  ) {
    const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env });
    this.#child = child;
    process.once('exit', this.#atExit);
    this.ended = new Promise((resolve) =>
      child.once('exit', (code, signal) => {
        process.removeListener('exit', this.#atExit);
        resolve(signal ?? code ?? -1);
      }),
    );
    this.whenReady = new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`not ready in time: ${this.output}`)), startLimitMs);
      const read = (text: string): void => {
        this.output = (this.output + text).slice(-keptOutputLength);
        if (readyWords.test(text)) resolve();
      };
      child.stdout?.setEncoding('utf8').on('data', read);
      child.stderr?.setEncoding('utf8').on('data', read);
      void this.ended.then((how) => {
        clearTimeout(timer);
        reject(new Error(`ended by ${how} before it was ready: ${this.output}`));
      });
      this.#readyTimer = timer;
    });
    this.whenReady.then(
      () => clearTimeout(this.#readyTimer),
      () => undefined,
    );
  }

  #readyTimer: NodeJS.Timeout | undefined;
  readonly #atExit = (): void => void this.#child.kill('SIGKILL');

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Whether it is stopped (SIGSTOP). */
  get isStopped(): boolean {
    try {
      // The state follows the name, which stands in parentheses.
      return /\) T /.test(readFileSync(`/proc/${this.pid}/stat`, 'utf8'));
    } catch {
      return false;
    }
  }

  wake(): void {
    this.#child.kill('SIGCONT');
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.ended;
  }

  /** Lets it end in order, for a while. */
  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    await Promise.race([this.ended, delay(15_000, undefined, { ref: false })]);
    if (this.isAlive) await this.kill();
  }
}
