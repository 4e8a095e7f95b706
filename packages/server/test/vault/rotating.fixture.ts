import { createPool } from '../../src/db/pool.ts';
import { rotateVault } from '../../src/vault/rotate.ts';
import { fileVault } from './fixture.ts';

/** A process that rotates slowly, to be killed: `node rotating.fixture.ts DATABASE KEY_FILE`. Says each batch. */
const [connectionString = '', path = ''] = process.argv.slice(2);
const pool = createPool({ connectionString }, { applicationName: 'rotating' });
await rotateVault(pool, await fileVault(path), {
  actor: 'doomed',
  batchSize: 3,
  onProgress: ({ dataKeys, receivers }) => process.stdout.write(`${dataKeys + receivers}\n`),
});
await pool.end();
