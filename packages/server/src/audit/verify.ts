import { type KeyObject, verify as verifySignature } from 'node:crypto';
import {
  type ChainHead,
  type CheckpointContent,
  checkpointDigest,
  parseCheckpoint,
  type SignedCheckpoint,
} from './checkpoint-text.ts';
import { type ChainedEvent, chainCount, chainSeed, eventHash } from './event-hash.ts';
import type { Finding } from './findings.ts';

/**
 * What a log consists of, in this order: events, each chain's in the order of its numbers; each checkpoint after all
 * events that it covers and before any other; at the end the recorded heads of all chains. A source that saw something
 * wrong by itself says so in between.
 */
export type AuditItem =
  | ChainedEvent
  | ({ readonly kind: 'checkpoint' } & SignedCheckpoint)
  | { readonly kind: 'head'; readonly chain: number; readonly seq: string; readonly hash: string }
  | { readonly kind: 'finding'; readonly finding: Finding };

/** Public keys by key id. */
export type PublicKeys = ReadonlyMap<string, KeyObject>;

/** Digests of checkpoints as a copy outside the database has them, by number. */
export type CheckpointCopies = ReadonlyMap<string, string>;

export interface VerifyOptions {
  readonly logId: string;
  readonly keys: PublicKeys;
  /** Each of these must be in the log. */
  readonly copies?: CheckpointCopies;
  /** Where a check goes on from: the end of all chains as a checkpoint that was checked before has it. */
  readonly after?: { readonly checkpoint: SignedCheckpoint; readonly content: CheckpointContent };
  /** Called now and then with the number of events read so far. */
  readonly onProgress?: (events: number) => void;
}

/** What was checked and found. The log is whole if and only if `findingCount` is 0. */
export interface Verification {
  readonly events: number;
  readonly checkpoints: number;
  /** The first hundred. */
  readonly findings: readonly Finding[];
  readonly findingCount: number;
  /** The last checkpoint that was right; whoever can write to the database could still rewrite events after it. */
  readonly signedUpTo: { readonly number: string; readonly atUs: string } | undefined;
  readonly eventsAfterIt: number;
}

/** Reads a log once, in constant memory, and finds every change, deletion, insertion and reordering. */
export async function verifyAuditLog(
  source: AsyncIterable<readonly AuditItem[]>,
  options: VerifyOptions,
): Promise<Verification> {
  const verifier = new Verifier(options);
  for await (const items of source) {
    for (const item of items) verifier.take(item);
    options.onProgress?.(verifier.events);
  }
  return verifier.finish();
}

const keptFindings = 100;

class Verifier {
  events = 0;
  readonly #options: VerifyOptions;
  readonly #ends: ChainHead[];
  readonly #headsSeen = new Set<number>();
  readonly #copiesToSee: Set<string>;
  readonly #findings: Finding[] = [];
  #findingCount = 0;
  #checkpoints = 0;
  #lastNumber: bigint;
  #lastDigest: string | undefined;
  #signedUpTo: Verification['signedUpTo'];
  #eventsSigned = 0;

