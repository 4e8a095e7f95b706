import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { readPassword, superuser } from './cluster.ts';
import { clusterFolder } from './data-folder.ts';
import { readPostmasterFile } from './leftovers.ts';
import { connectionUrl, databaseName } from './start.ts';

/**
 * The address of the embedded server that another process of ours runs on this folder, or undefined where none is
 * ready. Holds the password: not for logs.
 */
export function findRunningServer(dataDir: string): string | undefined {
  if (!existsSync(dataDir)) return undefined;
  const cluster = clusterFolder(realpathSync(dataDir));
  if (!existsSync(cluster) || readPostmasterFile(cluster)?.ready !== true) return undefined;
  const lines = readFileSync(join(cluster, 'postmaster.pid'), 'utf8').split('\n');
  const [port, socketFolder] = [Number(lines[3]), lines[4]?.trim() ?? ''];
  if (!Number.isSafeInteger(port) || socketFolder === '') return undefined;
  return connectionUrl({
    host: socketFolder,
    port,
    user: superuser,
    password: readPassword(cluster),
    database: databaseName,
  });
}
