import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startEmbeddedPostgres } from './embedded/start.ts';
import { migrate } from './migrate.ts';
import { createPool } from './pool.ts';
import { describeSchema } from './schema-catalog.ts';

const dumpFile = fileURLToPath(new URL('./schema.sql.txt', import.meta.url));
const command = 'node packages/server/src/db/schema-dump.ts';

/** The schema that the migrations make on an empty database, as text. Starts a server of its own for it. */
export async function dumpMigratedSchema(): Promise<string> {
  const dataDir = mkdtempSync(join(tmpdir(), 'cardwright-schema-'));
  try {
    const server = await startEmbeddedPostgres({ dataDir });
    const pool = createPool(server.connection, {
      applicationName: 'cardwright schema-dump',
      maxConnections: 1,
    });
    try {
      await migrate(pool);
      const client = await pool.connect();
      try {
        return await describeSchema(client);
      } finally {
        client.release();
      }
    } finally {
      await pool.end();
      await server.stop('immediate');
    }
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** The first line in which two texts differ, for a message. */
export function firstDifference(kept: string, found: string): string {
  const keptLines = kept.split('\n');
  const foundLines = found.split('\n');
  const at = foundLines.findIndex((line, index) => line !== keptLines[index]);
  const index = at === -1 ? foundLines.length : at;
  const show = (line: string | undefined): string => line ?? '(end)';
  return `line ${index + 1}\n  kept:       ${show(keptLines[index])}\n  migrations: ${show(foundLines[index])}`;
}

async function main(mode: string | undefined): Promise<number> {
  if (mode !== '--check' && mode !== '--write') {
    process.stderr.write(`Usage: ${command} --check | --write\n`);
    return 2;
  }
  const found = await dumpMigratedSchema();
  const shownFile = relative(process.cwd(), dumpFile);
  if (mode === '--write') {
    writeFileSync(dumpFile, found);
    process.stdout.write(`${shownFile} written\n`);
    return 0;
  }
  const kept = readKept();
  if (kept === found) return 0;
  process.stderr.write(`${shownFile} is not what the migrations make: ${firstDifference(kept, found)}\n`);
  process.stderr.write(`Look at the difference, then run: ${command} --write\n`);
  return 1;
}

function readKept(): string {
  try {
    return readFileSync(dumpFile, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

if (import.meta.main) process.exitCode = await main(process.argv[2]);
