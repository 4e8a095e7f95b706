import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { TestContext } from 'node:test';
import { createGzip } from 'node:zlib';
import fc from 'fast-check';
import type { Pool } from 'pg';
import { type AuditEntry, appendAudit } from '../../src/audit/append.ts';
import { type CheckpointParts, publicKeysOf, signCheckpoint } from '../../src/audit/checkpoint.ts';
import { exportLines } from '../../src/audit/export.ts';
import { describeFinding } from '../../src/audit/findings.ts';
import type { EventFilter } from '../../src/audit/log-store.ts';
import { loadSigner, type Signer } from '../../src/audit/signing-key.ts';
import type { Verification } from '../../src/audit/verify.ts';
import { verifyDatabase } from '../../src/audit/verify-database.ts';
import { inTransaction } from '../../src/db/transaction.ts';
import { testDatabase } from '../postgres.ts';

/** An audit log of a test's own: a database, a key, a folder for copies and exports. */
export interface TestLog {
  readonly pool: Pool;
  readonly folder: string;
  readonly parts: CheckpointParts;
  checkpoint(signer?: Signer): ReturnType<typeof signCheckpoint>;
  verify(): Promise<Verification>;
  /** Writes an export and answers its path. */
  exportTo(name: string, filter?: EventFilter): Promise<string>;
}

export async function openLog(t: TestContext): Promise<TestLog> {
  const { pool } = await testDatabase(t);
  const folder = mkdtempSync(join(tmpdir(), 'cardwright-audit-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const signer = loadSigner({ kind: 'file', path: join(folder, 'audit.key') });
  const parts = { signer, copyPath: join(folder, 'audit/checkpoints.jsonl') };
  return {
    pool,
    folder,
    parts,
    checkpoint: (other = signer) =>
      signCheckpoint((work) => inTransaction(pool, work), { ...parts, signer: other }),
    verify: () => verifyDatabase(pool, parts),
    exportTo: async (name, filter) => {
      const path = join(folder, name);
      const options = { keys: publicKeysOf(parts), at: new Date(), ...(filter && { filter }) };
      const source = Readable.from(exportLines(pool, options));
      if (name.endsWith('.gz')) await pipeline(source, createGzip(), createWriteStream(path));
      else await pipeline(source, createWriteStream(path));
      return path;
    },
  };
}

/** The findings as words, to be compared and matched. */
export const wordsOf = ({ findings }: Verification): string[] => findings.map(describeFinding);

export const someText = fc
  .string({ unit: 'grapheme', maxLength: 12 })
  .map((text) => text.replaceAll('\u0000', '') || 'x');

const someEntry: fc.Arbitrary<AuditEntry> = fc.record(
  {
    actor: someText,
    action: someText,
    environment: fc.constantFrom('daily', 'online'),
    cardOrderId: fc.bigInt(1n, 2n ** 63n - 1n),
    detail: fc.dictionary(someText, fc.oneof(someText, fc.integer(), fc.boolean(), fc.constant(null)), {
      noNullPrototype: true,
    }),
  },
  { requiredKeys: ['actor', 'action'] },
);

/** What one transaction appends, in one or two calls; some are rolled back. */
export interface Act {
  readonly first: readonly AuditEntry[];
  readonly second: readonly AuditEntry[];
  readonly isRolledBack: boolean;
}

export const someActs = fc.array(
  fc.record({
    first: fc.array(someEntry, { minLength: 1, maxLength: 5 }),
    second: fc.array(someEntry, { maxLength: 3 }),
    isRolledBack: fc.nat(6).map((dice) => dice === 0),
  }),
  { minLength: 1, maxLength: 24 },
);

class RolledBack extends Error {}

/** All transactions at once, on as many connections as the pool has. Answers how many events were committed. */
export async function perform(pool: Pool, acts: readonly Act[]): Promise<number> {
  const committed = acts.map(async ({ first, second, isRolledBack }) => {
    const work = inTransaction(pool, async (client) => {
      await appendAudit(client, first);
      if (second.length > 0) await appendAudit(client, second);
      if (isRolledBack) throw new RolledBack();
      return first.length + second.length;
    });
    return work.catch((error: unknown) => {
      if (error instanceof RolledBack) return 0;
      throw error;
    });
  });
  return (await Promise.all(committed)).reduce((sum, events) => sum + events, 0);
}

/** Events in known places: one transaction, hence one chain. Answers the chain. */
export async function appendToOneChain(pool: Pool, count: number): Promise<number> {
  return inTransaction(pool, async (client) => {
    const entries = Array.from({ length: count }, (_, index) => ({
      actor: 'operator',
      action: 'order.state',
      environment: 'daily',
      cardOrderId: BigInt(index + 1),
      detail: { from: '已接收', to: 'planned' },
    }));
    await appendAudit(client, entries);
    const { rows } = await client.query<{ chain: number }>(
      "select current_setting('cardwright.audit_chain')::int as chain",
    );
    return rows[0]?.chain ?? -1;
  });
}
