import { createHash } from 'node:crypto';
import { chainCount } from './event-hash.ts';

/** Where a chain ends: the number and hash (hex) of its last event; 0 and the seed for an empty one. */
export interface ChainHead {
  readonly seq: bigint;
  readonly hash: string;
}

/** What a checkpoint says. */
export interface CheckpointContent {
  readonly logId: string;
  /** From 1, without gaps. */
  readonly number: bigint;
  /** Digest of the checkpoint before; undefined for the first. */
  readonly previous: string | undefined;
  /** Microseconds since 1970. */
  readonly atUs: bigint;
  readonly keyId: string;
  /** By chain number. */
  readonly heads: readonly ChainHead[];
}

/** A checkpoint as it is stored, copied and exported. */
export interface SignedCheckpoint {
  readonly number: string;
  readonly atUs: string;
  readonly text: string;
  readonly keyId: string;
  /** Ed25519 over the UTF-8 bytes of `text`, in hex. */
  readonly signature: string;
}

/** The text that is signed: lines of words, no other spelling means the same. */
export function composeCheckpoint(content: CheckpointContent): string {
  return [
    'cardwright audit checkpoint 1',
    `log ${content.logId}`,
    `number ${content.number}`,
    `previous ${content.previous ?? 'none'}`,
    `at ${content.atUs}`,
    `key ${content.keyId}`,
    ...content.heads.map((head, chain) => `${chain} ${head.seq} ${head.hash}`),
    '',
  ].join('\n');
}

const shape = new RegExp(
  [
    '^cardwright audit checkpoint 1',
    'log ([0-9a-f-]{36})',
    'number (\\d{1,19})',
    'previous (none|[0-9a-f]{64})',
    'at (\\d{1,19})',
    'key ([0-9a-f]{16})',
    `((?:\\d{1,2} \\d{1,19} [0-9a-f]{64}\\n){${chainCount}})$`,
  ].join('\\n'),
);

/** Reads such a text; undefined unless it is exactly what `composeCheckpoint` writes. */
export function parseCheckpoint(text: string): CheckpointContent | undefined {
  const found = shape.exec(text);
  if (!found) return undefined;
  const [, logId = '', number = '', previous = '', atUs = '', keyId = '', heads = ''] = found;
  const content: CheckpointContent = {
    logId,
    number: BigInt(number),
    previous: previous === 'none' ? undefined : previous,
    atUs: BigInt(atUs),
    keyId,
    heads: heads
      .trimEnd()
      .split('\n')
      .map((line) => {
        const [, seq = '', hash = ''] = line.split(' ');
        return { seq: BigInt(seq), hash };
      }),
  };
  return composeCheckpoint(content) === text ? content : undefined;
}

/** By which the next checkpoint names this one, and a copy is compared: over text, key and signature. */
export const checkpointDigest = (checkpoint: SignedCheckpoint): string =>
  createHash('sha256')
    .update(`${checkpoint.text}${checkpoint.keyId} ${checkpoint.signature}\n`)
    .digest('hex');
