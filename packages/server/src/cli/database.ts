import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { EmbeddedPostgresRefusal } from '../db/embedded/refusal.ts';
import { findRunningServer } from '../db/embedded/running.ts';
import { startEmbeddedPostgres } from '../db/embedded/start.ts';

/** A database to work with; `close` stops only what was started for it. */
export interface Database {
  readonly connectionString: string;
  /** For people; holds no password. */
  readonly description: string;
  close(): Promise<void>;
}

const nothing = async (): Promise<void> => {};

const embeddedFolder = (config: Config): string => join(config.dataDir, 'postgres');

/** The database for a serving process: yours, or the embedded one, which this process then owns. */
export async function openServingDatabase(config: Config, log: Logger): Promise<Database> {
  if (config.databaseUrl !== undefined) {
    return { connectionString: config.databaseUrl, description: '外部 external', close: nothing };
  }
  const server = await startEmbeddedPostgres({
    dataDir: embeddedFolder(config),
    log: (level, message) => log[level]({ room: 'db' }, message),
  });
  server.onExit(() => log.warn('the embedded PostgreSQL ended and is being started again'));
  return {
    connectionString: server.connectionString,
    description: `内置 embedded ${server.version}, ${config.dataDir}`,
    close: () => server.stop(),
  };
}

/** The database for one command: beside a running product, or started for the command alone. */
export async function openCommandDatabase(config: Config, log: Logger): Promise<Database> {
  if (config.databaseUrl !== undefined) return openServingDatabase(config, log);
  const running = (): Database | undefined => {
    const connectionString = findRunningServer(embeddedFolder(config));
    return connectionString === undefined
      ? undefined
      : { connectionString, description: '内置 embedded', close: nothing };
  };
  try {
    return await openServingDatabase(config, log);
  } catch (error) {
    const database =
      error instanceof EmbeddedPostgresRefusal && error.reason === 'folder_in_use' ? running() : undefined;
    if (database === undefined) throw error;
    return database;
  }
}
