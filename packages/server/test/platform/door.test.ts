import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  afterAnswers,
  afterBan,
  afterClaim,
  afterFailure,
  type DoorState,
  doorwayOf,
  fullBudget,
  outageAfterFailures,
  probeMs,
} from '../../src/platform/door.ts';

const start = Date.UTC(2026, 10, 24, 4);
const fresh: DoorState = {
  closedUntilMs: undefined,
  reason: undefined,
  failuresInARow: 0,
  retryBudget: fullBudget,
  budgetAtMs: start,
};
const fail = (state: DoorState, nowMs: number, isProbe = false) =>
  afterFailure(state, nowMs, { isProbe, jitter: 1 });

test('so many failures in a row close the door, and an answer opens it', () => {
  let state = fresh;
  for (let n = 1; n < outageAfterFailures; n++) state = fail(state, start);
  assert.equal(doorwayOf(state, start).kind, 'open');
  state = fail(state, start);
  assert.deepEqual(doorwayOf(state, start), { kind: 'closed', forMs: 1_000 });
  assert.equal(doorwayOf(state, start + 1_000).kind, 'probe');
  assert.equal(doorwayOf(afterAnswers(state, start, 1), start).kind, 'open');
});

test('a failure between successes closes nothing', () => {
  let state = fresh;
  for (let n = 0; n < 100; n++) state = afterAnswers(fail(state, start), start, 10);
  assert.equal(doorwayOf(state, start).kind, 'open');
});

test('pauses of an outage grow to a minute, one probe at a time', () => {
  let state = fresh;
  let nowMs = start;
  for (let n = 0; n < outageAfterFailures; n++) state = fail(state, nowMs);
  const pauses: number[] = [];
  for (let n = 0; n < 9; n++) {
    nowMs = state.closedUntilMs ?? 0;
    state = afterClaim(state, nowMs);
    assert.deepEqual(doorwayOf(state, nowMs), { kind: 'closed', forMs: probeMs });
    state = fail(state, nowMs, true);
    pauses.push((state.closedUntilMs ?? 0) - nowMs);
  }
  assert.deepEqual(pauses, [2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000, 60_000]);
});

test('a call from before the outage that fails late changes nothing', () => {
  let state = fresh;
  for (let n = 0; n < outageAfterFailures; n++) state = fail(state, start);
  assert.equal(fail(state, start + 10), state);
});

test('after an outage of hours the budget is not spent: work goes on at once', () => {
  let state = fresh;
  let nowMs = start;
  for (let n = 0; n < outageAfterFailures; n++) state = fail(state, nowMs);
  for (let n = 0; n < 300; n++) {
    nowMs = state.closedUntilMs ?? 0;
    state = fail(afterClaim(state, nowMs), nowMs, true);
  }
  state = afterAnswers(state, nowMs, 1);
  assert.ok(state.retryBudget > 15);
  assert.equal(doorwayOf(state, nowMs).kind, 'open');
});

test('repeats are at most a fifth of the successes, 20, and one each half minute', () => {
  const traffic = fc.array(
    fc.record({ succeeds: fc.boolean(), afterMs: fc.integer({ min: 0, max: 2_000 }) }),
    { maxLength: 2_000, size: 'max' },
  );
  fc.assert(
    fc.property(traffic, (calls) => {
      let state = fresh;
      let nowMs = start;
      let failures = 0;
      let successes = 0;
      for (const { succeeds, afterMs } of calls) {
        nowMs += afterMs;
        const doorway = doorwayOf(state, nowMs).kind;
        if (doorway === 'closed') continue;
        if (doorway === 'probe') state = afterClaim(state, nowMs);
        if (succeeds) {
          successes += 1;
          state = afterAnswers(state, nowMs, 1);
        } else {
          if (doorway === 'open') failures += 1;
          state = fail(state, nowMs, doorway === 'probe');
        }
      }
      const allowed = fullBudget + 0.2 * successes + (nowMs - start) / 30_000 + 1;
      assert.ok(failures <= allowed, `${failures} > ${allowed}`);
    }),
    { numRuns: 300 },
  );
});

test('a ban keeps the door closed whatever calls from before say, and ends by itself', () => {
  let state = afterBan(fresh, start, { seconds: 30, isDailyVolume: false });
  state = afterAnswers(state, start, 3);
  assert.deepEqual(doorwayOf(state, start), { kind: 'closed', forMs: 30_000 });
  state = afterBan(state, start, { seconds: 1, isDailyVolume: false });
  assert.deepEqual(doorwayOf(state, start), { kind: 'closed', forMs: 30_000 });
  assert.equal(doorwayOf(state, start + 30_000).kind, 'open');
});

test('a volume of the day without seconds comes back at midnight in China', () => {
  const state = afterBan(fresh, start, { seconds: undefined, isDailyVolume: true });
  assert.equal(new Date(state.closedUntilMs ?? 0).toISOString(), '2026-11-24T16:00:00.000Z');
});
