import { mkdirSync, readdirSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Client } from 'pg';
import { locateBinaries, removeOldCopies } from './binaries.ts';
import { ensureCluster, readPassword, superuser } from './cluster.ts';
import {
  clusterFolder,
  clusterName,
  makeSocketFolder,
  removeSocketFolder,
  removeUnfinished,
  takeOwnership,
} from './data-folder.ts';
import { type FolderLock, lockFolder } from './folder-lock.ts';
import { chooseIdentity, type IdentityKind } from './identity.ts';
import { clearLeftovers } from './leftovers.ts';
import { openServerLog } from './server-log-file.ts';
import { type ServerSettings, serverArguments } from './settings.ts';
import { type LauncherLog, type ServerExit, superviseServer } from './supervisor.ts';

export const databaseName = 'cardwright';
const defaultPort = 5432;

/** What to start. */
export interface EmbeddedPostgresOptions {
  /** Folder for the launcher alone; made if absent. Its parents must be open to whom the server runs as. */
  readonly dataDir: string;
  readonly log?: LauncherLog;
  /** Listen on 127.0.0.1 at this port too, for psql. Without it there is only a unix socket in a closed folder. */
  readonly port?: number;
  /** PostgreSQL settings on top of ours; those for durability and privacy can't be changed. */
  readonly settings?: ServerSettings;
  /** Narrows how root's privileges may be dropped. */
  readonly identities?: readonly IdentityKind[];
}

/** How to connect, in the shape that `pg` takes. Holds the password. */
export interface EmbeddedConnection {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

/** The running server. */
export interface EmbeddedPostgres {
  readonly connection: EmbeddedConnection;
  /** The same as a URL. Holds the password: not for logs. */
  readonly connectionString: string;
  /** Version of the server, for example `18.4`. */
  readonly version: string;
  /** Process id of the server; changes when it had to be started again. */
  readonly pid: number;
  /** How it runs, for `doctor`. */
  readonly identity: IdentityKind;
  /** Called when the server ended unasked. It is being started again already. */
  onExit(callback: (exit: ServerExit) => void): void;
  /** Stops the server (`fast` unless told otherwise) and frees the folder. Bounded by 30 seconds. */
  stop(mode?: 'fast' | 'immediate'): Promise<void>;
}

/**
 * Starts the PostgreSQL that npm brought on its folder: makes the cluster at the first start, clears up after a kill,
 * drops root's privileges, and starts the server again whenever it ends unasked. To be called on the main thread: the
 * server ends with the thread that started it.
 * @throws EmbeddedPostgresRefusal with a message for the operator when it can't be.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const log = options.log ?? (() => undefined);
  const installed = locateBinaries();
  mkdirSync(resolve(options.dataDir), { recursive: true, mode: 0o755 });
  const dataDir = realpathSync(options.dataDir);
  const lock = lockFolder(dataDir);
  try {
    return await startLocked({ ...options, dataDir, log }, installed, lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function startLocked(
  options: EmbeddedPostgresOptions & { readonly log: LauncherLog },
  installed: ReturnType<typeof locateBinaries>,
  lock: FolderLock,
): Promise<EmbeddedPostgres> {
  const { dataDir, log } = options;
  const cluster = clusterFolder(dataDir);
  await removeUnfinished(dataDir);
  removeOldCopies(installed, dataDir, readdirSync(dataDir));
  const { identity, binaries } = chooseIdentity(
    installed,
    dataDir,
    options.identities ?? ['self', 'namespace', 'uid'],
  );
  takeOwnership(dataDir, identity);
  await ensureCluster(dataDir, binaries, identity);
  const name = clusterName(cluster);
  const leftovers = await clearLeftovers(cluster, name);
  if (leftovers > 0)
    log('warn', `Ended ${leftovers} PostgreSQL processes that a killed Cardwright had left behind`);

  const port = options.port ?? defaultPort;
  const socketFolder = makeSocketFolder(dataDir, port, identity);
  const listenAddress = options.port === undefined ? '' : '127.0.0.1';
  const settings = options.settings ?? {};
  const args = serverArguments({ cluster, clusterName: name, socketFolder, port, listenAddress, settings });
  const logFile = openServerLog(join(dataDir, 'postgres.log'));
  const close = (): void => {
    logFile.close();
    removeSocketFolder(dataDir, socketFolder);
  };
  try {
    const server = await superviseServer({
      cluster,
      clusterName: name,
      binaries,
      identity,
      args,
      logFile,
      log,
    });
    const connection: EmbeddedConnection = {
      host: socketFolder,
      port,
      user: superuser,
      password: readPassword(cluster),
      database: databaseName,
    };
    const stop = async (mode: 'fast' | 'immediate' = 'fast'): Promise<void> => {
      await server.stop(mode);
      close();
      lock.release();
    };
    try {
      const version = await ensureDatabase(connection);
      log('info', `PostgreSQL ${version} is ready (${identity.kind}, pid ${server.pid})`);
      return running(server, { connection, version, identity: identity.kind, stop });
    } catch (error) {
      await server.stop('fast');
      throw error;
    }
  } catch (error) {
    close();
    throw error;
  }
}

function running(
  server: { readonly pid: number; onExit: EmbeddedPostgres['onExit'] },
  given: Pick<EmbeddedPostgres, 'connection' | 'version' | 'identity' | 'stop'>,
): EmbeddedPostgres {
  let stopped: Promise<void> | undefined;
  return {
    ...given,
    connectionString: connectionUrl(given.connection),
    get pid() {
      return server.pid;
    },
    onExit: server.onExit,
    stop: (mode) => {
      stopped ??= given.stop(mode);
      return stopped;
    },
  };
}

/** The URL form of a connection through a unix socket. */
export function connectionUrl(connection: EmbeddedConnection): string {
  const { user, password, database, host, port } = connection;
  const credentials = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`;
  const place = `host=${encodeURIComponent(host)}&port=${port}`;
  return `postgresql://${credentials}@/${encodeURIComponent(database)}?${place}`;
}

/** Makes our database at the first start. Answers the server's version. */
async function ensureDatabase(connection: EmbeddedConnection): Promise<string> {
  try {
    return await askVersion(connection);
  } catch (error) {
    if ((error as { code?: unknown }).code !== '3D000') throw error;
  }
  await withClient({ ...connection, database: 'postgres' }, (client) =>
    client.query(`create database ${databaseName}`),
  );
  return askVersion(connection);
}

async function askVersion(connection: EmbeddedConnection): Promise<string> {
  const { rows } = await withClient(connection, (client) =>
    client.query<{ server_version: string }>('show server_version'),
  );
  return rows[0]?.server_version ?? '';
}

async function withClient<T>(
  connection: EmbeddedConnection,
  use: (client: Client) => Promise<T>,
): Promise<T> {
  const client = new Client({ ...connection, application_name: 'cardwright launcher' });
  client.on('error', () => undefined); // The query in flight fails too, and says so.
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}
