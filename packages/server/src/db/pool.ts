import pg, { type Pool, type PoolConfig } from 'pg';
import { scrubServerErrors } from './server-error.ts';

/** Where the database is: a URL, or the parts (as the embedded server gives them). */
export type DatabaseAddress =
  | { readonly connectionString: string }
  | {
      readonly host: string;
      readonly port: number;
      readonly user: string;
      readonly password: string;
      readonly database: string;
    };

/** What kind of pool to make. */
export interface PoolOptions {
  /** Shown in pg_stat_activity; say which part of the product it is. */
  readonly applicationName: string;
  /** Most connections at once. More than about 8 cost more than they bring on two cores. */
  readonly maxConnections?: number;
  /** A statement that takes longer is cancelled (SQLSTATE 57014). 0 for no limit. */
  readonly statementTimeoutMs?: number;
  /** A session that sits in an open transaction for longer is ended by the server. 0 for no limit. */
  readonly idleInTransactionTimeoutMs?: number;
  /** How long to wait for a connection. */
  readonly connectTimeoutMs?: number;
  /** What `bigint` columns become. `string` is for graphile-worker, which expects what `pg` does by itself. */
  readonly int8?: 'bigint' | 'string';
  /** Told of connections that broke while nobody used them. The pool has discarded them already. */
  readonly onLostConnection?: (error: Error) => void;
}

const oidInt8 = 20;
const oidInt8Array: number = 1016;
const oidDate = 1082;

/**
 * Makes a pool that survives restarts of the database: a broken connection never becomes an uncaught error, is never
 * handed out again, and the next caller gets a new one. `bigint` values arrive as BigInt and `date` values as the text
 * `2026-11-24`, for this pool only. Errors of the server arrive without row values (see `scrubServerErrors`).
 */
export function createPool(address: DatabaseAddress, options: PoolOptions): Pool {
  const config: PoolConfig = {
    ...address,
    application_name: options.applicationName,
    max: options.maxConnections ?? 8,
    statement_timeout: options.statementTimeoutMs ?? 30_000,
    idle_in_transaction_session_timeout: options.idleInTransactionTimeoutMs ?? 60_000,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 5_000,
    keepAlive: true,
    types: { getTypeParser: typeParsers(options.int8 ?? 'bigint') },
  };
  const pool = new pg.Pool(config);
  const report = options.onLostConnection ?? (() => undefined);
  pool.on('error', report);
  pool.on('connect', (client) => {
    scrubServerErrors(client);
    // While a client is checked out, the pool listens to nothing; the query in flight gets the error.
    client.on('error', () => undefined);
  });
  return pool;
}

/** pg's own parsers but for the types where they lose something. */
function typeParsers(int8: 'bigint' | 'string'): typeof pg.types.getTypeParser {
  const textParsers = new Map<number, (text: string) => unknown>([[oidDate, (text) => text]]);
  if (int8 === 'bigint') {
    const parseArray = pg.types.getTypeParser(oidInt8Array, 'text') as (text: string) => (string | null)[];
    textParsers.set(oidInt8, BigInt);
    textParsers.set(oidInt8Array, (text) =>
      parseArray(text).map((item) => (item === null ? null : BigInt(item))),
    );
  }
  const choose = (oid: number, format?: 'text' | 'binary'): unknown =>
    (format !== 'binary' && textParsers.get(oid)) || pg.types.getTypeParser(oid, format as 'text');
  return choose as typeof pg.types.getTypeParser;
}
