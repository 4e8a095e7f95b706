import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool, PoolClient } from 'pg';
import { isCertainAbort, sqlState } from './server-error.ts';

/** The transaction did nothing, although its function returned: an earlier statement in it had failed. */
export class TransactionAborted extends Error {
  override readonly name = 'TransactionAborted';

  constructor(options?: ErrorOptions) {
    super('The transaction was rolled back: a statement in it had failed', options);
  }
}

/**
 * The connection broke between sending COMMIT and its confirmation: the effects may be in the database or not. The
 * caller may claim neither; it asks again, or answers failure to one who repeats.
 */
export class CommitUnknown extends Error {
  override readonly name = 'CommitUnknown';

  constructor(options?: ErrorOptions) {
    super(
      'The connection was lost during COMMIT: it is unknown whether the transaction took effect',
      options,
    );
  }
}

/** How to run a transaction. */
export interface TransactionOptions {
  readonly isolation?: 'read committed' | 'repeatable read' | 'serializable';
  readonly readOnly?: boolean;
  /**
   * How often to run the whole function again after a serialization failure or deadlock (40001, 40P01). The function
   * must then have no effect outside the transaction.
   */
  readonly retries?: number;
}

const longestPauseMs = 500;

/**
 * Runs `work` in one transaction on one connection. It has taken effect if and only if this returns.
 * @throws what `work` or a deferred constraint threw, with the transaction rolled back; TransactionAborted; CommitUnknown.
 */
export async function inTransaction<T>(
  pool: Pool,
  work: (client: PoolClient) => Promise<T>,
  options: TransactionOptions = {},
): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await runOnce(pool, work, options);
    } catch (error) {
      if (attempt >= (options.retries ?? 0) || !isRetriable(error)) throw error;
      await sleep(Math.min(10 * 2 ** attempt, longestPauseMs));
    }
  }
}

async function runOnce<T>(
  pool: Pool,
  work: (client: PoolClient) => Promise<T>,
  options: TransactionOptions,
): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  const noteBroken = (error: Error): void => {
    broken ??= error;
  };
  client.on('error', noteBroken);
  try {
    await client.query(beginStatement(options));
    const result = await work(client);
    if (broken) throw new TransactionAborted({ cause: broken });
    await commit(client);
    return result;
  } catch (error) {
    if (error instanceof CommitUnknown) noteBroken(error);
    if (!broken && !(error instanceof TransactionAborted)) await client.query('ROLLBACK').catch(noteBroken);
    throw error;
  } finally {
    client.removeListener('error', noteBroken);
    client.release(broken);
  }
}

async function commit(client: PoolClient): Promise<void> {
  let command: string;
  try {
    ({ command } = await client.query('COMMIT'));
  } catch (error) {
    if (isCertainAbort(error)) throw error;
    throw new CommitUnknown({ cause: error });
  }
  // The server answers COMMIT of an aborted transaction with ROLLBACK and calls it a success.
  if (command !== 'COMMIT') throw new TransactionAborted();
}

function beginStatement(options: TransactionOptions): string {
  const isolation = options.isolation ? ` ISOLATION LEVEL ${options.isolation.toUpperCase()}` : '';
  return `BEGIN${isolation}${options.readOnly ? ' READ ONLY' : ''}`;
}

function isRetriable(error: unknown): boolean {
  const state = sqlState(error);
  return state === '40001' || state === '40P01';
}
