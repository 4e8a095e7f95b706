import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, type TestContext } from 'node:test';
import { runMigrations } from 'graphile-worker';
import { Client, type Pool } from 'pg';
import { locateBinaries } from '../src/db/embedded/binaries.ts';
import { clusterFolder } from '../src/db/embedded/data-folder.ts';
import { connectionUrl, type EmbeddedPostgres, startEmbeddedPostgres } from '../src/db/embedded/start.ts';
import { migrate, readMigrations } from '../src/db/migrate.ts';
import { createPool, type PoolOptions } from '../src/db/pool.ts';

/** A database of one test's own, with the product's schema and the job engine's. */
export interface TestDatabase {
  readonly name: string;
  readonly connectionString: string;
  /** A pool made as the product makes its own. Ended after the test. */
  readonly pool: Pool;
  /** Another pool on the same database. Ended after the test. */
  openPool(options?: Partial<PoolOptions>): Pool;
}

/** The one server of this test process. */
interface TestServer {
  urlOf(database: string): string;
  readonly template: string;
  /** Undefined for an external server (TEST_DATABASE_URL). */
  readonly embedded: EmbeddedPostgres | undefined;
}

const keepsFailed = (process.env['KEEP_TEST_DB'] ?? '') !== '';
let server: Promise<TestServer> | undefined;
let dataDir: string | undefined;
let kept = false;

// Tests that die (an uncaught error, process.exit) come by here too. The server itself gets a signal from the launcher.
process.once('exit', removeDataDir);
after(async () => {
  const { embedded } = (await server?.catch(() => undefined)) ?? {};
  await embedded?.stop(kept ? 'fast' : 'immediate');
  removeDataDir();
});

/**
 * A fresh database for the test, cloned from a migrated template and dropped when the test ends. Fails the test if it
 * left connections open. With KEEP_TEST_DB set, a failed test keeps its database and says where it is.
 * The server is one for each test process, started at the first call; TEST_DATABASE_URL names another to use.
 */
export async function testDatabase(t: TestContext): Promise<TestDatabase> {
  server ??= startServer();
  const { urlOf, template } = await server;
  const name = `test_${randomBytes(6).toString('hex')}`;
  await administer(urlOf('postgres'), [`create database ${name} template ${template} strategy wal_log`]);
  const pools: Pool[] = [];
  const openPool = (options: Partial<PoolOptions> = {}): Pool => {
    const pool = createPool({ connectionString: urlOf(name) }, { applicationName: 'test', ...options });
    pools.push(pool);
    return pool;
  };
  t.after(async () => {
    await Promise.all(pools.map((pool) => (pool.ended ? undefined : pool.end())));
    // Node has `passed` since 21.7; its type declarations lack it.
    if (keepsFailed && !(t as { readonly passed?: boolean }).passed) {
      kept = true;
      process.stderr.write(`kept: ${urlOf(name)}\nin ${dataDir ?? 'the server of TEST_DATABASE_URL'}\n`);
      return;
    }
    const leaked = await connectionsTo(urlOf('postgres'), name);
    await administer(urlOf('postgres'), [`drop database ${name} with (force)`]);
    if (leaked.length > 0) throw new Error(`Connections left open: ${leaked.join(', ')}`);
  });
  return { name, connectionString: urlOf(name), pool: openPool(), openPool };
}

async function startServer(): Promise<TestServer> {
  const external = process.env['TEST_DATABASE_URL'];
  return external ? await prepareExternal(external) : await startEmbedded();
}

async function startEmbedded(): Promise<TestServer> {
  dataDir = mkdtempSync(join(tmpdir(), 'cardwright-test-'));
  const cached = join(cacheFolder(), `postgres-${templateTag()}`);
  const cluster = clusterFolder(dataDir);
  if (existsSync(cached)) copyCluster(cached, cluster);
  let embedded = await startEmbeddedPostgres({ dataDir });
  const template = 'cardwright_template';
  const urlOf = (database: string): string => connectionUrl({ ...embedded.connection, database });
  if (await createTemplate(urlOf, template)) {
    await embedded.stop();
    keepInCache(cluster, cached);
    embedded = await startEmbeddedPostgres({ dataDir });
  }
  return { urlOf, template, embedded };
}

