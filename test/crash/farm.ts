import { chmodSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Sandbox, startSandbox } from '@cardwright/sandbox';
import type { Pool } from 'pg';
import { type FaultKind, faultKindNames, faultKinds } from '../../packages/sandbox/src/faults/kinds.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../packages/server/src/db/embedded/start.ts';
import { createPool } from '../../packages/server/src/db/pool.ts';
import { prepareDatabase } from '../../packages/server/src/house.ts';
import { keyProvider } from '../../packages/server/src/vault/key-provider.ts';
import { openVault, type Vault } from '../../packages/server/src/vault/vault.ts';
import { Member } from './member.ts';

const appKey = '12345678';
const appSecret = 'helloworld';

/** Calls go wrong in these ways; none that is answered only when the caller gives up, after half a minute. */
const patient: ReadonlySet<FaultKind> = new Set<FaultKind>(['silent-before', 'acted-then-silent', 'slow']);
const callFaults = faultKindNames.filter(
  (kind) =>
    ['call', 'effect', 'maker'].includes(faultKinds[kind].place) &&
    faultKinds[kind].onlyNamed !== true &&
    !patient.has(kind),
);

/** A PostgreSQL, a platform in this process that nobody kills, and members of the product. */
export class Farm {
  readonly server: EmbeddedPostgres;
  readonly sandbox: Sandbox;
  readonly pool: Pool;
  readonly vault: Vault;
  readonly gatewayPort: number;
  readonly #dataDir: string;
  readonly #members = new Set<Member>();

  private constructor(parts: {
    server: EmbeddedPostgres;
    sandbox: Sandbox;
    pool: Pool;
    vault: Vault;
    gatewayPort: number;
    dataDir: string;
  }) {
    this.server = parts.server;
    this.sandbox = parts.sandbox;
    this.pool = parts.pool;
    this.vault = parts.vault;
    this.gatewayPort = parts.gatewayPort;
    this.#dataDir = parts.dataDir;
  }

  static async open(seed: number, chaosRate: number): Promise<Farm> {
    const dataDir = realpathSync(mkdtempSync(join(tmpdir(), 'cardwright-farm-')));
    // PostgreSQL may run as another user, who has to pass through this folder.
    chmodSync(dataDir, 0o755);
    const server = await startEmbeddedPostgres({ dataDir: join(dataDir, 'postgres') });
    const { connectionString } = server;
    const pool = createPool(
      { connectionString },
      { applicationName: 'crash harness', maxConnections: 4, statementTimeoutMs: 20_000 },
    );
    await prepareDatabase(connectionString, pool);
    const vault = await openVault(keyProvider({ kind: 'file', path: join(dataDir, 'vault.key') }));
    const gatewayPort = await freePort();
    const sandbox = await startSandbox({
      port: 0,
      maker: `http://127.0.0.1:${gatewayPort}/spi`,
      appKey,
      appSecret,
      seed: `farm ${seed}`,
      makerTimeoutMs: 5_000,
      chaos: { seed: String(seed), rate: chaosRate, kinds: callFaults },
    });
    return new Farm({ server, sandbox, pool, vault, gatewayPort, dataDir });
  }

  /** Where everything lies that the product and its PostgreSQL write. */
  get dataDir(): string {
    return this.#dataDir;
  }

  /** Members that are started from now on tell everything, and all of it is kept. */
  tellsEverything = false;

  /** Starts a member; `failpoints` as `armFailpoints` takes them. */
  start(args: readonly string[], failpoints = ''): Member {
    const { DATABASE_URL: _, ...environment } = process.env;
    const member = new Member(
      [...args, '--data', this.#dataDir],
      {
        ...environment,
        CARDWRIGHT_DATABASE_URL: this.server.connectionString,
        CARDWRIGHT_DAILY_APP_KEY: appKey,
        CARDWRIGHT_DAILY_APP_SECRETS: appSecret,
        CARDWRIGHT_DAILY_GATEWAY: `${this.sandbox.url}/router/rest`,
        CARDWRIGHT_LOG_LEVEL: this.tellsEverything ? 'trace' : 'warn',
        CARDWRIGHT_FAILPOINTS: failpoints,
      },
      this.tellsEverything ? Number.MAX_SAFE_INTEGER : undefined,
    );
    member.whenReady.catch(() => undefined);
    this.#members.add(member);
    void member.ended.then(() => this.#members.delete(member));
    return member;
  }

  gateway(failpoints = ''): Member {
    return this.start(['serve', '--role', 'gateway', '--port', String(this.gatewayPort)], failpoints);
  }

  worker(failpoints = ''): Member {
    return this.start(['serve', '--role', 'worker'], failpoints);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#members].map((member) => member.kill()));
    await this.sandbox.close();
    await this.pool.end();
    await this.server.stop('immediate');
    rmSync(this.#dataDir, { recursive: true, force: true });
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() =>
        typeof address === 'object' && address !== null
          ? resolve(address.port)
          : reject(new Error('no port')),
      );
    });
  });
}
