import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { locateBinaries, program } from '../../src/db/embedded/binaries.ts';
import { clusterFolder, clusterName } from '../../src/db/embedded/data-folder.ts';
import { readPostmasterFile } from '../../src/db/embedded/leftovers.ts';
import { findProcess, listProcesses } from '../../src/db/embedded/processes.ts';
import type { EmbeddedPostgres } from '../../src/db/embedded/start.ts';
import { createPool } from '../../src/db/pool.ts';
import { cleanUp, runFixture, scratchFolder, startForTest } from './scratch.ts';

function poolOf(t: TestContext, server: EmbeddedPostgres): ReturnType<typeof createPool> {
  const pool = createPool(server.connection, { applicationName: 'test' });
  cleanUp(t, () => (pool.ended ? undefined : pool.end()));
  return pool;
}

test('kill -9 of the product, and of its server too: every confirmed commit is there, the server is gone or ended', async (t) => {
  const dataDir = join(scratchFolder(t), 'data');
  const confirmed = new Set<string>();
  for (let round = 0; round < 4; round += 1) {
    const victim = runFixture(t, 'launcher.fixture.ts', [dataDir, 'load']);
    const { pid } = await victim.nextLine();
    await victim.nextLine();
    const rest = victim.remainingLines();
    await sleep(100 + 60 * round);
    victim.process.kill('SIGKILL');
    if (round % 2 === 1) process.kill(Number(pid), 'SIGKILL');
    for (const { n } of await rest) confirmed.add(String(n));
  }
  const server = await startForTest(t, { dataDir });
  const { rows } = await poolOf(t, server).query<{ n: bigint }>('select n from taken');
  const found = new Set(rows.map(({ n }) => String(n)));
  assert.ok(confirmed.size > 4, `only ${confirmed.size} commits were confirmed`);
  assert.deepEqual(
    [...confirmed].filter((n) => !found.has(n)),
    [],
  );
});

test('the server ends with a killed product', {
  skip: process.platform !== 'linux' && 'needs a death signal',
}, async (t) => {
  const dataDir = join(scratchFolder(t), 'data');
  const victim = runFixture(t, 'launcher.fixture.ts', [dataDir]);
  const { pid } = await victim.nextLine();
  victim.process.kill('SIGKILL');
  const deadline = performance.now() + 10_000;
  while (findProcess(Number(pid)) && performance.now() < deadline) await sleep(20);
  assert.equal(findProcess(Number(pid)), undefined);
});

test('an orphaned server on the folder is ended and its data kept', async (t) => {
  const dataDir = join(scratchFolder(t), 'data');
  const first = await startForTest(t, { dataDir });
  await poolOf(t, first).query('create table kept as select 1 as n');
  const isolated =
    first.identity === 'namespace' ? ['unshare', '-U', '--map-user=65534', '--map-group=65534', '--'] : [];
  await first.stop();

  const cluster = clusterFolder(dataDir);
  const [file = '', ...words] = [...isolated, program(locateBinaries(), 'postgres'), '-D', cluster];
  const settings = [
    `cluster_name=${clusterName(cluster)}`,
    'listen_addresses=',
    `unix_socket_directories=${join(dataDir, 'socket')}`,
  ];
  const orphan = spawn(file, [...words, ...settings.flatMap((setting) => ['-c', setting])], {
    stdio: 'ignore',
  });
  cleanUp(t, () => void orphan.kill('SIGKILL'));
  while (!readPostmasterFile(cluster)?.ready) await sleep(10);

  const second = await startForTest(t, { dataDir });
  assert.notEqual(second.pid, orphan.pid);
  assert.equal(findProcess(orphan.pid ?? 0), undefined);
  assert.deepEqual((await poolOf(t, second).query('select n from kept')).rows, [{ n: 1 }]);
});

