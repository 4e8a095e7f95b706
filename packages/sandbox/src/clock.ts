/** The sandbox's time: the machine's, or one that stands still until it is advanced. */
export interface SandboxClock {
  readonly kind: 'system' | 'virtual';
  /** What instants are taken from: orders, bans, notices. */
  now(): Date;
  /** What signed calls carry and are checked against, in and out. */
  wire(): Date;
  /** Moves a virtual clock on; undefined, and nothing happens, with the machine's. Never backwards: throws RangeError. */
  advance(byMs: number): Date | undefined;
}

export interface VirtualClockSettings {
  readonly virtualFrom: Date;
  /**
   * `virtual` (the default): calls are signed in virtual time, for a maker whose clock is advanced alongside.
   * `system`: in the machine's time, for a maker that lives in it.
   */
  readonly wire?: 'virtual' | 'system';
}

/** The machine's clock, or whatever `now` says it is. */
export function systemClock(now: () => Date = () => new Date()): SandboxClock {
  return { kind: 'system', now, wire: now, advance: () => undefined };
}

/** A clock that stands still until it is advanced. */
export function virtualClock({ virtualFrom, wire = 'virtual' }: VirtualClockSettings): SandboxClock {
  let atMs = virtualFrom.getTime();
  if (!Number.isFinite(atMs)) throw new RangeError('a virtual clock starts at an instant');
  const now = (): Date => new Date(atMs);
  return {
    kind: 'virtual',
    now,
    wire: wire === 'virtual' ? now : () => new Date(),
    advance(byMs) {
      const nextMs = atMs + byMs;
      if (!Number.isSafeInteger(byMs) || byMs < 0 || nextMs > lastInstantMs)
        throw new RangeError('a clock is advanced by whole milliseconds, not backwards, up to the year 9999');
      atMs = nextMs;
      return now();
    },
  };
}

// Later years need more digits than the platform's timestamps have.
const lastInstantMs = Date.UTC(9999, 11, 31);
const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Reads `3d`, `1h30m`, `500ms`; undefined if the text is no duration. */
export function durationMs(text: string): number | undefined {
  if (!/^(?:\d{1,9}(?:ms|[smhd]))+$/.test(text)) return undefined;
  let sumMs = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+)(ms|[smhd])/g))
    sumMs += Number(amount) * unitMs[unit as keyof typeof unitMs];
  return sumMs;
}
