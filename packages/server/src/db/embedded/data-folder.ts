import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerIdentity } from './identity.ts';
import { EmbeddedPostgresRefusal } from './refusal.ts';

/** Folder of the PostgreSQL cluster (PGDATA) inside the launcher's data folder. */
export function clusterFolder(dataDir: string): string {
  return join(dataDir, 'cluster');
}

/** Where an initdb that is not finished yet works. Renamed to the cluster folder when it is. */
export const unfinishedClusterPrefix = 'cluster.unfinished-';

/** Removes what killed processes left half done. The folder must be locked. */
export async function removeUnfinished(dataDir: string): Promise<void> {
  for (const name of readdirSync(dataDir)) {
    if (!name.startsWith(unfinishedClusterPrefix)) continue;
    const path = join(dataDir, name);
    // A killed initdb's last child lives on for a moment and still writes; rmSync may then give up without a word.
    for (let attempt = 0; existsSync(path) && attempt < 100; attempt += 1) {
      if (attempt > 0) await sleep(50);
      removeTree(path);
    }
  }
}

function removeTree(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY') throw error;
  }
}

/**
 * Gives the data folder and all below it to the server's user, where it is not so already (the way of dropping
 * privileges may differ from the last start's), and shuts others out.
 * @throws EmbeddedPostgresRefusal `folder_not_ours` when one who is not root finds another's files.
 */
export function takeOwnership(dataDir: string, identity: ServerIdentity): void {
  for (const name of ['', ...readdirSync(dataDir)]) {
    const path = join(dataDir, name);
    const { uid } = lstatSync(path);
    if (uid === identity.uid) continue;
    if (process.getuid?.() !== 0) throw notOurs(path, uid, identity.uid);
    if (name !== '') chownTree(path, identity);
  }
  if (lstatSync(dataDir).uid !== identity.uid) chownSync(dataDir, identity.uid, identity.gid);
  chmodSync(dataDir, 0o700);
}

/** Gives one file or folder to the server's user. */
export function give(path: string, identity: ServerIdentity): void {
  if (identity.kind === 'uid') lchownSync(path, identity.uid, identity.gid);
}

/** The folder itself comes last: while it is still another's, the next start repeats the work. */
function chownTree(path: string, identity: ServerIdentity): void {
  if (lstatSync(path).isDirectory()) {
    for (const name of readdirSync(path)) chownTree(join(path, name), identity);
  }
  lchownSync(path, identity.uid, identity.gid);
}

/** sun_path holds 108 bytes on Linux and 104 on macOS, a closing zero among them. */
const socketPathLimit = process.platform === 'darwin' ? 103 : 107;

/**
 * Makes the folder of the unix socket, which nobody else may enter: inside the data folder, or, where that path is too
 * long for a socket, in the system's folder for temporary files.
 */
export function makeSocketFolder(dataDir: string, port: number, identity: ServerIdentity): string {
  const inside = join(dataDir, 'socket');
  const folder = fits(inside, port) ? inside : makeShortFolder(dataDir, port, identity);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  give(folder, identity);
  // A killed server leaves its socket's lock file behind, and while its process id belongs to a zombie or to somebody
  // else, PostgreSQL would take that server for alive. Under our folder's lock it is not.
  rmSync(join(folder, `.s.PGSQL.${port}.lock`), { force: true });
  return folder;
}

function makeShortFolder(dataDir: string, port: number, identity: ServerIdentity): string {
  const { dev, ino } = lstatSync(dataDir);
  const tag = createHash('sha256').update(`${dev}:${ino}`).digest('hex').slice(0, 12);
  const base = fits(join(tmpdir(), `cardwright-${tag}`), port) ? tmpdir() : '/tmp';
  const folder = join(base, `cardwright-${tag}`);
  try {
    mkdirSync(folder, { mode: 0o700 });
    return folder;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  // Anyone may make a folder of this name: it is ours only if a folder, our own, and closed.
  const found = lstatSync(folder);
  const owned = found.uid === identity.uid || found.uid === process.getuid?.();
  if (found.isDirectory() && owned && (found.mode & 0o077) === 0) return folder;
  return mkdtempSync(join(base, 'cardwright-'));
}

function fits(folder: string, port: number): boolean {
  return Buffer.byteLength(join(folder, `.s.PGSQL.${port}`)) < socketPathLimit;
}

/** Removes the socket folder after the server stopped, if it is not inside the data folder. */
export function removeSocketFolder(dataDir: string, folder: string): void {
  if (folder !== join(dataDir, 'socket')) rmSync(folder, { recursive: true, force: true });
}

/**
 * Name that the server and all its processes carry in their titles, so that they can be told from any other
 * PostgreSQL's. Made from the folder's identity on disk: a copied cluster has another name than its original.
 */
export function clusterName(cluster: string): string {
  const { dev, ino } = lstatSync(cluster, { bigint: true });
  return `cardwright-${createHash('sha256').update(`${dev}:${ino}`).digest('hex').slice(0, 12)}`;
}

/** The refusal for a file or folder of another user, `owner`, while we are `uid`. */
export function notOurs(path: string, owner: number, uid: number): EmbeddedPostgresRefusal {
  return new EmbeddedPostgresRefusal(
    'folder_not_ours',
    `${path} 属于另一个用户（uid ${owner}，当前 uid ${uid}）。请用原来的用户启动（例如 sudo），或执行 chown -R 更改 ${basename(path)} 的属主，或用 --data 选择另一个目录。`,
    `${path} belongs to another user (uid ${owner}, we are ${uid}). Start as the user who made it (with sudo, perhaps), change its owner with chown -R, or choose another folder with --data.`,
  );
}
