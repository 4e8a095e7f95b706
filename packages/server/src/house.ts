import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runMigrations } from 'graphile-worker';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { createAcceptCardOrder } from './card-order/accept.ts';
import { storeOrders } from './card-order/accept-store.ts';
import { CommitCoalescer } from './card-order/commit-coalescer.ts';
import { requestReplan } from './card-order/plan.ts';
import { findProgress, storeReceipt } from './card-order/progress-store.ts';
import type { Config } from './config.ts';
import { migrate } from './db/migrate.ts';
import { createPool } from './db/pool.ts';
import { sqlState } from './db/server-error.ts';
import { inTransaction } from './db/transaction.ts';
import { createAdmit } from './gateway/admit.ts';
import type { GatewayServices } from './gateway/handlers.ts';
import { createGateway } from './gateway/server.ts';
import { startJobEngine, taskList, unlockAbandonedJobs } from './jobs/worker.ts';
import { storeTemplate } from './template/template-store.ts';
import { loadMasterKey } from './vault/keys.ts';
import { Vault } from './vault/vault.ts';

/** The rooms, wired. `close` finishes what was acknowledged and leaves nothing running. */
export interface House {
  readonly pool: Pool;
  readonly vault: Vault;
  /** Starts the gateway and the job engine; answers the port that is listened on. */
  serve(): Promise<{ port: number }>;
  close(): Promise<void>;
}

const enginePoolOptions = {
  applicationName: 'cardwright jobs',
  int8: 'string',
  statementTimeoutMs: 0,
} as const;

/** What a database needs before it serves: the job engine's schema, then ours. Safe to call from many at once. */
export async function prepareDatabase(connectionString: string, pool: Pool): Promise<void> {
  const enginePool = createPool({ connectionString }, { ...enginePoolOptions, maxConnections: 1 });
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
  const vault = new Vault(
    loadMasterKey(
      config.vaultKey === undefined
        ? { kind: 'file', path: config.vaultKeyFile }
        : { kind: 'environment', base64: config.vaultKey, setting: 'vaultKey (CARDWRIGHT_VAULT_KEY)' },
    ),
  );
  await refuseForeignVault(pool, vault);
  const closers: (() => Promise<unknown>)[] = [() => pool.end()];
  return {
    pool,
    vault,
    serve: async () => {
      const enginePool = createPool(
        { connectionString },
        { ...enginePoolOptions, maxConnections: 4, onLostConnection },
      );
      closers.unshift(() => enginePool.end());
      if (config.databaseUrl === undefined) await unlockAbandonedJobs(enginePool);
      const engine = startJobEngine(
        enginePool,
        taskList((work) => inTransaction(pool, work)),
        log,
      );
      closers.unshift(() => engine.stop());
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

async function readiness(pool: Pool): Promise<{ ready: boolean; detail: string }> {
  try {
    await pool.query('select 1');
    return { ready: true, detail: 'database answers' };
  } catch {
    return { ready: false, detail: 'the database does not answer' };
  }
}

/** Orders sealed under another key could never be opened again, and repeats of them would look like conflicts. */
async function refuseForeignVault(pool: Pool, vault: Vault): Promise<void> {
  const foreign = await pool.query('select 1 from card_order where receiver_key_id <> $1 limit 1', [
    vault.keyId,
  ]);
  if (foreign.rowCount !== 0) {
    throw new Error(
      '保险库密钥与数据库不符 · the vault key is not the one that sealed the orders in this database: restore the vault key file (or CARDWRIGHT_VAULT_KEY) of this data',
    );
  }
}

/** The product's version, from its package. */
export function version(): string {
  const manifest = JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8')) as {
    version: string;
  };
  return manifest.version;
}