  constructor(options: VerifyOptions) {
    const { after } = options;
    this.#options = options;
    this.#ends = Array.from(
      { length: chainCount },
      (_, chain) => after?.content.heads[chain] ?? { seq: 0n, hash: chainSeed(chain) },
    );
    this.#copiesToSee = new Set(options.copies?.keys());
    this.#lastNumber = after?.content.number ?? 0n;
    this.#lastDigest = after && checkpointDigest(after.checkpoint);
    this.#signedUpTo = after?.checkpoint;
  }

  take(item: AuditItem): void {
    if (item.kind === 'event') this.#takeEvent(item);
    else if (item.kind === 'checkpoint') this.#takeCheckpoint(item);
    else if (item.kind === 'head') this.#takeHead(item);
    else this.#find(item.finding);
  }

  finish(): Verification {
    for (let chain = 0; chain < chainCount; chain += 1)
      if (!this.#headsSeen.has(chain)) this.#find({ kind: 'head-missing', chain });
    for (const checkpoint of this.#copiesToSee) this.#find({ kind: 'copy-without-original', checkpoint });
    return {
      events: this.events,
      checkpoints: this.#checkpoints,
      findings: this.#findings,
      findingCount: this.#findingCount,
      signedUpTo: this.#signedUpTo && { number: this.#signedUpTo.number, atUs: this.#signedUpTo.atUs },
      eventsAfterIt: this.events - this.#eventsSigned,
    };
  }

  #find(finding: Finding): void {
    this.#findingCount += 1;
    if (this.#findings.length < keptFindings) this.#findings.push(finding);
  }

  #takeEvent(event: ChainedEvent): void {
    this.events += 1;
    const { chain, seq } = event;
    const end = this.#ends[chain];
    const number = integerOf(seq);
    if (end === undefined || number === undefined) {
      this.#find({ kind: 'event-outside', chain, seq, place: `id ${event.id}` });
      return;
    }
    if (number <= end.seq) {
      this.#find({ kind: 'event-out-of-order', chain, seq });
      return;
    }
    if (number > end.seq + 1n) {
      this.#find({ kind: 'event-missing', chain, seq: String(end.seq + 1n), lastSeq: String(number - 1n) });
    } else if (eventHash(end.hash, event) !== event.hash) {
      this.#find({ kind: 'event-changed', chain, seq });
    }
    // Going on from the hash that the event carries keeps one wrong event from hiding the next.
    this.#ends[chain] = { seq: number, hash: event.hash };
  }

  #takeCheckpoint(checkpoint: SignedCheckpoint): void {
    this.#checkpoints += 1;
    this.#compareWithCopy(checkpoint);
    const before = this.#lastDigest;
    const place = this.#takeNumber(checkpoint);
    if (place === 'out of order') return;
    const content = parseCheckpoint(checkpoint.text);
    if (
      content === undefined ||
      String(content.number) !== checkpoint.number ||
      String(content.atUs) !== checkpoint.atUs ||
      content.keyId !== checkpoint.keyId
    ) {
      this.#find({ kind: 'checkpoint-malformed', checkpoint: checkpoint.number });
      return;
    }
    if (place === 'next' && content.previous !== before)
      this.#find({ kind: 'checkpoint-unlinked', checkpoint: checkpoint.number });
    if (content.logId !== this.#options.logId)
      this.#find({ kind: 'checkpoint-foreign', checkpoint: checkpoint.number });
    else if (this.#isSigned(checkpoint)) this.#compareEnds(checkpoint, content.heads);
  }

  #compareWithCopy(checkpoint: SignedCheckpoint): void {
    this.#copiesToSee.delete(checkpoint.number);
    const copy = this.#options.copies?.get(checkpoint.number);
    if (copy !== undefined && copy !== checkpointDigest(checkpoint))
      this.#find({ kind: 'copy-differs', checkpoint: checkpoint.number });
  }

  #takeNumber(checkpoint: SignedCheckpoint): 'next' | 'after a gap' | 'out of order' {
    const number = integerOf(checkpoint.number);
    if (number === undefined || number <= this.#lastNumber || this.#headsSeen.size > 0) {
      this.#find({ kind: 'checkpoint-out-of-order', checkpoint: checkpoint.number });
      return 'out of order';
    }
    const first = this.#lastNumber + 1n;
    if (number > first) {
      const range = first === number - 1n ? String(first) : `${first}–${number - 1n}`;
      this.#find({ kind: 'checkpoint-missing', checkpoint: range });
    }
    this.#lastNumber = number;
    this.#lastDigest = checkpointDigest(checkpoint);
    return number === first ? 'next' : 'after a gap';
  }

  #isSigned(checkpoint: SignedCheckpoint): boolean {
    const { number, keyId } = checkpoint;
    if (!this.#options.keys.has(keyId)) {
      this.#find({ kind: 'checkpoint-key', checkpoint: number, place: `key ${keyId}` });
      return false;
    }
    const isRight = isSignedBy(checkpoint, this.#options.keys);
    if (!isRight) this.#find({ kind: 'checkpoint-signature', checkpoint: number });
    return isRight;
  }

  #compareEnds(checkpoint: SignedCheckpoint, heads: readonly ChainHead[]): void {
    let isRight = true;
    heads.forEach((head, chain) => {
      const end = this.#ends[chain];
      if (end?.seq === head.seq && end.hash === head.hash) return;
      isRight = false;
      this.#find({
        kind: 'checkpoint-contradicts',
        checkpoint: checkpoint.number,
        chain,
        seq: String(head.seq),
      });
      // A signature is worth more than what was found: events after it are checked against what it says.
      if (end === undefined || end.seq <= head.seq) this.#ends[chain] = head;
    });
    if (!isRight) return;
    this.#signedUpTo = checkpoint;
    this.#eventsSigned = this.events;
  }

  #takeHead({ chain, seq, hash }: Extract<AuditItem, { kind: 'head' }>): void {
    const end = this.#ends[chain];
    if (end === undefined || this.#headsSeen.has(chain) || String(end.seq) !== seq || end.hash !== hash)
      this.#find({ kind: 'head-differs', chain, seq });
    this.#headsSeen.add(chain);
  }
}

/** Whether one of the keys is the one that it names, and signed it. */
export function isSignedBy({ keyId, text, signature }: SignedCheckpoint, keys: PublicKeys): boolean {
  const key = keys.get(keyId);
  return (
    key !== undefined &&
    /^[0-9a-f]{128}$/.test(signature) &&
    verifySignature(null, Buffer.from(text, 'utf8'), key, Buffer.from(signature, 'hex'))
  );
}

/** A number as PostgreSQL prints it; undefined for any other text. */
const integerOf = (text: string): bigint | undefined =>
  /^(?:0|-?[1-9]\d{0,18})$/.test(text) ? BigInt(text) : undefined;
