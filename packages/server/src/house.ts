import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Environment } from '@cardwright/top';
import { runMigrations } from 'graphile-worker';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { CheckpointParts } from './audit/checkpoint.ts';
import { loadSigner } from './audit/signing-key.ts';
import { createAcceptCardOrder } from './card-order/accept.ts';
import { storeOrders } from './card-order/accept-store.ts';
import { CommitCoalescer } from './card-order/commit-coalescer.ts';
import { requestReplan } from './card-order/plan.ts';
import { findProgress, storeReceipt } from './card-order/progress-store.ts';
import { alreadyByCodes } from './card-order/report.ts';
import { checkTransitions } from './card-order/transitions.ts';
import type { Config } from './config.ts';
import { migrate } from './db/migrate.ts';
import { createPool } from './db/pool.ts';
import { sqlState } from './db/server-error.ts';
import { inTransaction } from './db/transaction.ts';
import { createAdmit } from './gateway/admit.ts';
import type { GatewayServices } from './gateway/handlers.ts';
import { createGateway } from './gateway/server.ts';
import { cardTasks } from './jobs/card-tasks.ts';
import { planningTasks } from './jobs/order-tasks.ts';
import { reportTasks } from './jobs/report-tasks.ts';
import { sweepSchedule, sweepTask } from './jobs/sweep.ts';
import { createRegistry, type TaskRegistry } from './jobs/tasks.ts';
import { upkeepSchedules, upkeepTasks } from './jobs/upkeep-tasks.ts';
import { startWorker } from './jobs/worker.ts';
import { storeTurns } from './personalisation/store-turns.ts';
import { jobsAfterFetch } from './personalisation/watch.ts';
import { createGate } from './platform/gate.ts';
import { createPlatform, type Platform } from './platform/platform.ts';
import { storeTemplate } from './template/template-store.ts';
import { type CardVault, createCardVault } from './vault/card-vault.ts';
import { keyProvider } from './vault/key-provider.ts';
import { findForeignKeys } from './vault/key-usage.ts';
import { openVault, type Vault } from './vault/vault.ts';
import { TryLater } from './work.ts';

/** The rooms, wired. `close` finishes what was acknowledged and leaves nothing running. */
export interface House {
  readonly pool: Pool;
  readonly vault: Vault;
  /** The key that signs the audit log, and where its checkpoints lie outside the database. */
  readonly audit: CheckpointParts;
  readonly cardVault: CardVault;
  /** The platform of an environment. Throws TryLater for one that is not configured. */
  readonly platformOf: (environment: Environment) => Platform;
  /** All that its workers can do. */
  readonly registry: TaskRegistry;
  /** Starts the gateway; answers the port that is listened on. */
  serveGateway(): Promise<{ port: number }>;
  /** Starts a worker in this process; answers when it takes jobs. */
  serveWorker(): Promise<void>;
  close(): Promise<void>;
}

/** What a database needs before it serves: the job engine's schema, then ours. Safe to call from many at once. */
export async function prepareDatabase(connectionString: string, pool: Pool): Promise<void> {
  const enginePool = createPool(
    { connectionString },
    {
      applicationName: 'cardwright migrations',
      int8: 'string',
      statementTimeoutMs: 0,
      maxConnections: 1,
    },
  );
  try {
    await runMigrations({ pgPool: enginePool });
  } finally {
    await enginePool.end();
  }
  await migrate(pool);
}

