import type { Pool } from 'pg';
import { type CheckpointParts, publicKeysOf } from './checkpoint.ts';
import { readCopies } from './checkpoint-copy.ts';
import { missingGuards, openStoredLog } from './log-store.ts';
import { type Verification, verifyAuditLog } from './verify.ts';

/**
 * Verifies the log in the database as it stands at one moment, also while it grows, and holds its checkpoints against
 * their copy outside the database.
 * @param onProgress Told now and then how many events were read, and how many there are.
 */
export async function verifyDatabase(
  pool: Pool,
  parts: CheckpointParts,
  onProgress?: (events: number, of: bigint) => void,
): Promise<Verification> {
  // Before the database: the copy follows it, so whatever the copy has by now, the database must have.
  const copies = await readCopies(parts.copyPath);
  const log = await openStoredLog(pool);
  const verification = await verifyAuditLog(log.items(), {
    logId: log.logId,
    keys: publicKeysOf(parts),
    copies: copies.digests,
    ...(onProgress && { onProgress: (events: number) => onProgress(events, log.expectedEvents) }),
  });
  const others = [...copies.findings, ...(await missingGuards(pool))];
  return {
    ...verification,
    findings: [...others, ...verification.findings],
    findingCount: others.length + verification.findingCount,
  };
}
