import { dirname, join } from 'node:path';
import type { PoolClient } from 'pg';
import { GiveUp, type Transaction } from '../work.ts';
import { CheckpointCopy } from './checkpoint-copy.ts';
import {
  checkpointDigest,
  composeCheckpoint,
  parseCheckpoint,
  type SignedCheckpoint,
} from './checkpoint-text.ts';
import { describeFinding, type Finding } from './findings.ts';
import {
  checkpointsAfter,
  insertCheckpoint,
  openStoredLog,
  readLastCheckpoint,
  type StoredLog,
} from './log-store.ts';
import { keepPublicKey, readPublicKeys, type Signer } from './signing-key.ts';
import { isSignedBy, type PublicKeys, verifyAuditLog } from './verify.ts';

export interface CheckpointParts {
  readonly signer: Signer;
  /** A line of JSON for each checkpoint, outside the database: who changes the database does not change this copy. */
  readonly copyPath: string;
}

/** "audt" in ASCII: one checkpoint at a time, each names the one before it. */
const checkpointLock = 0x61_75_64_74;

/**
 * Checks what was appended since the last checkpoint, and signs the ends of all chains as they stand at one moment.
 * Undefined where nothing was appended. The copy outside the database follows the commit; what it lacks, the next brings.
 * @throws GiveUp, with the checkpoint signed all the same, when the log or the copy is not what it should be: a person
 *   has to look at it.
 */
export async function signCheckpoint(
  transaction: Transaction,
  { signer, copyPath }: CheckpointParts,
): Promise<SignedCheckpoint | undefined> {
  keepPublicKey(publicKeysPath(copyPath), signer.publicKey);
  const { checkpoint, findings } = await transaction(async (client) => {
    await client.query('select pg_advisory_xact_lock($1)', [checkpointLock]);
    return checkAndSign(client, signer, publicKeysOf({ signer, copyPath }));
  });
  await transaction(async (client) => {
    await client.query('select pg_advisory_xact_lock($1)', [checkpointLock]);
    await copyMissing(client, copyPath);
  });
  if (findings.length > 0) {
    const first = findings.slice(0, 3).map(describeFinding).join('; ');
    throw new GiveUp(`审计链不完整，请运行 cardwright audit verify · the audit log is not whole: ${first}`);
  }
  return checkpoint;
}

/** The public keys of all checkpoints that were signed here, also with earlier keys. */
export const publicKeysOf = ({ signer, copyPath }: CheckpointParts): PublicKeys =>
  new Map([...readPublicKeys(publicKeysPath(copyPath)), [signer.keyId, signer.publicKey]]);

const publicKeysPath = (copyPath: string): string => join(dirname(copyPath), 'public-keys.pem');

async function checkAndSign(
  client: PoolClient,
  signer: Signer,
  keys: PublicKeys,
): Promise<{ checkpoint: SignedCheckpoint | undefined; findings: readonly Finding[] }> {
  const last = await readLastCheckpoint(client);
  const content = last && parseCheckpoint(last.text);
  const isRight = last === undefined || (content !== undefined && isSignedBy(last, keys));
  const log = await openStoredLog(client, content);
  const { logId, heads } = log;
  if (heads === undefined)
    throw new GiveUp('审计链尾记录缺失 · audit_chain lacks a chain; nothing can be signed');
  const isUnmoved = heads.every(({ seq, hash }, chain) => {
    const before = content?.heads[chain];
    return before === undefined ? seq === 0n : before.seq === seq && before.hash === hash;
  });
  const findings: readonly Finding[] = isRight
    ? await newFindings(log, last && content && { checkpoint: last, content }, keys)
    : [{ kind: 'checkpoint-signature', checkpoint: last?.number ?? '' }];
  if (isUnmoved) return { checkpoint: undefined, findings };
  const number = BigInt(last?.number ?? 0) + 1n;
  const atUs = await databaseTimeUs(client);
  const previous = last && checkpointDigest(last);
  const text = composeCheckpoint({ logId, number, previous, atUs, keyId: signer.keyId, heads });
  const { keyId, signature } = signer.sign(text);
  const checkpoint = {
    number: String(number),
    atUs: String(atUs),
    text,
    keyId,
    signature: signature.toString('hex'),
  };
  await insertCheckpoint(client, checkpoint);
  return { checkpoint, findings };
}

async function newFindings(
  log: StoredLog,
  after: Parameters<typeof verifyAuditLog>[1]['after'],
  keys: PublicKeys,
): Promise<readonly Finding[]> {
  const { findings } = await verifyAuditLog(log.items(), {
    logId: log.logId,
    keys,
    ...(after === undefined ? {} : { after }),
  });
  return findings;
}

async function databaseTimeUs(client: PoolClient): Promise<bigint> {
  const { rows } = await client.query<{ now: bigint }>(
    'select (extract(epoch from clock_timestamp()) * 1000000)::bigint as now',
  );
  return rows[0]?.now ?? 0n;
}

async function copyMissing(client: PoolClient, path: string): Promise<void> {
  const stored = BigInt((await readLastCheckpoint(client))?.number ?? 0);
  const copy = new CheckpointCopy(path);
  try {
    if (copy.lastNumber === undefined) {
      throw new GiveUp(`审计检查点副本无法读取 · the last line of ${path} is no checkpoint`);
    }
    if (copy.lastNumber > stored) {
      throw new GiveUp(
        `副本中的检查点比数据库多 · ${path} has checkpoint ${copy.lastNumber}, the database ends at ${stored}: checkpoints were deleted, or an older backup was restored (then put this file away under another name)`,
      );
    }
    let batch: SignedCheckpoint[] = [];
    for await (const checkpoint of checkpointsAfter(client, copy.lastNumber)) {
      batch.push(checkpoint);
      if (batch.length === 200) {
        copy.append(batch);
        batch = [];
      }
    }
    if (batch.length > 0) copy.append(batch);
  } finally {
    copy.close();
  }
}
