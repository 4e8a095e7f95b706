import {
  closeSync,
  copyFileSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
} from 'node:fs';

const maxBytes = 4 * 1024 * 1024;
const checkEveryMs = 60_000;

/** The file that PostgreSQL's own messages go to. Never grows much above 4 MiB; one older file is kept beside it. */
export interface ServerLogFile {
  /** File descriptor for the server's standard error; opened for appending. */
  readonly fd: number;
  /** The last lines written since the mark was set, for an error message. */
  tailSince(mark: number): string;
  /** Present size in bytes. */
  mark(): number;
  close(): void;
}

/** Opens the log, setting an old large one aside. */
export function openServerLog(path: string): ServerLogFile {
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > maxBytes) renameSync(path, `${path}.old`);
  const fd = openSync(path, 'a', 0o600);
  const timer = setInterval(() => bound(path, fd), checkEveryMs).unref();
  return {
    fd,
    mark: () => fstatSync(fd).size,
    tailSince: (mark) =>
      readFileSync(path).subarray(mark).toString('utf8').trim().split('\n').slice(-8).join('\n'),
    close: () => {
      clearInterval(timer);
      closeSync(fd);
    },
  };
}

/** The server holds the file open for appending, so emptying it is enough for it to start over. */
function bound(path: string, fd: number): void {
  if (fstatSync(fd).size <= maxBytes) return;
  copyFileSync(path, `${path}.old`);
  ftruncateSync(fd);
}
