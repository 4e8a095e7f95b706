import assert from 'node:assert/strict';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { Client, type Pool } from 'pg';
import { createPool } from '../../src/db/pool.ts';
import { CommitUnknown, inTransaction, TransactionAborted } from '../../src/db/transaction.ts';
import { testDatabase } from '../postgres.ts';

async function count(pool: Pool): Promise<bigint | undefined> {
  return (await pool.query<{ n: bigint }>('select count(*) as n from kept')).rows[0]?.n;
}

async function databaseWithTable(t: TestContext): Promise<Awaited<ReturnType<typeof testDatabase>>> {
  const database = await testDatabase(t);
  await database.pool.query('create table kept (n int, unique (n) deferrable initially deferred)');
  return database;
}

test('what returned is committed, what threw is not, and the connection is usable again', async (t) => {
  const { openPool, pool } = await databaseWithTable(t);
  const single = openPool({ maxConnections: 1 });
  assert.equal(
    await inTransaction(
      single,
      async (client) => (await client.query('insert into kept values (1)')).rowCount,
      {},
    ),
    1,
  );
  const thrown = new Error('no');
  const failing = inTransaction(single, async (client) => {
    await client.query('insert into kept values (2)');
    throw thrown;
  });
  await assert.rejects(failing, (error) => error === thrown);
  assert.equal(await count(single), 1n);
  assert.equal(single.totalCount, 1, 'the connection was kept');
  assert.equal(await count(pool), 1n);
});

test('a swallowed failure makes COMMIT answer ROLLBACK, which is TransactionAborted', async (t) => {
  const { pool } = await databaseWithTable(t);
  const work = inTransaction(pool, async (client) => {
    await client.query('insert into kept values (1)');
    await client.query('select 1 / 0').catch(() => undefined);
  });
  await assert.rejects(work, TransactionAborted);
  assert.equal(await count(pool), 0n);
});

test('a deferred constraint that fails at COMMIT is its own error, not a doubt', async (t) => {
  const { pool } = await databaseWithTable(t);
  const work = inTransaction(pool, (client) => client.query('insert into kept values (1), (1)'));
  await assert.rejects(work, { code: '23505' });
  assert.equal(await count(pool), 0n);
});

test('a session ended in the middle of the transaction is discarded, and nothing is in doubt', async (t) => {
  const { pool, openPool } = await databaseWithTable(t);
  const single = openPool({ maxConnections: 1 });
  const work = inTransaction(single, async (client) => {
    await client.query('insert into kept values (1)');
    const { rows } = await client.query('select pg_backend_pid() as pid');
    await pool.query('select pg_terminate_backend($1, 5000)', [rows[0]?.pid]);
    await client.query('insert into kept values (2)');
  });
  await assert.rejects(work, (error) => !(error instanceof CommitUnknown));
  assert.equal(await count(single), 0n);
});

test('a session that ended unnoticed before COMMIT is TransactionAborted, not a doubt', async (t) => {
  const { pool, openPool } = await databaseWithTable(t);
  const single = openPool({ maxConnections: 1 });
  const work = inTransaction(single, async (client) => {
    const { rows } = await client.query('select pg_backend_pid() as pid');
    const ended = new Promise<void>((resolve) => client.once('end', () => resolve()));
    await pool.query('select pg_terminate_backend($1, 5000)', [rows[0]?.pid]);
    await ended;
  });
  await assert.rejects(work, TransactionAborted);
  assert.equal(await count(single), 0n);
});

test('a session ended during COMMIT is CommitUnknown', async (t) => {
  const { pool } = await databaseWithTable(t);
  await pool.query(`create function dawdle() returns trigger language plpgsql as $$ begin perform pg_sleep(30); return null; end $$;
    create constraint trigger dawdle after insert on kept deferrable initially deferred for each row execute function dawdle()`);
  const work = inTransaction(pool, (client) => client.query('insert into kept values (1)'));
  const caught = assert.rejects(work, CommitUnknown);
  const end = `select pg_terminate_backend(pid) from pg_stat_activity where query = 'COMMIT' and state = 'active' and datname = current_database()`;
  while ((await pool.query(end)).rowCount === 0);
  await caught;
});

test('a COMMIT that took effect but whose answer was lost is CommitUnknown', async (t) => {
  const { pool, connectionString } = await databaseWithTable(t);
  const { host, port, user = '', password = '', database = '' } = new Client({ connectionString });
  const proxy = await proxyThatLosesAnswerToCommit(host, port);
  const cutPort = (proxy.address() as AddressInfo).port;
  const cut = createPool(
    { host: '127.0.0.1', port: cutPort, user, password, database },
    { applicationName: 'cut' },
  );
  await assert.rejects(
    inTransaction(cut, (client) => client.query('insert into kept values (1)')),
    CommitUnknown,
  );
  await cut.end();
  await new Promise((resolve) => proxy.close(resolve));
  assert.equal(await count(pool), 1n);
});

test('deadlock victims run again when asked to', async (t) => {
  const { pool } = await databaseWithTable(t);
  await pool.query('insert into kept values (1), (2)');
  let attempts = 0;
  const both = new Set<number>();
  let meet: () => void = () => undefined;
  const met = new Promise<void>((resolve) => {
    meet = resolve;
  });
  const crossing = (first: number, second: number): Promise<void> =>
    inTransaction(
      pool,
      async (client) => {
        attempts += 1;
        await client.query('update kept set n = n where n = $1', [first]);
        if (both.add(first).size === 2) meet();
        await met;
        await client.query('update kept set n = n where n = $1', [second]);
      },
      { retries: 3 },
    );
  await Promise.all([crossing(1, 2), crossing(2, 1)]);
  assert.equal(attempts, 3);
});

/** Lets everything through until the client says COMMIT: that reaches the server, and its answer nobody. */
async function proxyThatLosesAnswerToCommit(host: string, port: number): Promise<Server> {
  const dial = (): Socket =>
    host.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host);
  const proxy = createServer((client) => {
    const server = dial();
    let committing = false;
    client.on('data', (bytes) => {
      committing ||= bytes.includes('COMMIT');
      server.write(bytes);
    });
    server.on('data', (bytes) => {
      if (committing) client.destroy();
      else client.write(bytes);
    });
    for (const socket of [client, server]) socket.on('error', () => undefined);
    client.on('close', () => server.destroy());
    server.on('close', () => client.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  return proxy;
}