export async function openHouse(config: Config, connectionString: string, log: Logger): Promise<House> {
  let closing = false;
  const onLostConnection = (error: Error): void => {
    if (!closing) log.warn({ err: error }, 'a database connection was lost');
  };
  const pool = createPool(
    { connectionString },
    { applicationName: 'cardwright', maxConnections: 6, statementTimeoutMs: 10_000, onLostConnection },
  );
  await prepareDatabase(connectionString, pool);
  const vault = await openVault(
    keyProvider(
      config.vaultKey === undefined
        ? { kind: 'file', path: config.vaultKeyFile }
        : { kind: 'environment', base64: config.vaultKey, setting: 'vaultKey (CARDWRIGHT_VAULT_KEY)' },
    ),
  );
  await refuseForeignVault(pool, vault);
  await checkTransitions(pool);
  const audit = {
    signer: loadSigner(
      config.auditKey === undefined
        ? { kind: 'file', path: config.auditKeyFile }
        : { kind: 'environment', base64: config.auditKey, setting: 'auditKey (CARDWRIGHT_AUDIT_KEY)' },
    ),
    copyPath: join(config.dataDir, 'audit/checkpoints.jsonl'),
  };
  const cardVault = createCardVault(vault);
  const platforms = openPlatforms(config, pool, log);
  const registry = createRegistry(
    [
      ...planningTasks,
      ...cardTasks({
        vault: cardVault,
        platformOf: platforms.of,
        pause: async (ms, signal) => {
          await sleep(ms, undefined, { signal }).catch(() => {});
        },
        takeTurn: storeTurns({ pause: (ms) => sleep(ms), nowMs: () => performance.now() }),
        random: Math.random,
        now: () => new Date(),
        nextJobs: jobsAfterFetch,
      }),
      ...reportTasks({ platformOf: platforms.of, meansAlready: alreadyByCodes(config.environments) }),
      ...upkeepTasks({ pool, audit, secretRetentionDays: config.secretRetentionDays }),
      sweepTask(jobsAfterFetch, log),
    ],
    [sweepSchedule, ...upkeepSchedules],
  );
  const closers: (() => Promise<unknown>)[] = [() => pool.end(), async () => platforms.close()];
  return {
    pool,
    vault,
    audit,
    cardVault,
    platformOf: platforms.of,
    registry,
    serveWorker: async () => {
      const worker = startWorker({
        openPool: (options) => createPool({ connectionString }, { ...options, onLostConnection }),
        registry,
        self: { host: hostname(), pid: process.pid, role: config.role },
        log,
      });
      closers.unshift(() => worker.stop());
      await worker.started;
    },
    serveGateway: async () => {
      const gateway = createGateway({
        admit: createAdmit(config.environments, Date.now),
        services: gatewayServices(pool, vault),
        dialectOf: (name) =>
          (config.environments.find((environment) => environment.name === name) ?? config.environments[0])
            ?.dialect,
        readiness: () => readiness(pool),
        trustedProxies: config.trustedProxies,
        log,
      });
      closers.unshift(() => gateway.close());
      const address = await gateway.listen({ host: config.host, port: config.port });
      return { port: Number(new URL(address).port) };
    },
    close: async () => {
      closing = true;
      for (const close of closers) await close();
    },
  };
}

/** While one batch is being flushed to disk the next one is executed; more at once would make the batches smaller. */
const commitLanes = 2;

/** Classes 22 (data) and 23 (constraint) are an input's own fault; anything else is the database's. */
const isOneInputsFault = (error: unknown): boolean => /^2[23]/.test(sqlState(error) ?? '');

export function gatewayServices(pool: Pool, vault: Vault): GatewayServices {
  const coalescer = new CommitCoalescer(
    (batch: Parameters<typeof storeOrders>[1]) => storeOrders(pool, batch),
    {
      lanes: commitLanes,
      maxBatch: 128,
      maxWaiting: 4_096,
      isOneInputsFault,
    },
  );
  return {
    acceptCardOrder: createAcceptCardOrder(vault, (offered) => coalescer.submit(offered)),
    storeTemplate: (template) =>
      inTransaction(pool, async (client) => {
        const outcome = await storeTemplate(client, template);
        if (outcome === 'stored') await requestReplan(client, template.own_sign, template.template_no);
        return outcome;
      }),
    findProgress: (environment, cardOrderId) => findProgress(pool, environment, cardOrderId),
    storeReceipt: (environment, cardOrderId) => storeReceipt(pool, environment, cardOrderId),
  };
}

/** The platform of each environment that is configured. An order of another one waits until its settings are back. */
function openPlatforms(
  config: Config,
  pool: Pool,
  log: Logger,
): { of: (environment: Environment) => Platform; close: () => void } {
  const platforms = new Map(
    config.environments.map((environment) => {
      const gate = createGate(pool, environment.name, {
        onError: (error) => log.warn({ room: 'platform', err: error }, 'the state of a door was not stored'),
      });
      return [environment.name, createPlatform(environment, gate)] as const;
    }),
  );
  return {
    of: (environment) => {
      const platform = platforms.get(environment);
      if (platform !== undefined) return platform;
      throw new TryLater(`the environment ${environment} is not configured`, {
        delayMs: 60_000,
        counts: false,
      });
    },
    close: () => {
      for (const platform of platforms.values()) platform.close();
    },
  };
}

async function readiness(pool: Pool): Promise<{ ready: boolean; detail: string }> {
  try {
    await pool.query('select 1');
    return { ready: true, detail: 'database answers' };
  } catch {
    return { ready: false, detail: 'the database does not answer' };
  }
}

async function refuseForeignVault(pool: Pool, vault: Vault): Promise<void> {
  const reason = await findForeignKeys(pool, vault);
  if (reason !== undefined) throw new Error(reason);
}

/** The product's version, from its package. */
export function version(): string {
  const manifest = JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8')) as {
    version: string;
  };
  return manifest.version;
}