async function prepareExternal(url: string): Promise<TestServer> {
  // Not by the class URL: it refuses the form for unix sockets, without a host.
  const urlOf = (database: string): string => url.replace(/^(\w+:\/\/[^/?]*)(\/[^?]*)?/, `$1/${database}`);
  const template = `cardwright_template_${templateTag()}`;
  const client = await connect(urlOf('postgres'));
  try {
    await client.query('select pg_advisory_lock(hashtext($1))', [template]); // Released with the session.
    await createTemplate(urlOf, template);
  } finally {
    await client.end();
  }
  return { urlOf, template, embedded: undefined };
}

/** Makes the template database unless it is there whole. Answers whether it was made. */
async function createTemplate(urlOf: (database: string) => string, template: string): Promise<boolean> {
  const client = await connect(urlOf('postgres'));
  try {
    const found = await client.query('select from pg_database where datname = $1 and datistemplate', [
      template,
    ]);
    if (found.rowCount === 1) return false;
    await client.query(`drop database if exists ${template} with (force)`);
    await client.query(`create database ${template}`);
    const pool = createPool({ connectionString: urlOf(template) }, { applicationName: 'test template' });
    try {
      await runMigrations({ pgPool: pool });
      await migrate(pool);
    } finally {
      await pool.end();
    }
    await client.query(`alter database ${template} is_template true`);
    return true;
  } finally {
    await client.end();
  }
}

/** Changes with whatever the template is made of. */
function templateTag(): string {
  const engine = createRequire(import.meta.url).resolve('graphile-worker');
  const manifest = readFileSync(join(dirname(dirname(engine)), 'package.json'), 'utf8');
  const migrations = readMigrations().map((migration) => migration.checksum);
  const parts = [manifest, locateBinaries().packageVersion, ...migrations];
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 16);
}

/** Clusters ready to be copied, for each user; a copy takes a tenth of the time of making one. */
function cacheFolder(): string {
  const modules = join(locateBinaries().native, '..', '..', '..');
  return join(modules, '.cache', `cardwright-${process.getuid?.() ?? 'user'}`);
}

function keepInCache(cluster: string, cached: string): void {
  const unfinished = `${cached}.unfinished-${process.pid}`;
  try {
    mkdirSync(dirname(cached), { recursive: true, mode: 0o700 });
    copyCluster(cluster, unfinished);
    renameSync(unfinished, cached);
  } catch {
    // Read-only, or another test process was faster: the cache only saves time.
    rmSync(unfinished, { recursive: true, force: true });
  }
}

function copyCluster(from: string, to: string): void {
  // Ten times as fast as cpSync on a thousand small files.
  execFileSync('cp', ['-R', from, to]);
}

async function connectionsTo(adminUrl: string, database: string): Promise<string[]> {
  const client = await connect(adminUrl);
  try {
    // A session that was just ended takes a moment to disappear.
    for (let attempt = 0; ; attempt += 1) {
      const { rows } = await client.query<{ who: string }>(
        `select application_name || ': ' || left(query, 80) as who from pg_stat_activity
          where datname = $1 and backend_type = 'client backend'`,
        [database],
      );
      if (rows.length === 0 || attempt === 20) return rows.map((row) => row.who);
      await client.query('select pg_sleep(0.025)');
    }
  } finally {
    await client.end();
  }
}

async function administer(url: string, statements: readonly string[]): Promise<void> {
  const client = await connect(url);
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

async function connect(url: string): Promise<Client> {
  const client = new Client({ connectionString: url, application_name: 'test harness' });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

function removeDataDir(): void {
  if (dataDir && !kept) rmSync(dataDir, { recursive: true, force: true });
}
