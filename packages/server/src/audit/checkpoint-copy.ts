import {
  closeSync,
  createReadStream,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { checkpointDigest, type SignedCheckpoint } from './checkpoint-text.ts';
import type { Finding } from './findings.ts';

/** A checkpoint as one line of JSON, without the line's end. */
export const formatCheckpoint = ({ number, atUs, text, keyId, signature }: SignedCheckpoint): string =>
  JSON.stringify({ number, atUs, text, keyId, signature });

/** Takes a parsed line for a checkpoint if it has the fields of one. */
export function checkpointOf(value: unknown): SignedCheckpoint | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { number, atUs, text, keyId, signature } = value as Record<string, unknown>;
  const isText = (field: unknown): field is string => typeof field === 'string' && field.isWellFormed();
  return isText(number) && isText(atUs) && isText(text) && isText(keyId) && isText(signature)
    ? { number, atUs, text, keyId, signature }
    : undefined;
}

function parseLine(line: string): SignedCheckpoint | undefined {
  try {
    return checkpointOf(JSON.parse(line));
  } catch {
    return undefined;
  }
}

/** Many times the longest checkpoint. */
const tailBytes = 64 * 1024;

/**
 * The copy of the checkpoints outside the database, open for appending; the caller sees to it that nobody else writes.
 * A last line that a crash cut off is taken away.
 */
export class CheckpointCopy {
  readonly #file: number;
  /** The number of the last checkpoint in the copy, 0 for none; undefined where its last line is no checkpoint. */
  readonly lastNumber: bigint | undefined;

  constructor(path: string) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    this.#file = openSync(path, 'a+', 0o600);
    this.lastNumber = this.#readLastNumber();
  }

  /** On disk when this returns. */
  append(checkpoints: readonly SignedCheckpoint[]): void {
    writeSync(this.#file, checkpoints.map((checkpoint) => `${formatCheckpoint(checkpoint)}\n`).join(''));
    fsyncSync(this.#file);
  }

  close(): void {
    closeSync(this.#file);
  }

  #readLastNumber(): bigint | undefined {
    const { size } = fstatSync(this.#file);
    const tail = Buffer.alloc(Math.min(size, tailBytes));
    readSync(this.#file, tail, 0, tail.length, size - tail.length);
    const end = tail.lastIndexOf(0x0a) + 1;
    if (end < tail.length) ftruncateSync(this.#file, size - tail.length + end);
    if (end === 0) return 0n;
    const start = tail.lastIndexOf(0x0a, end - 2) + 1;
    const last = parseLine(tail.toString('utf8', start, end - 1));
    return last !== undefined && /^\d{1,19}$/.test(last.number) ? BigInt(last.number) : undefined;
  }
}

/** What a copy says, with what is wrong with the copy itself. */
export interface ReadCopies {
  readonly digests: ReadonlyMap<string, string>;
  readonly findings: readonly Finding[];
}

/**
 * Reads a copy; empty where there is none.
 * @param upToUs Leaves out checkpoints that are later.
 */
export async function readCopies(path: string, upToUs?: bigint): Promise<ReadCopies> {
  const digests = new Map<string, string>();
  const findings: Finding[] = [];
  let lineNumber = 0;
  let unreadable: number | undefined;
  const noteUnreadable = (): void => {
    if (unreadable !== undefined) findings.push({ kind: 'copy-unreadable', place: `line ${unreadable}` });
    unreadable = undefined;
  };
  for await (const line of linesOf(path)) {
    lineNumber += 1;
    noteUnreadable();
    const checkpoint = parseLine(line);
    if (checkpoint === undefined) {
      // Not yet a finding: the last line may have been cut off by a crash.
      unreadable = lineNumber;
      continue;
    }
    if (upToUs !== undefined && /^\d{1,19}$/.test(checkpoint.atUs) && BigInt(checkpoint.atUs) > upToUs)
      continue;
    const digest = checkpointDigest(checkpoint);
    if ((digests.get(checkpoint.number) ?? digest) !== digest)
      findings.push({ kind: 'copy-differs', checkpoint: checkpoint.number });
    digests.set(checkpoint.number, digest);
  }
  return { digests, findings };
}

async function* linesOf(path: string): AsyncGenerator<string, void> {
  try {
    yield* createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