test('a postmaster.pid with the number of a zombie, or of an unrelated process, does not block the start', async (t) => {
  const dataDir = join(scratchFolder(t), 'data');
  await (await startForTest(t, { dataDir })).stop();
  // The shell's child ends and nobody ever collects it.
  const parent = spawn('sh', ['-c', 'true & echo $!; exec sleep 600'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  cleanUp(t, () => void parent.kill('SIGKILL'));
  const [output] = (await once(parent.stdout, 'data')) as [Buffer];
  for (const pid of [Number(output.toString()), parent.pid ?? 0]) {
    writeFileSync(
      join(clusterFolder(dataDir), 'postmaster.pid'),
      `${pid}\n${clusterFolder(dataDir)}\n1\n5432\n\n\n\nready\n`,
    );
    await (await startForTest(t, { dataDir })).stop();
  }
  assert.ok(findProcess(parent.pid ?? 0), 'the unrelated process lives on');
});

test('kill -9 of the server under a working pool: the pool survives and works again within 5 s', async (t) => {
  const dataDir = join(scratchFolder(t), 'data');
  const server = await startForTest(t, { dataDir });
  const pool = poolOf(t, server);
  const exits: unknown[] = [];
  server.onExit((exit) => exits.push(exit.signal));
  await pool.query('create table taken (n int)');
  for (let round = 0; round < 3; round += 1) {
    await Promise.all(Array.from({ length: 6 }, () => pool.query('select 1')));
    const sleeping = pool.query('select pg_sleep(30)');
    const caught = assert.rejects(sleeping, isConnectionError);
    await sleep(50);
    const killed = server.pid;
    process.kill(killed, 'SIGKILL');
    await caught;
    const recoveryMs = await untilWorking(() => pool.query('insert into taken values ($1)', [round]));
    t.diagnostic(`working again after ${Math.round(recoveryMs)} ms`);
    assert.ok(recoveryMs < 5_000, `${recoveryMs} ms`);
    assert.notEqual(server.pid, killed);
  }
  assert.deepEqual(exits, ['SIGKILL', 'SIGKILL', 'SIGKILL']);
});

test('kill -9 of one session makes the server recover by itself', async (t) => {
  const server = await startForTest(t, { dataDir: join(scratchFolder(t), 'data') });
  const pool = poolOf(t, server);
  const { rows } = await pool.query<{ pid: number }>('select pg_backend_pid() as pid');
  process.kill(rows[0]?.pid ?? 0, 'SIGKILL');
  const recoveryMs = await untilWorking(() => pool.query('select 1'));
  assert.ok(recoveryMs < 5_000, `${recoveryMs} ms`);
});

test('a session that outlives its killed server, deaf in a computation, does not block the restart', async (t) => {
  const server = await startForTest(t, { dataDir: join(scratchFolder(t), 'data') });
  const pool = poolOf(t, server);
  const { rows } = await pool.query<{ pid: number }>('select pg_backend_pid() as pid');
  const deaf = rows[0]?.pid ?? 0;
  process.kill(deaf, 'SIGSTOP');
  process.kill(server.pid, 'SIGKILL');
  const fresh = poolOf(t, server);
  await untilWorking(() => fresh.query('select 1'));
  assert.equal(findProcess(deaf), undefined);
});

test('stop leaves no process and no socket, is bounded with sessions open, and may be called twice', async (t) => {
  const dataDir = join(scratchFolder(t), 'data');
  const server = await startForTest(t, { dataDir });
  const pool = poolOf(t, server);
  const caught = assert.rejects(pool.query('select pg_sleep(60)'), isConnectionError);
  await sleep(100);
  const beganAt = performance.now();
  await Promise.all([server.stop(), server.stop()]);
  await caught;
  assert.ok(performance.now() - beganAt < 10_000);
  const name = clusterName(clusterFolder(dataDir));
  assert.deepEqual(
    listProcesses().filter((entry) => entry.command.includes(name)),
    [],
  );
  assert.ok(!existsSync(join(server.connection.host, '.s.PGSQL.5432')));
});

/** What a pool may answer while the server restarts, and nothing else. */
function isConnectionError(error: unknown): boolean {
  const { code, message } = error as { code?: string; message: string };
  return /^(57P0|08|ECONN|EPIPE|ENOENT)/.test(code ?? '') || /^Connection terminated|timeout/.test(message);
}

async function untilWorking(work: () => Promise<unknown>): Promise<number> {
  const beganAt = performance.now();
  for (;;) {
    try {
      await work();
      return performance.now() - beganAt;
    } catch (error) {
      assert.ok(isConnectionError(error), String(error));
      assert.ok(performance.now() - beganAt < 30_000, 'not working again after 30 s');
      await sleep(20);
    }
  }
}
