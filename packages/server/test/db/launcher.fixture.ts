// Starts the server on the folder of the first argument, reports, and runs until standard input ends.
// With a second argument `load`, it writes numbers into a table for ever and reports each when its commit is confirmed.
import { startEmbeddedPostgres } from '../../src/db/embedded/start.ts';
import { createPool } from '../../src/db/pool.ts';

const [, , dataDir = '', mode] = process.argv;
const say = (line: Record<string, unknown>): boolean => process.stdout.write(`${JSON.stringify(line)}\n`);

const server = await startEmbeddedPostgres({ dataDir });
say({
  pid: server.pid,
  identity: server.identity,
  version: server.version,
  connectionString: server.connectionString,
});
process.stdin.resume().once('end', async () => {
  await server.stop();
  say({ stopped: true });
  process.exit(0);
});

if (mode === 'load') {
  const pool = createPool(server.connection, { applicationName: 'load' });
  await pool.query('create table if not exists taken (n bigint generated always as identity primary key)');
  const write = async (): Promise<never> => {
    for (;;) {
      const { rows } = await pool.query<{ n: bigint }>('insert into taken default values returning n');
      say({ n: String(rows[0]?.n) });
    }
  };
  await Promise.all([write(), write(), write(), write()]);
}
