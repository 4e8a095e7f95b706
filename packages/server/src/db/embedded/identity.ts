import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname } from 'node:path';
import { type Binaries, copyBinaries, ensureLibraryLinks, program } from './binaries.ts';
import { EmbeddedPostgresRefusal } from './refusal.ts';

/**
 * How PostgreSQL, which refuses to run as root, is run.
 * - `self`: as the user we are.
 * - `namespace`: we are root, or a user without a name; in a user namespace where we are nobody. Files stay ours.
 * - `uid`: we are root where namespaces are refused (some containers); as another user, who owns the files.
 */
export type IdentityKind = 'self' | 'namespace' | 'uid';

/** The user that PostgreSQL runs as. */
export interface ServerIdentity {
  readonly kind: IdentityKind;
  /** Owner of the server's files, as this process sees it. */
  readonly uid: number;
  readonly gid: number;
}

/** A program ready to be spawned. */
export interface Invocation {
  readonly file: string;
  readonly args: readonly string[];
  readonly options: { readonly uid?: number; readonly gid?: number };
}

const nobody = 65_534;
let deathSignalKnown: boolean | undefined;

/** What the server's programs see of our environment: none of its PG… settings or secrets. */
export const serverEnvironment: NodeJS.ProcessEnv = {
  // Only for finding unshare, setpriv and sh.
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/run/current-system/sw/bin',
  LC_ALL: 'C',
};

/**
 * Wraps a program so that it runs as `identity` and gets `deathSignal` when this process ends, kill -9 included.
 * (Linux with util-linux; elsewhere the next start clears up.) No wrapper stays in between: each one executes the next.
 */
export function invoke(
  identity: ServerIdentity,
  file: string,
  args: readonly string[],
  deathSignal: 'INT' | 'KILL',
): Invocation {
  const words = [file, ...args];
  // After unshare: entering a namespace would reset the signal.
  if (hasDeathSignal()) words.unshift('setpriv', '--pdeathsig', deathSignal, '--');
  if (identity.kind === 'namespace') {
    words.unshift('unshare', '-U', `--map-user=${nobody}`, `--map-group=${nobody}`, '--');
  }
  const options = identity.kind === 'uid' ? { uid: identity.uid, gid: identity.gid } : {};
  return { file: words[0] ?? file, args: words.slice(1), options };
}

/**
 * Chooses the user for the server, and the programs it can run: the installed ones, or a copy in `folder`.
 * `allowed` narrows the choice, for tests.
 * @throws EmbeddedPostgresRefusal `folder_closed` when root finds no user that may enter the folder,
 * `platform_unsupported` when the programs don't run here.
 */
export function chooseIdentity(
  installed: Binaries,
  folder: string,
  allowed: readonly IdentityKind[],
): { identity: ServerIdentity; binaries: Binaries } {
  const linked = ensureLibraryLinks(installed);
  for (const identity of candidates(folder)) {
    if (!allowed.includes(identity.kind)) continue;
    if (!canEnter(identity, dirname(folder))) continue;
    if (linked && canRun(identity, installed)) return { identity, binaries: installed };
    const binaries = copyBinaries(installed, folder);
    // The copy still has to be given to another user; for ourselves it must run by now.
    if (identity.kind !== 'uid' && !canRun(identity, binaries))
      throw cannotRun(program(binaries, 'postgres'));
    return { identity, binaries };
  }
  throw new EmbeddedPostgresRefusal(
    'folder_closed',
    `PostgreSQL 不能以 root 运行，而它改用的普通用户无法进入 ${dirname(folder)}。请用 --data 选择其他用户可进入的目录（上级目录需有 o+x 权限），或以普通用户启动。`,
    `PostgreSQL does not run as root, and the ordinary user it would run as can't enter ${dirname(folder)}. Choose a folder with --data whose parents others may enter (o+x), or start as an ordinary user.`,
  );
}

function cannotRun(path: string): EmbeddedPostgresRefusal {
  return new EmbeddedPostgresRefusal(
    'platform_unsupported',
    `内嵌 PostgreSQL 无法在本系统上运行（${path}）。它需要 glibc（Alpine 等 musl 系统不支持），且所在磁盘不可挂载为 noexec。请用 DATABASE_URL 指定外部数据库。`,
    `The embedded PostgreSQL does not run on this system (${path}). It needs glibc (not musl, as in Alpine) and a disk not mounted noexec. Name an external database with DATABASE_URL instead.`,
  );
}

function candidates(folder: string): ServerIdentity[] {
  const uid = process.getuid?.() ?? -1;
  const gid = process.getgid?.() ?? -1;
  if (uid !== 0) {
    // initdb insists on a name for its user, which arbitrary uids of containers lack; in a namespace it is nobody.
    const self: ServerIdentity = { kind: 'self', uid, gid };
    return hasName() ? [self] : [{ kind: 'namespace', uid, gid }, self];
  }
  const found: ServerIdentity[] = [];
  if (process.platform === 'linux') found.push({ kind: 'namespace', uid, gid });
  found.push({ kind: 'uid', uid: nobody, gid: nobody });
  // sudo in the checkout of an ordinary user whose home is closed to others: run as that user.
  const parent = statSync(dirname(folder));
  if (parent.uid !== 0) found.push({ kind: 'uid', uid: parent.uid, gid: parent.gid });
  return found;
}

function hasName(): boolean {
  try {
    return userInfo().username !== '';
  } catch {
    return false;
  }
}

function canEnter(identity: ServerIdentity, folder: string): boolean {
  return succeeds(invoke(identity, 'sh', ['-c', 'cd -- "$1"', 'sh', folder], 'KILL'));
}

function canRun(identity: ServerIdentity, binaries: Binaries): boolean {
  return (
    succeeds(invoke(identity, program(binaries, 'postgres'), ['-V'], 'KILL')) &&
    succeeds(invoke(identity, program(binaries, 'initdb'), ['-V'], 'KILL'))
  );
}

function hasDeathSignal(): boolean {
  deathSignalKnown ??=
    process.platform === 'linux' &&
    succeeds({ file: 'setpriv', args: ['--pdeathsig', 'INT', '--', 'true'], options: {} });
  return deathSignalKnown;
}

function succeeds(invocation: Invocation): boolean {
  const { file, args, options } = invocation;
  return (
    spawnSync(file, args, { ...options, cwd: '/', env: serverEnvironment, stdio: 'ignore' }).status === 0
  );
}
