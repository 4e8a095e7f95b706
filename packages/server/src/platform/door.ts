/**
 * The rules of a door, as plain values: when it closes, for how long, and how it opens again. Times are in milliseconds
 * since 1970.
 */

/**
 * - `ban`: flow control; `daily-volume`: its kind that lasts for hours and needs a person
 * - `outage`: so many calls failed in a row that the peer must be down
 * - `failing-too-often`: failures among successes, more than there may be repeats
 */
export type ClosedBecause = 'ban' | 'daily-volume' | 'outage' | 'failing-too-often';

export interface DoorState {
  readonly closedUntilMs: number | undefined;
  readonly reason: ClosedBecause | undefined;
  readonly failuresInARow: number;
  /** Calls that may still fail before the door closes. Who fails comes back, so this bounds the repeats. */
  readonly retryBudget: number;
  readonly budgetAtMs: number;
}

/** Repeats are at most these, a fifth of the successes, and one for each half minute. */
export const fullBudget = 20;
const budgetOfASuccess = 0.2;
const budgetRefillMs = 30_000;

export const outageAfterFailures = 5;
/** About three minutes of failed probes: from here on a person should know. */
export const alarmAfterFailures = 12;
const firstPauseMs = 1_000;
const longestPauseMs = 60_000;
/** A probe that is not heard of again was cut off by a crash; then the next one may try. */
export const probeMs = 90_000;
/** Where a ban does not say how long it lasts. */
const defaultBanMs = 10_000;

/** `probe`: one caller may try; it must claim the probe first. */
export type Doorway =
  | { readonly kind: 'open' | 'probe' }
  | { readonly kind: 'closed'; readonly forMs: number };

export function doorwayOf(state: DoorState, nowMs: number): Doorway {
  if (state.closedUntilMs === undefined) return { kind: 'open' };
  if (state.closedUntilMs > nowMs) return { kind: 'closed', forMs: state.closedUntilMs - nowMs };
  return { kind: needsProbe(state) ? 'probe' : 'open' };
}

const needsProbe = (state: DoorState): boolean =>
  state.reason === 'outage' || state.reason === 'failing-too-often';

/** The door stays closed for everybody else while one probes. */
export const afterClaim = (state: DoorState, nowMs: number): DoorState => ({
  ...state,
  closedUntilMs: nowMs + probeMs,
});

/** The peer lives: an outage is over, a ban is not. `successes` calls took effect since the last note. */
export function afterAnswers(state: DoorState, nowMs: number, successes: number): DoorState {
  const opened = needsProbe(state) ? { closedUntilMs: undefined, reason: undefined } : {};
  return { ...refilled(state, nowMs, successes * budgetOfASuccess), ...opened, failuresInARow: 0 };
}

/**
 * A call failed without an answer. `jitter` is random from 0 to 1. A call that began before the door closed and fails
 * behind it says nothing new.
 */
export function afterFailure(
  state: DoorState,
  nowMs: number,
  { isProbe, jitter }: { isProbe: boolean; jitter: number },
): DoorState {
  if (!isProbe && doorwayOf(state, nowMs).kind !== 'open') return state;
  const failuresInARow = state.failuresInARow + 1;
  const { retryBudget: before, budgetAtMs } = refilled(state, nowMs, 0);
  // A probe is paced by its pauses; charged as well, an outage of hours would be paid for long after its end.
  const retryBudget = isProbe ? before : Math.max(0, before - 1);
  const failed = { ...state, failuresInARow, retryBudget, budgetAtMs };
  if (failuresInARow >= outageAfterFailures) {
    const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** (failuresInARow - outageAfterFailures));
    return { ...failed, reason: 'outage', closedUntilMs: nowMs + pauseMs * (0.5 + jitter / 2) };
  }
  if (retryBudget >= 1 && !isProbe) return failed;
  const pauseMs = budgetRefillMs * (0.75 + jitter / 2);
  return { ...failed, reason: 'failing-too-often', closedUntilMs: nowMs + pauseMs };
}

/** Flow control: silence until the ban ends. A longer one that is known already stays. */
export function afterBan(
  state: DoorState,
  nowMs: number,
  ban: { readonly seconds: number | undefined; readonly isDailyVolume: boolean },
): DoorState {
  const untilMs =
    ban.seconds === undefined
      ? ban.isDailyVolume
        ? nextMidnightInChinaMs(nowMs)
        : nowMs + defaultBanMs
      : nowMs + ban.seconds * 1000;
  const isLongerAlready = !needsProbe(state) && (state.closedUntilMs ?? 0) >= untilMs;
  if (isLongerAlready) return { ...state, failuresInARow: 0 };
  const reason = ban.isDailyVolume ? 'daily-volume' : 'ban';
  return { ...state, failuresInARow: 0, closedUntilMs: untilMs, reason };
}

/** Days of the platform end at midnight in GMT+8. */
function nextMidnightInChinaMs(nowMs: number): number {
  const dayMs = 86_400_000;
  const offsetMs = 8 * 3_600_000;
  return (Math.floor((nowMs + offsetMs) / dayMs) + 1) * dayMs - offsetMs;
}

function refilled(state: DoorState, nowMs: number, more: number): DoorState {
  const byTime = Math.max(0, nowMs - state.budgetAtMs) / budgetRefillMs;
  const retryBudget = Math.min(fullBudget, state.retryBudget + byTime + more);
  return { ...state, retryBudget, budgetAtMs: Math.max(nowMs, state.budgetAtMs) };
}
