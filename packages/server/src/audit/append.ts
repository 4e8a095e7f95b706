import type { PoolClient } from 'pg';

/** One act, as the audit log keeps it. `detail` never holds a secret or personal data; numbers beyond 2^53 as text. */
export interface AuditEntry {
  /** Who acted: `platform`, a part of the product, or a person. */
  readonly actor: string;
  /** What was done, e.g. `order.state`. */
  readonly action: string;
  readonly environment?: string;
  readonly cardOrderId?: bigint;
  readonly detail?: Readonly<Record<string, unknown>>;
}

/**
 * Appends to the audit chain in the transaction of `client`: the act and its rows take effect together or not at all.
 * Best called last in the transaction, because it takes a chain until the end.
 */
export async function appendAudit(client: PoolClient, entries: readonly AuditEntry[]): Promise<void> {
  const column = <T>(pick: (entry: AuditEntry) => T): T[] => entries.map(pick);
  await client.query({
    name: 'append-audit',
    text: 'select append_audit_events($1, $2, $3, $4, $5)',
    values: [
      column((entry) => entry.actor),
      column((entry) => entry.action),
      column((entry) => entry.environment ?? null),
      column((entry) => (entry.cardOrderId === undefined ? null : String(entry.cardOrderId))),
      column((entry) => JSON.stringify(entry.detail ?? {})),
    ],
  });
}
