import type { Pool } from 'pg';
import { type CheckpointParts, signCheckpoint } from '../audit/checkpoint.ts';
import { scrub, shredDue } from '../vault/shred.ts';
import type { Schedule, Task } from './tasks.ts';

export interface UpkeepParts {
  readonly pool: Pool;
  readonly audit: CheckpointParts;
  readonly secretRetentionDays: number;
}

/** What has to be done now and then, whoever orders what. */
export function upkeepTasks({ pool, audit, secretRetentionDays }: UpkeepParts): readonly Task[] {
  return [
    {
      name: 'sign-audit-checkpoint',
      zh: '签署审计检查点',
      en: 'signs the heads of the audit log',
      run: async (_, { transaction }) => {
        await signCheckpoint(transaction, audit);
      },
    },
    {
      name: 'shred-secrets',
      lane: 'slow',
      zh: '到期销毁密钥',
      en: 'shreds the secrets of orders that ended long enough ago',
      run: async (_, { transaction, signal }) => {
        await shredDue(transaction, audit.signer, secretRetentionDays, signal);
        // Where it can't be done now, the next run does it.
        await scrub(pool);
      },
    },
  ];
}

export const upkeepSchedules: readonly Schedule[] = [
  { task: 'sign-audit-checkpoint', everyMs: 5 * 60_000 },
  { task: 'shred-secrets', everyMs: 60 * 60_000 },
];
