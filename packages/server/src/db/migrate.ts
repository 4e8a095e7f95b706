import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Pool, PoolClient } from 'pg';
import { inTransaction } from './transaction.ts';

/** The product's own migrations. */
export const migrationsFolder = fileURLToPath(new URL('./migrations', import.meta.url));

/** One migration file, for example `0001_intake.sql`. */
export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

/** What was done. */
export interface MigrationResult {
  /** Names of the files that this call applied. */
  readonly applied: readonly string[];
  /** Version of the schema now. */
  readonly version: number;
}

/** The database's schema does not fit this program. The message is bilingual and complete: print it as it is. */
export class MigrationRefusal extends Error {
  override readonly name = 'MigrationRefusal';
  readonly reason: 'schema_newer' | 'file_changed' | 'order_broken';

  constructor(reason: MigrationRefusal['reason'], chinese: string, english: string) {
    super(`${chinese}\n${english}`);
    this.reason = reason;
  }
}

/** "cardwrig" in ASCII: everyone who migrates this product's schema takes this advisory lock. */
const advisoryLock = 0x6361_7264_7772_6967n;

/**
 * Reads the migrations of a folder in order.
 * @throws Error when a name is malformed or the numbers are not 1, 2, 3 …: two branches that took one number clash here.
 */
export function readMigrations(folder: string = migrationsFolder): Migration[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.sql'));
  return names.sort().map((name, index) => {
    const version = Number(/^(\d{4})_[a-z0-9_]+\.sql$/.exec(name)?.[1]);
    if (version !== index + 1) {
      throw new Error(`Migration ${name} should be number ${index + 1}, as in 0001_what_it_makes.sql`);
    }
    // A checkout may have turned line ends: the same statements keep the same checksum.
    const sql = readFileSync(join(folder, name), 'utf8').replaceAll('\r\n', '\n');
    return { version, name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
  });
}

/**
 * Brings the schema up to date. Any number of processes may call it at once: each step is one transaction that holds an
 * advisory lock until it ends, looks at what is there, and applies one file with its record or nothing.
 * A file can therefore hold neither COMMIT nor CREATE INDEX CONCURRENTLY.
 * @throws MigrationRefusal when the schema is newer than the files, or an applied file was changed.
 */
export async function migrate(
  pool: Pool,
  migrations: readonly Migration[] = readMigrations(),
): Promise<MigrationResult> {
  const applied: string[] = [];
  for (;;) {
    const step = await inTransaction(pool, (client) => applyNext(client, migrations));
    if (step === undefined) return { applied, version: migrations.length };
    applied.push(step);
  }
}

async function applyNext(client: PoolClient, migrations: readonly Migration[]): Promise<string | undefined> {
  // Waiting for the others, and a long migration, must not run into the pool's limits.
  await client.query('set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0');
  await client.query('select pg_advisory_xact_lock($1)', [advisoryLock]);
  await client.query(`create table if not exists schema_migrations (
    version int primary key,
    name text not null,
    checksum text not null,
    applied_at timestamptz not null default now()
  )`);
  const { rows } = await client.query<AppliedRow>(
    'select version, name, checksum from schema_migrations order by version',
  );
  check(rows, migrations);
  const next = migrations[rows.length];
  if (!next) return undefined;
  await runFile(client, next);
  await client.query('insert into schema_migrations (version, name, checksum) values ($1, $2, $3)', [
    next.version,
    next.name,
    next.checksum,
  ]);
  return next.name;
}

interface AppliedRow {
  readonly version: number;
  readonly name: string;
  readonly checksum: string;
}

async function runFile(client: PoolClient, migration: Migration): Promise<void> {
  const before = await transactionId(client);
  try {
    await client.query(migration.sql);
  } catch (error) {
    throw new Error(`Migration ${migration.name} failed: ${describe(error, migration.sql)}`, {
      cause: error,
    });
  }
  if ((await transactionId(client)) !== before) {
    throw new Error(`Migration ${migration.name} ended its transaction: it must not hold COMMIT or ROLLBACK`);
  }
}

async function transactionId(client: PoolClient): Promise<string | undefined> {
  const { rows } = await client.query<{ id: string }>('select pg_current_xact_id()::text as id');
  return rows[0]?.id;
}

function describe(error: unknown, sql: string): string {
  const { message, position } = error as { message: string; position?: string };
  return position ? `${message} (line ${sql.slice(0, Number(position)).split('\n').length})` : message;
}

function check(rows: readonly AppliedRow[], migrations: readonly Migration[]): void {
  const newest = rows.at(-1)?.version ?? 0;
  if (newest > migrations.length) {
    throw new MigrationRefusal(
      'schema_newer',
      `数据库结构版本为 ${newest}，高于本程序所知的 ${migrations.length}：它已被更新版本的 Cardwright 升级。请使用新版本程序，或恢复升级前的备份。`,
      `The database schema is at version ${newest}, this program knows up to ${migrations.length}: a newer Cardwright has upgraded it. Run the newer program, or restore the backup from before the upgrade.`,
    );
  }
  rows.forEach((row, index) => {
    const file = migrations[index];
    if (row.version !== index + 1) {
      throw new MigrationRefusal(
        'order_broken',
        `数据库的升级记录 schema_migrations 缺少版本 ${index + 1}，记录已损坏。请从备份恢复。`,
        `The database's record of migrations (schema_migrations) lacks version ${index + 1}: it is damaged. Restore it from a backup.`,
      );
    }
    if (row.checksum !== file?.checksum) {
      throw new MigrationRefusal(
        'file_changed',
        `已执行过的升级脚本 ${row.name} 内容已改变（现为 ${file?.name}）。已执行的脚本不可修改：请恢复原文件，另建新脚本。`,
        `The applied migration ${row.name} is no longer what was applied (now ${file?.name}). Applied files never change: restore it and add a new one.`,
      );
    }
  });
}
