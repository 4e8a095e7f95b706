import { chmodSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectionUrl, startEmbeddedPostgres } from '../../packages/server/src/db/embedded/start.ts';
import { createPool } from '../../packages/server/src/db/pool.ts';
import { prepareDatabase } from '../../packages/server/src/house.ts';
import { keyProvider } from '../../packages/server/src/vault/key-provider.ts';
import { openVault } from '../../packages/server/src/vault/vault.ts';
import { prepareSimDatabase } from './database.ts';
import { openIntake } from './intake.ts';
import type { Stage } from './schedule.ts';

export type OpenedStage = Stage & { close(): Promise<void> };

/** Sets the stage on a migrated database that nobody else uses. */
export async function openStage(connectionString: string): Promise<OpenedStage> {
  const database = await prepareSimDatabase(connectionString);
  const base64 = Buffer.alloc(32, 7).toString('base64');
  const vault = await openVault(keyProvider({ kind: 'environment', base64, setting: 'the simulation' }));
  const intake = await openIntake();
  return {
    database,
    intake,
    vault,
    close: async () => {
      await intake.close();
      await database.pool.end();
    },
  };
}

/** Several stages on an embedded PostgreSQL of their own, gone when they are closed. */
export async function openStages(
  count: number,
): Promise<{ stages: readonly Stage[]; close(): Promise<void> }> {
  const dataDir = realpathSync(mkdtempSync(join(tmpdir(), 'cardwright-sim-')));
  // PostgreSQL may run as another user, who has to pass through this folder.
  chmodSync(dataDir, 0o755);
  const server = await startEmbeddedPostgres({ dataDir: join(dataDir, 'postgres') });
  const urlOf = (database: string): string => connectionUrl({ ...server.connection, database });
  const stages: OpenedStage[] = [];
  const close = async (): Promise<void> => {
    for (const stage of stages) await stage.close();
    await server.stop('immediate');
    rmSync(dataDir, { recursive: true, force: true });
  };
  try {
    await administer(server.connectionString, (pool) => prepareDatabase(server.connectionString, pool));
    const template = server.connection.database;
    for (let lane = 0; lane < count; lane++) {
      await administer(urlOf('postgres'), (pool) =>
        pool.query(`create database sim_${lane} template "${template}"`),
      );
      stages.push(await openStage(urlOf(`sim_${lane}`)));
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { stages, close };
}

async function administer(
  connectionString: string,
  work: (pool: ReturnType<typeof createPool>) => Promise<unknown>,
): Promise<void> {
  const pool = createPool({ connectionString }, { applicationName: 'sim setup', maxConnections: 1 });
  try {
    await work(pool);
  } finally {
    await pool.end();
  }
}
