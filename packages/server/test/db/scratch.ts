import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import {
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
  startEmbeddedPostgres,
} from '../../src/db/embedded/start.ts';

const cleanUps = new WeakMap<TestContext, (() => unknown)[]>();

/** Runs `clean` after the test. node:test runs its hooks in order; what was made last must go first. */
export function cleanUp(t: TestContext, clean: () => unknown): void {
  const known = cleanUps.get(t);
  if (known) {
    known.push(clean);
    return;
  }
  const list = [clean];
  cleanUps.set(t, list);
  t.after(async () => {
    for (const step of list.reverse()) await step();
  });
}

/** A fresh folder that is removed after the test. Anybody may enter it. */
export function scratchFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'cardwright-db-test-'));
  cleanUp(t, () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

/** Starts an embedded server that is stopped after the test at the latest. */
export async function startForTest(
  t: TestContext,
  options: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres(options);
  cleanUp(t, () => server.stop('immediate'));
  return server;
}

/** A process of its own that runs a fixture of this folder and talks in lines of JSON. */
export interface Fixture {
  readonly process: ChildProcess;
  /** Waits for the next line. Throws with the fixture's standard error when it ended instead. */
  nextLine(): Promise<Record<string, unknown>>;
  /** All further lines, until the process ended. */
  remainingLines(): Promise<Record<string, unknown>[]>;
  /** Ends with the process, by exit or signal. */
  readonly ended: Promise<void>;
}

/** Runs `name` with Node, perhaps behind a `prefix` such as setpriv. Killed after the test at the latest. */
export function runFixture(
  t: TestContext,
  name: string,
  args: readonly string[],
  prefix: readonly string[] = [],
): Fixture {
  const path = fileURLToPath(new URL(name, import.meta.url));
  const [file, ...words] = [...prefix, process.execPath, path, ...args];
  const child = spawn(file ?? '', words, { stdio: ['pipe', 'pipe', 'pipe'], cwd: '/' });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  cleanUp(t, async () => {
    // First the polite way, so that no server is still at work when the folder is removed.
    child.stdin.end();
    await Promise.race([ended, sleep(10_000, undefined, { ref: false })]);
    child.kill('SIGKILL');
    await ended;
  });
  const nextLine = async (): Promise<Record<string, unknown>> => {
    const { value, done } = await lines.next();
    if (!done) return JSON.parse(value) as Record<string, unknown>;
    await ended;
    throw new Error(`${name} ended: ${complaint}`);
  };
  const remainingLines = async (): Promise<Record<string, unknown>[]> => {
    const found: Record<string, unknown>[] = [];
    for (let line = await lines.next(); !line.done; line = await lines.next()) {
      if (line.value.endsWith('}')) found.push(JSON.parse(line.value) as Record<string, unknown>);
    }
    return found;
  };
  return { process: child, nextLine, remainingLines, ended };
}
