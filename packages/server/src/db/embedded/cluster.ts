import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type Binaries, program } from './binaries.ts';
import { clusterFolder, give, unfinishedClusterPrefix } from './data-folder.ts';
import { invoke, type ServerIdentity, serverEnvironment } from './identity.ts';
import { EmbeddedPostgresRefusal } from './refusal.ts';

/** The database role that owns everything in the embedded server. */
export const superuser = 'cardwright';

const passwordFile = 'cardwright.password';

/**
 * Makes the cluster if there is none, whole or not at all: initdb works in a folder of its own, which gets the
 * cluster's name only when it is complete and on disk.
 * @throws EmbeddedPostgresRefusal `init_failed`.
 */
export async function ensureCluster(
  dataDir: string,
  binaries: Binaries,
  identity: ServerIdentity,
): Promise<void> {
  const cluster = clusterFolder(dataDir);
  if (existsSync(cluster)) {
    checkCluster(cluster, binaries);
    chmodSync(cluster, 0o700); // PostgreSQL refuses a folder open to others, as a restored copy may be.
    return;
  }
  const unfinished = join(dataDir, unfinishedClusterPrefix + randomBytes(6).toString('hex'));
  const password = randomBytes(32).toString('base64url');
  mkdirSync(unfinished, { mode: 0o700 });
  give(unfinished, identity);
  const passwordInput = `${unfinished}.password`;
  writeDurably(passwordInput, password, identity);
  const made = join(unfinished, 'cluster');
  await runInitdb(made, passwordInput, binaries, identity);
  writeDurably(join(made, passwordFile), password, identity);
  rmSync(passwordInput);
  syncFolder(made);
  renameSync(made, cluster);
  syncFolder(dataDir);
  rmSync(unfinished, { recursive: true });
}

/** Password of the superuser. Kept inside the cluster, whose fate it shares. */
export function readPassword(cluster: string): string {
  return readFileSync(join(cluster, passwordFile), 'utf8').trim();
}

function checkCluster(cluster: string, binaries: Binaries): void {
  let found: string;
  try {
    found = readFileSync(join(cluster, 'PG_VERSION'), 'utf8').trim();
    readPassword(cluster);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new EmbeddedPostgresRefusal(
      'folder_foreign',
      `${cluster} 不是 Cardwright 建立的 PostgreSQL 数据目录，或已损坏（缺少 PG_VERSION 或 ${passwordFile}）。未做任何改动。请从备份恢复，或用 --data 选择另一个目录。`,
      `${cluster} is not a PostgreSQL folder made by Cardwright, or it is damaged (PG_VERSION or ${passwordFile} is missing). Nothing was changed. Restore it from a backup, or choose another folder with --data.`,
    );
  }
  if (found !== binaries.major) {
    throw new EmbeddedPostgresRefusal(
      'version_mismatch',
      `${cluster} 由 PostgreSQL ${found} 建立，而本程序内嵌的是 PostgreSQL ${binaries.major}，不能直接打开。未做任何改动。请使用原版本的 Cardwright 导出数据，或用 --data 选择另一个目录。`,
      `${cluster} was made by PostgreSQL ${found}; this program embeds PostgreSQL ${binaries.major}, which can't open it. Nothing was changed. Export the data with the Cardwright version that made it, or choose another folder with --data.`,
    );
  }
}

async function runInitdb(
  folder: string,
  passwordInput: string,
  binaries: Binaries,
  identity: ServerIdentity,
): Promise<void> {
  const args = [
    ...['-D', folder, '-U', superuser, '-E', 'UTF8', '--locale-provider=builtin', '--locale=C.UTF-8'],
    // A new segment is written full of zeros while every commit waits: 60 ms for the usual 16 MB.
    '--wal-segsize=1',
    ...['--data-checksums', '--auth=scram-sha-256', `--pwfile=${passwordInput}`, '--no-instructions'],
  ];
  const { file, args: words, options } = invoke(identity, program(binaries, 'initdb'), args, 'KILL');
  const child = spawn(file, words, {
    ...options,
    cwd: '/',
    env: serverEnvironment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-4000);
    });
  }
  const outcome = await new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code === 0 ? '' : `${signal ?? `exit ${code}`}`));
  });
  if (outcome === '') return;
  throw new EmbeddedPostgresRefusal(
    'init_failed',
    `无法建立 PostgreSQL 数据目录 ${folder}（initdb：${outcome}）。请检查磁盘空间和目录权限。`,
    `Could not make the PostgreSQL data folder ${folder} (initdb: ${outcome}). Check disk space and permissions.\n${output.trim()}`,
  );
}

function writeDurably(path: string, text: string, identity: ServerIdentity): void {
  writeFileSync(path, text, { mode: 0o600, flush: true });
  give(path, identity);
}

function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
