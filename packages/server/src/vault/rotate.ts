import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { type AuditEntry, appendAudit } from '../audit/append.ts';
import { inTransaction } from '../db/transaction.ts';
import { failpoint } from '../failpoint.ts';
import { keyUsage } from './key-usage.ts';
import { type RewrapBatch, resealReceivers, rewrapDataKeys } from './rewrap.ts';
import type { Vault } from './vault.ts';

/** Where a rotation is; told after each batch. */
export interface RotationProgress {
  readonly dataKeys: number;
  readonly receivers: number;
}

export interface RotationOptions {
  readonly actor: string;
  /** Afterwards takes the keys that wrap nothing any more out of the ring, for ever. */
  readonly dropOld?: boolean;
  readonly onProgress?: (progress: RotationProgress) => void;
  /** Between batches: stops there; the next rotation goes on. */
  readonly signal?: AbortSignal;
  readonly batchSize?: number;
  /** What other processes take to notice a new key; default 1,500 ms. */
  readonly noticeMs?: number;
}

/** `busy`: another rotation is under way; `fixed-ring`: the provider's keys can be changed by a person only. */
export type RotationOutcome =
  | { readonly ok: false; readonly why: 'busy' | 'fixed-ring' }
  | (RotationProgress & {
      readonly ok: true;
      readonly keyId: string;
      /** False where an earlier rotation was cut off and this one went on with its key. */
      readonly addedKey: boolean;
      /** Data keys and receivers that do not open: they stay as they are, under the key that they name. */
      readonly unopened: number;
      readonly stopped: boolean;
      readonly dropped: readonly string[];
    });

const rotationLock = 0x76617574;
const defaultBatchSize = 500;
const defaultNoticeMs = 1_500;

/**
 * Rotates the master key while the product runs: a new key goes into the ring, then everything that older keys wrap is
 * wrapped anew, a batch a transaction, each with its audit row. A rotation that was cut off is taken up by the next one.
 * Only with `dropOld` do old keys end; whatever old copies of the database hold under them is lost with them.
 */
export async function rotateVault(
  pool: Pool,
  vault: Vault,
  options: RotationOptions,
): Promise<RotationOutcome> {
  const client = await pool.connect();
  try {
    const { rows } = await client.query<{ free: boolean }>('select pg_try_advisory_lock($1) as free', [
      rotationLock,
    ]);
    if (rows[0]?.free !== true) return { ok: false, why: 'busy' };
    try {
      return await rotate(pool, vault, options);
    } finally {
      await client.query('select pg_advisory_unlock($1)', [rotationLock]);
    }
  } finally {
    client.release();
  }
}

async function rotate(pool: Pool, vault: Vault, options: RotationOptions): Promise<RotationOutcome> {
  await vault.refresh();
  const inUse = await keyUsage(pool);
  const isUnfinished = inUse.some(({ keyId }) => keyId !== vault.keyId && vault.keyIds.includes(keyId));
  const addedKey = !isUnfinished && !(options.dropOld === true && vault.keyIds.length > 1);
  if (addedKey) {
    if (!vault.canReplace) return { ok: false, why: 'fixed-ring' };
    await inTransaction(pool, async (client) => {
      const keyId = await vault.addKey();
      await failpoint('vault:key-in-ring');
      await appendAudit(client, [event(options, 'vault.key-added', { keyId })]);
    });
    await failpoint('vault:key-added');
  }
  const done = { dataKeys: 0, receivers: 0, unopened: 0 };
  let stopped = await rewrapAll(pool, vault, options, done);
  // Others may have wrapped with the old key until they noticed the new one.
  if (!stopped) {
    await sleep(options.noticeMs ?? defaultNoticeMs);
    stopped = await rewrapAll(pool, vault, options, done);
  }
  const dropped = options.dropOld === true && !stopped ? await dropOldKeys(pool, vault, options, done) : [];
  if (!stopped) {
    await inTransaction(pool, (client) =>
      appendAudit(client, [event(options, 'vault.rotated', { keyId: vault.keyId, ...done })]),
    );
    await failpoint('vault:rotated');
  }
  return { ok: true, keyId: vault.keyId, addedKey, stopped, dropped, ...done };
}

interface Done {
  dataKeys: number;
  receivers: number;
  unopened: number;
}

/** One pass over everything that another key than the current one wraps. Answers whether it was told to stop. */
async function rewrapAll(pool: Pool, vault: Vault, options: RotationOptions, done: Done): Promise<boolean> {
  const batchSize = options.batchSize ?? defaultBatchSize;
  done.unopened = 0;
  for (const kind of ['dataKeys', 'receivers'] as const) {
    let after: RewrapBatch['last'];
    do {
      if (options.signal?.aborted) return true;
      const from = after;
      const batch = await inTransaction(
        pool,
        async (client) => {
          // A pass over orders that are all done reads the whole table.
          await client.query('set local statement_timeout = 0');
          const rewrap = kind === 'dataKeys' ? rewrapDataKeys : resealReceivers;
          const result = await rewrap(client, vault, from, batchSize);
          if (result.count > 0) {
            const detail = { keyId: vault.keyId, [kind]: result.count };
            await appendAudit(client, [event(options, 'vault.rewrapped', detail)]);
          }
          return result;
        },
        { retries: 5 },
      );
      if (batch.count > 0) await failpoint('vault:rewrapped');
      done[kind] += batch.count;
      done.unopened += batch.unopened;
      if (batch.count > 0) options.onProgress?.({ dataKeys: done.dataKeys, receivers: done.receivers });
      after = batch.last;
    } while (after !== undefined);
  }
  return false;
}

/**
 * Retires all keys but the current one in the database, which from then on refuses what they wrap; waits for those who
 * wrote before; rewraps what they left; and takes the keys that wrap nothing out of the ring.
 */
async function dropOldKeys(
  pool: Pool,
  vault: Vault,
  options: RotationOptions,
  done: Done,
): Promise<readonly string[]> {
  const old = vault.keyIds.filter((keyId) => keyId !== vault.keyId);
  if (old.length === 0 || !vault.canReplace) return [];
  await inTransaction(pool, async (client) => {
    await client.query(
      'insert into vault_retired_key (master_key_id) select unnest($1::text[]) on conflict do nothing',
      [old],
    );
    await appendAudit(client, [event(options, 'vault.keys-retired', { keyIds: old })]);
  });
  await failpoint('vault:keys-retired');
  await waitForWriters(pool);
  if (await rewrapAll(pool, vault, options, done)) return [];
  const inUse = new Set((await keyUsage(pool)).map((use) => use.keyId));
  const unused = old.filter((keyId) => !inUse.has(keyId));
  if (unused.length === 0) return [];
  await inTransaction(pool, async (client) => {
    await appendAudit(client, [event(options, 'vault.keys-dropped', { keyIds: unused })]);
    await vault.dropKeys(unused);
    await failpoint('vault:keys-out-of-ring');
  });
  return unused;
}

/** Until every transaction that had written by now has ended: later ones meet the retired keys. */
async function waitForWriters(pool: Pool): Promise<void> {
  const { rows } = await pool.query<{ xid: string }>('select pg_current_xact_id()::text as xid');
  for (;;) {
    const { rowCount } = await pool.query(
      'select where pg_snapshot_xmin(pg_current_snapshot()) > $1::text::xid8',
      [rows[0]?.xid],
    );
    if (rowCount === 1) return;
    await sleep(50);
  }
}

const event = (
  { actor }: RotationOptions,
  action: string,
  detail: Readonly<Record<string, unknown>>,
): AuditEntry => ({ actor, action, detail });
