import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Pool } from 'pg';
import { addJob } from '../../src/db/add-job.ts';
import { testDatabase } from '../postgres.ts';
import { jobsLeft, until } from './worker-processes.ts';

const main = join(import.meta.dirname, '../../src/main.ts');

interface Product {
  readonly child: ChildProcess;
  readonly exit: Promise<void>;
  output(): string;
}

/** Starts `cardwright serve` on a database; what is left of it is killed after the test. */
function products(t: TestContext): (role: string, databaseUrl?: string) => Product {
  const dataDir = mkdtempSync(join(tmpdir(), 'cardwright-roles-'));
  const vaultKey = randomBytes(32).toString('base64');
  const started: Product[] = [];
  t.after(async () => {
    for (const { child, exit } of started) {
      child.kill('SIGKILL');
      await exit;
    }
    rmSync(dataDir, { recursive: true, force: true });
  });
  return (role, databaseUrl) => {
    const { DATABASE_URL: _, CARDWRIGHT_DATABASE_URL: __, ...env } = process.env;
    const child = spawn(process.execPath, [main, 'serve', '--role', role, '--port', '0', '--data', dataDir], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...env,
        ...(databaseUrl === undefined ? {} : { DATABASE_URL: databaseUrl }),
        CARDWRIGHT_DAILY_APP_KEY: '12345678',
        CARDWRIGHT_DAILY_APP_SECRETS: 'secret',
        CARDWRIGHT_VAULT_KEY: vaultKey,
        CARDWRIGHT_LOG_LEVEL: 'error',
      },
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text;
      });
    const exit = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    const product = { child, exit, output: () => said };
    started.push(product);
    return product;
  };
}

const says = (product: Product, text: string): Promise<true> =>
  until(() => {
    if (product.child.exitCode !== null) assert.fail(product.output());
    return product.output().includes(text) ? true : undefined;
  }, `it never said ${text}: ${product.output()}`);

interface WorkerRow {
  readonly pid: number;
  readonly role: string;
}

const livingWorkers = async (pool: Pool): Promise<WorkerRow[]> =>
  (
    await pool.query<WorkerRow>(
      'select pid, role from worker_process where ended_at is null order by started_at',
    )
  ).rows;

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** Waits until the job of that key has ended: a worker that is killed may have held it. */
const jobEnds = (pool: Pool, key: string): Promise<true> =>
  until(
    async () =>
      (await pool.query('select from graphile_worker.jobs where key = $1', [key])).rowCount === 0
        ? true
        : undefined,
    `the job ${key} has not ended`,
  );

const addTrivialJob = (pool: Pool, key: string): Promise<unknown> =>
  addJob(pool, {
    task: 'replan-held-orders',
    payload: { environment: 'daily', templateNo: 'T' },
    key,
  });

/** A job that ends at once wherever there is a worker. */
async function workIsDone(pool: Pool): Promise<void> {
  await addTrivialJob(pool, 'replan');
  await jobEnds(pool, 'replan');
}

test('all: a gateway with a worker process beside it, which is replaced when it dies and never outlives it', async (t) => {
  const serve = products(t);
  const { pool, connectionString } = await testDatabase(t);
  const product = serve('all', connectionString);
  await says(product, 'ready');
  await workIsDone(pool);
  const [first] = await livingWorkers(pool);
  assert.ok(first !== undefined && first.pid !== product.child.pid);
  process.kill(first.pid, 'SIGKILL');
  const killedAtMs = performance.now();
  const second = await until(
    async () => (await livingWorkers(pool)).find(({ pid }) => pid !== first.pid),
    'the worker is not replaced',
  );
  await workIsDone(pool);
  t.diagnostic(`replaced and at work after ${Math.round(performance.now() - killedAtMs)} ms`);
  assert.ok(product.child.exitCode === null, 'the gateway lives on');
  product.child.kill('SIGKILL');
  await product.exit;
  await until(() => (isAlive(second.pid) ? undefined : true), 'the worker outlives its gateway');
  const ends = await pool.query('select end_reason from worker_process order by started_at');
  assert.deepEqual(ends.rows, [{ end_reason: 'lock-free' }, { end_reason: 'stopped' }]);
});

test('all: an orderly stop ends the worker first, with nothing left locked', async (t) => {
  const serve = products(t);
  const { pool, connectionString } = await testDatabase(t);
  const product = serve('all', connectionString);
  await says(product, 'ready');
  await until(async () => (await livingWorkers(pool))[0], 'no worker came');
  product.child.kill('SIGTERM');
  await product.exit;
  assert.equal(product.child.exitCode, 0, product.output());
  assert.deepEqual(await livingWorkers(pool), []);
});

test('a gateway alone does no work; a worker of another process does it, and either may die', async (t) => {
  const serve = products(t);
  const { pool, connectionString } = await testDatabase(t);
  const gateway = serve('gateway', connectionString);
  await says(gateway, 'ready');
  await addTrivialJob(pool, 'waits');
  assert.deepEqual(await livingWorkers(pool), []);
  assert.equal(await jobsLeft(pool), 1);
  const workers = [serve('worker', connectionString), serve('worker', connectionString)];
  for (const worker of workers) await says(worker, 'worker ready');
  gateway.child.kill('SIGKILL');
  workers[0]?.child.kill('SIGKILL');
  await workIsDone(pool);
  await jobEnds(pool, 'waits');
});

test('a worker without a database of yours says what it needs', async (t) => {
  const product = products(t)('worker');
  await product.exit;
  assert.equal(product.child.exitCode, 1);
  assert.match(product.output(), /DATABASE_URL/);
});
