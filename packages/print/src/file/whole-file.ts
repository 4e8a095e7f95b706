import { createHash, type Hash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

/** What a finished file is known by. */
export interface FileSeal {
  /** Lower-case hexadecimal. */
  readonly sha256: string;
  readonly bytes: number;
}

/** Small pieces are gathered up to this size: a system call costs as much as formatting hundreds of lines. */
const gatheredBytes = 1 << 18;
const partPattern = /^\.part-(\d+)-\d+-(.*)$/;
/** A part that never becomes a file: whoever has one in a folder writes there alone. */
const holdName = 'hold';

/** Parts that this process is writing now; any other that bears its number is from a former life (process 1 of a container). */
const ownParts = new Set<string>();
let partsOpened = 0;

/**
 * A file that is there whole or not at all. It grows beside its final name as `.part-…`, mode 0600; `commit` makes it
 * durable and gives it its name, replacing what had that name. A killed process leaves only the part, which the next
 * run takes away (`removeLeftParts`).
 */
export class WholeFile {
  readonly path: string;
  readonly #part: string;
  readonly #handle: FileHandle;
  readonly #hash: Hash = createHash('sha256');
  readonly #gathered = Buffer.allocUnsafe(gatheredBytes);
  #gatheredLength = 0;
  #appended = 0;
  #state: 'open' | 'writing' | 'failed' | 'closed' = 'open';

  constructor(path: string, part: string, handle: FileHandle) {
    this.path = path;
    this.#part = part;
    this.#handle = handle;
  }

  /** Written so far. */
  get bytes(): number {
    return this.#appended + this.#gatheredLength;
  }

  /**
   * Appends; text as UTF-8. One call at a time: the piece must stay as it is until the promise is settled. Rejects with
   * the system's error (disk full); the file can then only be aborted.
   */
  async write(piece: Uint8Array | string): Promise<void> {
    this.#begin();
    const mostBytes = typeof piece === 'string' ? 3 * piece.length : piece.length;
    if (this.#gatheredLength + mostBytes > gatheredBytes) await this.#flush();
    if (mostBytes < gatheredBytes) this.#gather(piece);
    else await this.#append(typeof piece === 'string' ? Buffer.from(piece, 'utf8') : piece);
    this.#state = 'open';
  }

  /** Text is encoded in its place: a buffer for each piece would be garbage that V8 collects late. */
  #gather(piece: Uint8Array | string): void {
    if (typeof piece === 'string') {
      this.#gatheredLength += this.#gathered.write(piece, this.#gatheredLength, 'utf8');
    } else {
      this.#gathered.set(piece, this.#gatheredLength);
      this.#gatheredLength += piece.length;
    }
  }

  /** Puts the whole file on the disk under its name. If that fails, nothing is left of it. */
  async commit(): Promise<FileSeal> {
    this.#begin();
    try {
      await this.#flush();
      await this.#handle.sync();
      await this.#refuseStranger();
      await rename(this.#part, this.path);
      ownParts.delete(this.#part);
    } catch (error) {
      this.#state = 'failed';
      await this.abort();
      throw error;
    }
    this.#state = 'closed';
    await this.#handle.close();
    await syncFolder(dirname(this.path));
    return { sha256: this.#hash.digest('hex'), bytes: this.#appended };
  }

  /** Takes the part away. Nothing happens if the file is committed or aborted already. */
  async abort(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    await this.#handle.close();
    await rm(this.#part, { force: true });
    ownParts.delete(this.#part);
  }

  #begin(): void {
    if (this.#state !== 'open') throw new Error(`${this.path} is ${this.#state}: it takes no more now`);
    this.#state = 'writing';
  }

  async #flush(): Promise<void> {
    const gathered = this.#gathered.subarray(0, this.#gatheredLength);
    this.#gatheredLength = 0;
    await this.#append(gathered);
  }

  async #append(bytes: Uint8Array): Promise<void> {
    this.#appended += bytes.length;
    try {
      this.#hash.update(bytes);
      for (let written = 0; written < bytes.length; ) {
        written += (await this.#handle.write(bytes, written)).bytesWritten;
      }
    } catch (error) {
      this.#state = 'failed';
      throw error;
    }
  }

  /** A part that was swapped for another file, however that came about, must not get the final name. */
  async #refuseStranger(): Promise<void> {
    const [ours, named] = await Promise.all([this.#handle.stat(), lstat(this.#part)]);
    if (ours.ino !== named.ino || ours.dev !== named.dev)
      throw new Error(`${this.#part} was replaced meanwhile`);
  }
}

/** Begins the file of that path; its folder must exist. Rejects with the system's error. */
export async function openWholeFile(path: string): Promise<WholeFile> {
  partsOpened += 1;
  const part = resolve(dirname(path), `.part-${process.pid}-${partsOpened}-${basename(path)}`);
  const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;
  await rm(part, { force: true });
  const handle = await open(part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  ownParts.add(part);
  return new WholeFile(path, part, handle);
}

/** Writes a small file whole: `text` under the name `path`, or nothing. */
export async function writeWholeFile(path: string, text: string | Uint8Array): Promise<FileSeal> {
  const file = await openWholeFile(path);
  try {
    await file.write(text);
    return await file.commit();
  } finally {
    await file.abort();
  }
}

/** Takes away the parts that killed processes left in the folder, not those being written. Returns their names. */
export async function removeLeftParts(folder: string): Promise<readonly string[]> {
  const parts = (await readdir(folder)).filter((name) => partPattern.test(name));
  const left = parts.filter((name) => !isBeingWritten(folder, name));
  await Promise.all(left.map((name) => rm(join(folder, name), { force: true })));
  return left;
}

/**
 * Holds the folder until the file that is returned is aborted. Undefined where someone holds it, in this process or in
 * another; of two that come at once it may be neither.
 */
export async function holdFolder(folder: string): Promise<WholeFile | undefined> {
  const hold = await openWholeFile(join(folder, holdName));
  const holds = (await readdir(folder)).filter((name) => partPattern.exec(name)?.[2] === holdName);
  if (holds.filter((name) => isBeingWritten(folder, name)).length === 1) return hold;
  await hold.abort();
  return undefined;
}

function isBeingWritten(folder: string, part: string): boolean {
  const pid = Number(partPattern.exec(part)?.[1]);
  return pid === process.pid ? ownParts.has(resolve(folder, part)) : isAlive(pid);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
