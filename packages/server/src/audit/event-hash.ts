import { hash } from 'node:crypto';

/** How many chains there are; migration 0002 makes them. */
export const chainCount = 32;

/** One event of the log with exactly the texts that are hashed: `detail` as PostgreSQL prints the jsonb. */
export interface ChainedEvent {
  readonly kind: 'event';
  readonly id: string;
  readonly chain: number;
  readonly seq: string;
  /** Microseconds since 1970. */
  readonly atUs: string;
  readonly actor: string;
  readonly action: string;
  readonly environment: string | null;
  readonly cardOrderId: string | null;
  readonly detail: string;
  /** SHA-256 over the hash of the event before and this event's fields, in hex. */
  readonly hash: string;
}

/** What stands before the first event of a chain, in hex. */
export const chainSeed = (chain: number): string => hash('sha256', `cardwright audit chain ${chain}`, 'hex');

const hashBytes = 32;
let scratch = Buffer.alloc(4_096);

/** The hash that an event must have after the event whose hash is `previous`: as `audit_payload` in migration 0002. */
export function eventHash(previous: string, event: ChainedEvent): string {
  const payload =
    field(event.id) +
    field(String(event.chain)) +
    field(event.seq) +
    field(event.atUs) +
    field(event.actor) +
    field(event.action) +
    field(event.environment) +
    field(event.cardOrderId) +
    field(event.detail);
  const mostBytes = hashBytes + payload.length * 3;
  if (scratch.length < mostBytes) scratch = Buffer.alloc(mostBytes * 2);
  scratch.write(previous, 0, 'hex');
  const length = hashBytes + scratch.write(payload, hashBytes, 'utf8');
  return hash('sha256', scratch.subarray(0, length), 'hex');
}

const field = (text: string | null): string => (text === null ? '-' : `${Buffer.byteLength(text)}:${text}`);
