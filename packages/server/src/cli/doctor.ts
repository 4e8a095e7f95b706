import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Pool } from 'pg';
import type { Config } from '../config.ts';
import { countOpenParkedJobs, listWorkers } from '../jobs/parked.ts';
import { findUnknownJobs } from '../jobs/schedules.ts';
import type { TaskRegistry } from '../jobs/tasks.ts';
import type { Vault } from '../vault/vault.ts';
import { print, printJson } from './terminal.ts';

export interface Finding {
  readonly check: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** `cardwright doctor`: database, clock, data folder, keys, reachability. Exit 1 where something is wrong. */
export async function doctor(
  config: Config,
  openDatabase: () => Promise<{
    pool: Pool;
    vault: Vault;
    registry: TaskRegistry;
    close: () => Promise<void>;
  }>,
  asJson: boolean,
): Promise<number> {
  const findings: Finding[] = [checkRuntime(), checkDataFolder(config.dataDir)];
  try {
    const database = await openDatabase();
    try {
      findings.push(await checkDatabase(database.pool), await checkVault(database.vault));
      findings.push(await checkJobs(database.pool, database.registry));
    } finally {
      await database.close();
    }
  } catch (error) {
    findings.push({ check: '数据库与密钥 database and keys', ok: false, detail: (error as Error).message });
  }
  if (config.environments.length === 0) {
    findings.push({
      check: '平台环境 environments',
      ok: false,
      detail: '未配置 · none is configured: see docs/configuration.md',
    });
  }
  for (const environment of config.environments)
    findings.push(await checkGateway(environment.name, environment.gateway));
  if (asJson) printJson({ ok: findings.every(({ ok }) => ok), findings });
  else for (const { check, ok, detail } of findings) print(`${ok ? '✓' : '✗'} ${check}: ${detail}`);
  return findings.every(({ ok }) => ok) ? 0 : 1;
}

function checkRuntime(): Finding {
  const major = Number(process.versions.node.split('.')[0]);
  return {
    check: 'Node',
    ok: major >= 24,
    detail: `${process.versions.node}${major >= 24 ? '' : ' · 24 or newer is needed'}`,
  };
}

function checkDataFolder(dataDir: string): Finding {
  const check = '数据目录 data folder';
  const folder = existsSync(dataDir) ? dataDir : dirname(dataDir);
  try {
    accessSync(folder, constants.W_OK);
    const { bavail, bsize } = statfsSync(folder);
    const freeMiB = Math.floor((bavail * bsize) / 1_048_576);
    return {
      check,
      ok: freeMiB >= 1_024,
      detail: `${dataDir}, ${freeMiB} MiB 可用 free${freeMiB < 1_024 ? ' · less than 1 GiB' : ''}`,
    };
  } catch {
    return { check, ok: false, detail: `不可写 · ${folder} is not writable by this user` };
  }
}

async function checkDatabase(pool: Pool): Promise<Finding> {
  const check = '数据库 database';
  const result = await pool.query<{ version: string; encoding: string; fsync: string; drift: number }>(
    `select current_setting('server_version') as version, current_setting('server_encoding') as encoding,
       current_setting('fsync') as fsync, extract(epoch from clock_timestamp())::float8 * 1000 - $1::float8 as drift`,
    [Date.now()],
  );
  const row = result.rows[0];
  if (row === undefined) return { check, ok: false, detail: 'no answer' };
  const ok = row.encoding === 'UTF8' && row.fsync === 'on' && Math.abs(row.drift) < 5_000;
  return {
    check,
    ok,
    detail: `PostgreSQL ${row.version}, ${row.encoding}, fsync ${row.fsync}, 时钟差 clock ${Math.round(row.drift)} ms`,
  };
}

async function checkVault(vault: Vault): Promise<Finding> {
  const place = { environment: 'daily', cardOrderId: 1n, column: 'receiver' } as const;
  const ok = (await vault.open(place, vault.seal(place, 'doctor'))) === 'doctor';
  return {
    check: '保险库 vault',
    ok,
    detail: ok ? `密钥 key ${vault.keyId} 可用 works` : '密钥不可用 · the key does not open what it seals',
  };
}

/** Parked jobs need a person; jobs of a task that is not known here need another version. */
async function checkJobs(pool: Pool, registry: TaskRegistry): Promise<Finding> {
  const parked = await countOpenParkedJobs(pool);
  const unknown = await findUnknownJobs(pool, registry);
  const workers = await listWorkers(pool);
  const problems = [
    ...(parked > 0 ? [`${parked} 个已搁置 parked: cardwright jobs parked`] : []),
    ...unknown.map(({ task, count }) => `${count} × ${task} 本版本不认识 unknown to this version`),
  ];
  return {
    check: '后台任务 jobs',
    ok: problems.length === 0,
    detail: [`${workers.length} 个工作进程 worker processes`, ...problems].join(', '),
  };
}

/** Any HTTP answer proves the way there; its Date header tells how far our clock is off. */
async function checkGateway(name: string, gateway: string): Promise<Finding> {
  const check = `平台网关 gateway ${name}`;
  try {
    const answer = await fetch(gateway, { signal: AbortSignal.timeout(5_000), redirect: 'manual' });
    await answer.body?.cancel();
    const date = Date.parse(answer.headers.get('date') ?? '');
    const driftSeconds = Number.isNaN(date) ? undefined : Math.round((Date.now() - date) / 1000);
    const ok = driftSeconds === undefined || Math.abs(driftSeconds) <= 60;
    return { check, ok, detail: `${gateway} 可达 reachable, 时钟差 clock ${driftSeconds ?? '?'} s` };
  } catch (error) {
    const cause = (error as { cause?: { code?: string } }).cause?.code ?? (error as Error).name;
    return { check, ok: false, detail: `${gateway} 不可达 · cannot be reached (${cause})` };
  }
}
