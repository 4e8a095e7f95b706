import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes a file that only its owner reads, on disk when this returns: whole or not at all, and never over another. False
 * where there is one already, also where another process was faster.
 */
export function makeSecretFile(path: string, text: string): boolean {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const unfinished = writeBeside(path, text);
  try {
    linkSync(unfinished, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(unfinished);
    flushFolder(path);
  }
}

/** Puts another text in the place of such a file: a reader, or a crash, sees the old one or the new one. */
export function replaceSecretFile(path: string, text: string): void {
  renameSync(writeBeside(path, text), path);
  flushFolder(path);
}

/** Reads such a file. `what` names it in the error that others can read it. */
export function readSecretFile(path: string, what: { readonly zh: string; readonly en: string }): string {
  if (process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0) {
    throw new Error(
      `${what.zh}可被其他用户读取 · ${what.en} ${path} is readable by others: run chmod 600 on it`,
    );
  }
  return readFileSync(path, 'utf8');
}

function writeBeside(path: string, text: string): string {
  const unfinished = `${path}.${randomBytes(6).toString('hex')}`;
  const file = openSync(unfinished, 'wx', 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  return unfinished;
}

function flushFolder(path: string): void {
  const folder = openSync(dirname(path), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
