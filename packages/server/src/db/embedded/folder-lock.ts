import { accessSync, constants, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { notOurs } from './data-folder.ts';
import { EmbeddedPostgresRefusal } from './refusal.ts';

/** A folder held for this process until `release`, or until the process ends in whatever way. */
export interface FolderLock {
  release(): void;
}

const sqliteBusy = 5;
const sqliteReadOnly = 8;

/**
 * Takes `folder` for this process alone.
 *
 * Node has no flock, and a file with a process id in it is wrong after kill -9 or when the id is used again. SQLite,
 * which Node brings, takes a real kernel lock (fcntl): it is gone the moment the process is, it holds across
 * containers on one machine, and taking over a stale one cannot race. The lock file stays empty; who holds it is
 * written beside it, for the message only.
 *
 * @throws EmbeddedPostgresRefusal `folder_in_use` when another live process, or this one, holds it; `folder_not_ours`
 * when we may not write there.
 */
export function lockFolder(folder: string): FolderLock {
  const holderFile = join(folder, 'lock.holder');
  if (!isWritable(folder)) throw notOurs(folder, statSync(folder).uid, process.getuid?.() ?? -1);
  const database = new DatabaseSync(join(folder, 'lock'));
  try {
    database.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    const code = (error as { errcode?: unknown }).errcode;
    if (code === sqliteBusy) throw inUse(folder, readHolder(holderFile));
    if (code === sqliteReadOnly) throw notOurs(folder, statSync(folder).uid, process.getuid?.() ?? -1);
    throw error;
  }
  writeFileSync(holderFile, `${process.pid}\n`, { mode: 0o600 });
  return { release: () => database.isOpen && database.close() };
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function readHolder(holderFile: string): string | undefined {
  try {
    return /^\d+/.exec(readFileSync(holderFile, 'utf8'))?.[0];
  } catch {
    return undefined;
  }
}

/** The refusal for a folder that a running process, `pid` if known, has in use. */
export function inUse(folder: string, pid: string | undefined): EmbeddedPostgresRefusal {
  return new EmbeddedPostgresRefusal(
    'folder_in_use',
    `数据目录正被另一个进程使用${pid ? `（进程号 ${pid}）` : ''}：${folder}。请先停止该进程，或用 --data 指定另一个目录。`,
    `The data folder is in use by another process${pid ? ` (pid ${pid})` : ''}: ${folder}. Stop that process first, or choose another folder with --data.`,
  );
}
