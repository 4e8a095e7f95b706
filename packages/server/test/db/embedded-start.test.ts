import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { ensureLibraryLinks, locateBinaries, program } from '../../src/db/embedded/binaries.ts';
import { takeOwnership } from '../../src/db/embedded/data-folder.ts';
import { chooseIdentity } from '../../src/db/embedded/identity.ts';
import { EmbeddedPostgresRefusal } from '../../src/db/embedded/refusal.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/db/embedded/start.ts';
import { cleanUp, runFixture, scratchFolder, startForTest } from './scratch.ts';

const isRoot = process.getuid?.() === 0;
const runs = ([file = '', ...args]: readonly string[]): boolean => spawnSync(file, args).status === 0;
const asNobody = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', '--'];

async function ask(server: EmbeddedPostgres, sql: string): Promise<Record<string, unknown> | undefined> {
  const client = new Client(server.connection);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows[0];
  } finally {
    await client.end();
  }
}

function refusal(reason: string, ...words: RegExp[]): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof EmbeddedPostgresRefusal, String(error));
    assert.equal(error.reason, reason);
    for (const word of words) assert.match(error.message, word);
    return true;
  };
}

test('the server is durable, UTF-8, checksummed, and reachable through its socket only', async (t) => {
  const dataDir = join(scratchFolder(t), 'data');
  const server = await startForTest(t, { dataDir });
  assert.match(server.version, /^18\./);
  const facts = await ask(
    server,
    `select current_setting('fsync') as fsync, current_setting('synchronous_commit') as sync,
       current_setting('data_checksums') as checksums, current_setting('server_encoding') as encoding,
       current_setting('listen_addresses') as listens, current_setting('log_error_verbosity') as verbosity,
       datlocprovider as provider, datlocale as locale from pg_database where datname = current_database()`,
  );
  assert.deepEqual(facts, {
    ...{ fsync: 'on', sync: 'on', checksums: 'on', encoding: 'UTF8', listens: '', verbosity: 'terse' },
    ...{ provider: 'b', locale: 'C.UTF-8' },
  });
  assert.equal(statSync(dataDir).mode & 0o777, 0o700);
  assert.equal(statSync(server.connection.host).mode & 0o777, 0o700);
});

test('what was written is there after stop and start, through the URL too', async (t) => {
  const dataDir = join(scratchFolder(t), 'data');
  const first = await startForTest(t, { dataDir });
  await ask(first, "create table kept as select '汇金 🀄' as word");
  await first.stop();
  const second = await startForTest(t, { dataDir });
  const client = new Client({ connectionString: second.connectionString });
  await client.connect();
  const { rows } = await client.query('select word from kept');
  await client.end();
  assert.deepEqual(rows, [{ word: '汇金 🀄' }]);
});

test('the password is needed even inside the socket folder', async (t) => {
  const server = await startForTest(t, { dataDir: join(scratchFolder(t), 'data') });
  const client = new Client({ ...server.connection, password: 'guess' });
  await assert.rejects(client.connect(), { code: '28P01' });
});

test('row values of failed statements do not reach the log', async (t) => {
  const dataDir = join(scratchFolder(t), 'data');
  const server = await startForTest(t, { dataDir });
  await ask(server, 'create table card (password text unique, n int)');
  await ask(server, "insert into card values ('canary-1')");
  await assert.rejects(ask(server, "insert into card values ('canary-1')"));
  await assert.rejects(ask(server, "insert into card (n) values ('canary-2'::text::int)"));
  await server.stop();
  assert.doesNotMatch(readFileSync(join(dataDir, 'postgres.log'), 'utf8'), /canary/);
});

test('with a port, psql can reach it on loopback with the password', async (t) => {
  const port = 20_000 + (process.pid % 20_000);
  const server = await startForTest(t, { dataDir: join(scratchFolder(t), 'data'), port });
  const client = new Client({ ...server.connection, host: '127.0.0.1' });
  await client.connect();
  const { rows } = await client.query('select host(inet_server_addr()) as host');
  await client.end();
  assert.deepEqual(rows, [{ host: '127.0.0.1' }]);
});

test('a folder in use is refused, to another process and to our own', async (t) => {
  const dataDir = join(scratchFolder(t), 'data');
  const holder = runFixture(t, 'launcher.fixture.ts', [dataDir]);
  await holder.nextLine();
  const expected = refusal(
    'folder_in_use',
    /数据目录正被另一个进程使用/,
    new RegExp(`pid ${holder.process.pid}\\b`),
  );
  await assert.rejects(startEmbeddedPostgres({ dataDir }), expected);
  holder.process.stdin?.end();
  await holder.ended;
  await startForTest(t, { dataDir });
  await assert.rejects(startEmbeddedPostgres({ dataDir }), refusal('folder_in_use'));
});

