import { type FileHandle, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { decodeJson, encodeJson, type Issue } from '@cardwright/top';
import { type SandboxState, type StateChange, stateChange, wholeState } from './records.ts';
import { takeLock } from './state-lock.ts';
import { changesOf, StateReplay } from './state-replay.ts';

/** Where a sandbox keeps its state. The calls come in this order; `close` is due whatever came before. */
export interface StateStore {
  /** What is kept; undefined if nothing is. Throws StateFileError if it can't be used, or is used by another sandbox. */
  load(): Promise<SandboxState | undefined>;
  /** Makes the store hold this state, before anything is appended. */
  begin(state: SandboxState): Promise<void>;
  /** Resolves once the change, and every one before it, is durable. After a rejection the next write tries again. */
  append(change: StateChange): Promise<void>;
  /** Resolves once every change so far is durable. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/** A state file that this program cannot use. */
export class StateFileError extends Error {}

export function memoryStore(): StateStore {
  const nothing = async (): Promise<void> => {};
  return { load: async () => undefined, begin: nothing, append: nothing, settled: nothing, close: nothing };
}

/**
 * A journal: one JSON line a change. Changes that arrive while others are being written share the next write and
 * its fdatasync. At the start it is compacted; a last line that a crash tore was never acknowledged and is dropped.
 * A lock beside it keeps a second sandbox away.
 */
export function fileStore(path: string): StateStore {
  return new Journal(path);
}

const journalVersion = 2n;

class Journal implements StateStore {
  readonly #path: string;
  #release: (() => Promise<void>) | undefined;
  #file: FileHandle | undefined;
  /** Whether the file is a journal of the present version without superseded lines. */
  #isCompact = false;
  #durableBytes = 0;
  /** A write failed: what follows the durable bytes is of no worth. */
  #isTorn = false;
  #pending: string[] = [];
  #writing: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  async load(): Promise<SandboxState | undefined> {
    const lock = await takeLock(this.#path);
    if ('heldBy' in lock)
      throw new StateFileError(`${this.#path} is used by another sandbox (process ${lock.heldBy})`);
    this.#release = lock.release;
    const content = await readFile(this.#path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (content === undefined) return undefined;
    return readWhole(this.#path, content) ?? this.#readJournal(content);
  }

  async begin(state: SandboxState): Promise<void> {
    if (this.#isCompact) return;
    const lines = changesOf(state, journalVersion).map(lineOf);
    // A file that is not there yet is made with the first change.
    if ((await open(this.#path, 'r').then((file) => file.close(), missing)) === false) {
      this.#pending = lines;
      return;
    }
    const bytes = Buffer.from(lines.join(''));
    await replaceFile(this.#path, bytes);
    this.#durableBytes = bytes.length;
  }

  append(change: StateChange): Promise<void> {
    this.#pending.push(lineOf(change));
    return this.settled();
  }

  settled(): Promise<void> {
    this.#next ??= this.#writing
      .catch(() => {})
      .then(() => {
        this.#next = undefined;
        this.#writing = this.#write();
        return this.#writing;
      });
    return this.#next;
  }

  async close(): Promise<void> {
    try {
      if (this.#file !== undefined) await this.settled();
    } finally {
      await this.#file?.close();
      await this.#release?.();
    }
  }

  async #write(): Promise<void> {
    const count = this.#pending.length;
    if (count === 0) return;
    const bytes = Buffer.from(this.#pending.join(''));
    const isNew = this.#file === undefined && this.#durableBytes === 0;
    // The file names the receivers of orders: nobody but its owner reads it.
    this.#file ??= await open(this.#path, isNew ? 'w' : 'r+', 0o600);
    if (this.#isTorn) await this.#file.truncate(this.#durableBytes);
    this.#isTorn = true;
    await writeAt(this.#file, bytes, this.#durableBytes);
    await this.#file.datasync();
    if (isNew) await syncFolder(this.#path);
    this.#isTorn = false;
    this.#durableBytes += bytes.length;
    this.#pending.splice(0, count);
  }

  #readJournal(content: Buffer): SandboxState | undefined {
    const replay = new StateReplay();
    let lines = 0;
    let start = 0;
    for (let end = content.indexOf(10); end >= 0; end = content.indexOf(10, start)) {
      this.#replayLine(replay, content.toString('utf8', start, end), ++lines);
      start = end + 1;
    }
    const torn = content.toString('utf8', start);
    if (lines === 0 && !torn.startsWith(journalStart.slice(0, torn.length)) && !journalStart.startsWith(torn))
      throw new StateFileError(`${this.#path}: the file should be JSON of a sandbox`);
    if (lines === 0) return undefined;
    const state = replay.state();
    this.#isCompact = torn === '' && lines === changesOf(state, journalVersion).length;
    this.#durableBytes = start;
    return state;
  }

  #replayLine(replay: StateReplay, line: string, number: number): void {
    const decoded = decodeJson(stateChange, line);
    if (!decoded.ok) throw unusable(this.#path, decoded.issue, `line ${number}`);
    const { sandbox } = decoded.value;
    if ((number === 1) !== (sandbox !== undefined))
      throw new StateFileError(`${this.#path}: line ${number} does not belong there`);
    if (sandbox !== undefined && sandbox.version > journalVersion) throw newer(this.#path, sandbox.version);
    replay.apply(decoded.value);
  }
}

const journalStart = '{"sandbox":{"version":';

function lineOf(change: StateChange): string {
  return `${encodeJson(stateChange, change)}\n`;
}

/** A file of the time before the journal; undefined if it is none. */
function readWhole(path: string, content: Buffer): SandboxState | undefined {
  if (!content.subarray(0, 32).toString('latin1').startsWith('{"version":')) return undefined;
  const decoded = decodeJson(wholeState, content.toString('utf8'));
  if (!decoded.ok) throw unusable(path, decoded.issue, 'the file');
  const { version, ...state } = decoded.value;
  if (version !== 1n) throw newer(path, version);
  return { ...state, activations: [], asks: [], faults: [] };
}

function unusable(path: string, { path: at, expected, found }: Issue, where: string): StateFileError {
  return new StateFileError(`${path}: ${at || where} should be ${expected}, found ${found}`);
}

function newer(path: string, version: bigint): StateFileError {
  return new StateFileError(`${path} was written by a newer sandbox (version ${version})`);
}

function missing(error: NodeJS.ErrnoException): false {
  if (error.code !== 'ENOENT') throw error;
  return false;
}

async function writeAt(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}

/** Replaces a file as a whole: a reader or a crash sees the old content or the new one, never a part. */
async function replaceFile(path: string, content: Buffer): Promise<void> {
  const temporary = `${path}.new`;
  const file = await open(temporary, 'w', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  await syncFolder(path);
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
