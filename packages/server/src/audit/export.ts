import { createHash, type KeyObject } from 'node:crypto';
import type { Pool } from 'pg';
import type { ChainedEvent } from './event-hash.ts';
import { type EventFilter, openStoredLog, readSelected } from './log-store.ts';
import { publicPem } from './signing-key.ts';
import type { AuditItem, PublicKeys } from './verify.ts';

/** Stands in the first line of every export. */
export const exportFormat = 'cardwright-audit-1';

export interface ExportOptions {
  readonly keys: PublicKeys;
  readonly at: Date;
  /** Only these events, for people: such an export cannot be verified, for the events in between are missing. */
  readonly filter?: EventFilter;
}

/** What an export held. */
export interface ExportCounts {
  readonly events: number;
  readonly checkpoints: number;
}

/**
 * The log as lines of JSON, in parts of some thousand lines: a header, events and checkpoints in the order that
 * verifying needs, the ends of the chains, and a footer with the counts and the SHA-256 of all bytes before it. Events
 * carry exactly the texts that were hashed. Nothing else is needed to verify it. Returns the counts.
 */
export async function* exportLines(pool: Pool, options: ExportOptions): AsyncGenerator<string, ExportCounts> {
  const sum = createHash('sha256');
  const counts = { events: 0, checkpoints: 0 };
  for await (const part of linesBeforeFooter(pool, options, counts)) {
    sum.update(part);
    yield part;
  }
  yield jsonLine({ footer: { ...counts, sha256: sum.digest('hex') } });
  return counts;
}

async function* linesBeforeFooter(
  pool: Pool,
  { keys, at, filter }: ExportOptions,
  counts: { events: number; checkpoints: number },
): AsyncGenerator<string, void> {
  const log = await openStoredLog(pool);
  yield jsonLine({
    header: {
      format: exportFormat,
      whole: filter === undefined,
      ...(filter && { filter }),
      exportedAt: at.toISOString(),
      logId: log.logId,
      publicKeys: [...keys.values()].map((key: KeyObject) => publicPem(key)),
      event: [
        'id',
        'chain',
        'seq',
        'atUs',
        'actor',
        'action',
        'environment',
        'cardOrderId',
        'detail',
        'hash',
      ],
    },
  });
  const batches = filter === undefined ? log.items() : readSelected(pool, filter);
  for await (const items of batches) {
    let part = '';
    for (const item of items) {
      if (item.kind === 'event') counts.events += 1;
      if (item.kind === 'checkpoint') counts.checkpoints += 1;
      part += jsonLine(memberOf(item));
    }
    if (part !== '') yield part;
  }
}

const jsonLine = (value: unknown): string => `${JSON.stringify(value)}\n`;

function memberOf(item: AuditItem): unknown {
  if (item.kind === 'event') return { event: fieldsOf(item) };
  const { kind, ...fields } = item;
  return { [kind]: kind === 'finding' ? (fields as { finding: unknown }).finding : fields };
}

const fieldsOf = (event: ChainedEvent): readonly unknown[] => [
  event.id,
  event.chain,
  event.seq,
  event.atUs,
  event.actor,
  event.action,
  event.environment,
  event.cardOrderId,
  event.detail,
  event.hash,
];
