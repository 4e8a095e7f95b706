/** Repeating calls: when, how long to wait first, and when to give up. Knows no HTTP. */
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { Effect, RetryRule, TopFailure } from './errors.ts';

/** The door to clock and randomness; tests bring their own. */
export interface Timing {
  /** Milliseconds since the epoch, for timestamps. */
  readonly wallMs: () => number;
  /** Milliseconds of a clock that never jumps, for deadlines. */
  readonly monotonicMs: () => number;
  /** Rejects, or returns early, when the signal aborts. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** From 0 up to but not including 1. */
  readonly random: () => number;
}

export const systemTiming: Timing = {
  wallMs: Date.now,
  monotonicMs: () => performance.now(),
  sleep: async (ms, signal) => {
    await delay(ms, undefined, signal === undefined ? {} : { signal });
  },
  random: Math.random,
};

export interface RetryPolicy {
  /** How often a call is repeated at most. */
  readonly retries: number;
  readonly backoffBaseMs: number;
  readonly backoffMaxMs: number;
  /** A ban that lasts longer is not waited for. */
  readonly maxBanMs: number;
  /** For all attempts and pauses of one call together. */
  readonly overallTimeoutMs: number;
}

export type Attempt<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: TopFailure; readonly retry: RetryRule };
export type Attempted<T> =
  | { readonly ok: true; readonly value: T; readonly attempts: number }
  | { readonly ok: false; readonly failure: TopFailure; readonly attempts: number };

/**
 * Attempts a call until it succeeds, may not be repeated, or has used up its time. The failure that is returned is
 * the last one, but its effect is `unknown` as soon as any attempt's was.
 */
export async function attemptRepeatedly<T>(
  attempt: (remainingMs: number) => Promise<Attempt<T>>,
  policy: RetryPolicy,
  timing: Timing,
  signal?: AbortSignal,
): Promise<Attempted<T>> {
  const deadlineMs = timing.monotonicMs() + policy.overallTimeoutMs;
  let effect: Effect = 'none';
  for (let attempts = 1; ; attempts++) {
    const made = await attempt(Math.max(1, deadlineMs - timing.monotonicMs()));
    if (made.ok) return { ok: true, value: made.value, attempts };
    if (made.failure.effect === 'unknown') effect = 'unknown';
    const failure = { ...made.failure, effect };
    const pauseMs = pauseBefore(attempts, made, policy, timing.random);
    if (pauseMs === undefined || timing.monotonicMs() + pauseMs >= deadlineMs) {
      return { ok: false, failure, attempts };
    }
    await pause(timing, pauseMs, signal);
    if (signal?.aborted) return { ok: false, failure: { kind: 'aborted', effect }, attempts };
  }
}

/** The pause before the next attempt in milliseconds, or undefined if there must not be one. */
function pauseBefore(
  attempts: number,
  made: Extract<Attempt<unknown>, { ok: false }>,
  policy: RetryPolicy,
  random: () => number,
): number | undefined {
  if (made.retry === 'never' || attempts > policy.retries) return undefined;
  const ceilingMs = Math.min(policy.backoffMaxMs, policy.backoffBaseMs * 2 ** (attempts - 1));
  if (made.retry === 'backoff' || made.failure.banSeconds === undefined) return random() * ceilingMs;
  const banMs = made.failure.banSeconds * 1000;
  // Those who were banned together should not come back at the same instant.
  return banMs > policy.maxBanMs ? undefined : banMs + random() * policy.backoffBaseMs;
}

async function pause(timing: Timing, ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await timing.sleep(ms, signal);
  } catch (error) {
    if (!signal?.aborted) throw error;
  }
}