test('a cluster of another PostgreSQL version is refused and left alone', async (t) => {
  const dataDir = join(scratchFolder(t), 'data');
  await (await startForTest(t, { dataDir })).stop();
  const versionFile = join(dataDir, 'cluster', 'PG_VERSION');
  writeFileSync(versionFile, '17\n');
  await assert.rejects(
    startEmbeddedPostgres({ dataDir }),
    refusal('version_mismatch', /PostgreSQL 17 建立/, /made by PostgreSQL 17/),
  );
  writeFileSync(versionFile, '18\n');
  await startForTest(t, { dataDir });
});

test('a folder that is no cluster of ours is refused and left alone', async (t) => {
  const dataDir = join(scratchFolder(t), 'data');
  mkdirSync(join(dataDir, 'cluster'), { recursive: true });
  writeFileSync(join(dataDir, 'cluster', 'letter.txt'), 'dear');
  await assert.rejects(startEmbeddedPostgres({ dataDir }), refusal('folder_foreign'));
  assert.equal(readFileSync(join(dataDir, 'cluster', 'letter.txt'), 'utf8'), 'dear');
});

test('an initdb killed half-way is done again', async (t) => {
  const dataDir = join(scratchFolder(t), 'data');
  const victim = runFixture(t, 'launcher.fixture.ts', [dataDir]);
  const isHalfMade = (): boolean =>
    existsSync(dataDir) &&
    readdirSync(dataDir).some((name) =>
      existsSync(join(dataDir, name, 'cluster', 'base', '1', 'PG_VERSION')),
    );
  while (!isHalfMade()) await sleep(2);
  victim.process.kill('SIGKILL');
  await victim.ended;
  assert.ok(!existsSync(join(dataDir, 'cluster')), 'killed too late to test anything');
  const server = await startForTest(t, { dataDir });
  assert.deepEqual(await ask(server, 'select 1 as one'), { one: 1 });
  assert.deepEqual(
    readdirSync(dataDir).filter((name) => name.includes('unfinished')),
    [],
  );
});

test('a data folder whose path is too long for a socket works', async (t) => {
  const dataDir = join(scratchFolder(t), '很长的目录名'.repeat(8), 'with a "quote", a space and \'more');
  const server = await startForTest(t, { dataDir });
  assert.ok(Buffer.byteLength(server.connection.host) < 90);
  assert.equal(statSync(server.connection.host).mode & 0o777, 0o700);
  assert.deepEqual(await ask(server, 'select 1 as one'), { one: 1 });
  await server.stop();
  assert.ok(!existsSync(server.connection.host), 'the socket folder outside the data folder is removed');
  await startForTest(t, { dataDir });
});

test('a socket folder squatted by somebody else is not used', {
  skip: !isRoot && 'needs root to make a foreign folder',
}, async (t) => {
  const dataDir = join(scratchFolder(t), 'x'.repeat(120));
  const first = await startForTest(t, { dataDir });
  const squatted = first.connection.host;
  await first.stop();
  mkdirSync(squatted, { mode: 0o777 });
  spawnSync('chown', ['12345', squatted]);
  cleanUp(t, () => spawnSync('rmdir', [squatted]));
  const second = await startForTest(t, { dataDir });
  assert.notEqual(second.connection.host, squatted);
});

test('library links that no install script made are made', (t) => {
  const installed = locateBinaries();
  const native = join(scratchFolder(t), 'native');
  cpSync(join(installed.native, 'lib'), join(native, 'lib'), { recursive: true, verbatimSymlinks: true });
  cpSync(join(installed.native, 'pg-symlinks.json'), join(native, 'pg-symlinks.json'));
  const links = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as { target: string }[];
  const paths = links.map((link) => join(native, '..', link.target));
  for (const path of paths) if (existsSync(path)) unlinkSync(path);
  assert.ok(ensureLibraryLinks({ ...installed, native }));
  assert.ok(paths.length > 0 && paths.every((path) => existsSync(path)));
});

test('root: the server runs in a user namespace, or as nobody, and one folder may change between them', {
  skip: !isRoot && 'needs root',
}, async (t) => {
  const dataDir = join(scratchFolder(t), 'data');
  spawnSync('chmod', ['755', join(dataDir, '..')]);
  const first = await startForTest(t, { dataDir });
  await ask(first, 'create table kept as select 1 as n');
  await first.stop();
  const asUser = await startForTest(t, { dataDir, identities: ['uid'] });
  assert.equal(asUser.identity, 'uid');
  assert.equal(statSync(`/proc/${asUser.pid}`).uid, 65_534);
  assert.deepEqual(await ask(asUser, 'select n from kept'), { n: 1 });
  await asUser.stop();
  const again = await startForTest(t, { dataDir });
  assert.deepEqual(await ask(again, 'select n from kept'), { n: 1 });
});

test('root: a folder that no other user may enter works in a namespace, else is refused', {
  skip: !isRoot && 'needs root',
}, async (t) => {
  const home = join(scratchFolder(t), 'home');
  mkdirSync(home, { mode: 0o700 });
  const dataDir = join(home, 'data');
  await assert.rejects(
    startEmbeddedPostgres({ dataDir, identities: ['uid'] }),
    refusal('folder_closed', /无法进入/, /can't enter/),
  );
  if (!runs(['unshare', '-U', 'true'])) return t.diagnostic('user namespaces are refused here');
  const server = await startForTest(t, { dataDir });
  assert.equal(server.identity, 'namespace');
  assert.deepEqual(await ask(server, 'select 1 as one'), { one: 1 });
});

test("root in another user's closed home: the server runs as that user", {
  skip: !isRoot && 'needs root',
}, async (t) => {
  const home = join(scratchFolder(t), 'home');
  spawnSync('chmod', ['755', join(home, '..')]);
  mkdirSync(home, { mode: 0o700 });
  spawnSync('chown', ['1:1', home]);
  const server = await startForTest(t, { dataDir: join(home, 'data') });
  assert.equal(server.identity, 'uid');
  assert.equal(statSync(`/proc/${server.pid}`).uid, 1);
  assert.deepEqual(await ask(server, 'select 1 as one'), { one: 1 });
});

test('as an ordinary user', async (t) => {
  if (!isRoot) return t.skip('all tests run as an ordinary user already');
  if (!runs([...asNobody, process.execPath, '--version']))
    return t.skip('no setpriv, or nobody may not enter this checkout');
  const folder = scratchFolder(t);
  spawnSync('chown', ['65534:65534', folder]);
  spawnSync('chmod', ['755', folder]);
  const dataDir = join(folder, 'data');
  const fixture = runFixture(t, 'launcher.fixture.ts', [dataDir], asNobody);
  const report = await fixture.nextLine();
  assert.equal(report['identity'], 'self');
  assert.equal(statSync(`/proc/${String(report['pid'])}`).uid, 65_534);
  fixture.process.stdin?.end();
  assert.deepEqual(await fixture.nextLine(), { stopped: true });
  await (await startForTest(t, { dataDir })).stop();
  const shutOut = runFixture(t, 'launcher.fixture.ts', [dataDir], asNobody);
  await assert.rejects(shutOut.nextLine(), /属于另一个用户/);
});

test('as a user without a name, as containers have them', async (t) => {
  if (!isRoot) return t.skip('needs root to become another user');
  const asNameless = ['setpriv', '--reuid', '54321', '--regid', '54321', '--clear-groups', '--'];
  if (!runs([...asNameless, 'unshare', '-U', process.execPath, '--version']))
    return t.skip('user namespaces or setpriv are missing here');
  const folder = scratchFolder(t);
  spawnSync('chown', ['54321:54321', folder]);
  for (let start = 0; start < 2; start += 1) {
    const fixture = runFixture(t, 'launcher.fixture.ts', [join(folder, 'data')], asNameless);
    assert.equal((await fixture.nextLine())['identity'], 'namespace');
    fixture.process.stdin?.end();
    assert.deepEqual(await fixture.nextLine(), { stopped: true });
  }
});

test('root: programs that nobody may reach are copied to where nobody may', {
  skip: !isRoot && 'needs root',
}, (t) => {
  const installed = locateBinaries();
  const closed = scratchFolder(t);
  cpSync(installed.native, join(closed, 'native'), { recursive: true, verbatimSymlinks: true });
  const parent = scratchFolder(t);
  spawnSync('chmod', ['755', parent]);
  const dataDir = join(parent, 'data');
  mkdirSync(dataDir);
  const hidden = { ...installed, native: join(closed, 'native') };
  const { identity, binaries } = chooseIdentity(hidden, dataDir, ['uid']);
  takeOwnership(dataDir, identity);
  assert.ok(binaries.native.startsWith(dataDir));
  assert.ok(runs([...asNobody, program(binaries, 'postgres'), '-V']));
  assert.ok(runs([...asNobody, program(binaries, 'initdb'), '-V']));
  assert.deepEqual(chooseIdentity(hidden, dataDir, ['uid']).binaries, binaries);
});
