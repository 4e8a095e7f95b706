import { type FaultKind, faultKinds } from '../../packages/sandbox/src/faults/kinds.ts';
import { actUnheard, lieKinds, lieOnce } from '../sim/focus.ts';
import { runSchedules } from '../sim/run.ts';
import type { Focus, Outcome } from '../sim/schedule.ts';
import { openStages } from '../sim/stage.ts';
import { type Shown, type Size, shareOf } from './property.ts';

const lanes = 3;
const linesOf = (broken: readonly Outcome[]): readonly string[] =>
  broken.flatMap(({ seed, violations }) => violations.map((violation) => `seed ${seed}: ${violation}`));

/** R1 in process: seeded schedules of everything at once. */
export async function schedulesOfAll(size: Size): Promise<Shown> {
  const schedules = shareOf(10_000, size);
  const { counts, broken, seconds } = await play(size, schedules);
  return {
    property: 'R1',
    what: 'seeded schedules in process: virtual clock, lying platform, kills and pauses at every step',
    count: schedules,
    seed: size.seed,
    violations: linesOf(broken),
    figures: `${counts.orders} orders, ${counts.kills} kills, ${counts.pauses} paused workers, ${counts.fenced} of them fenced, ${counts.lostTransactions} lost transactions, ${counts.struck} faults of the platform, ${Math.round(seconds)} s`,
  };
}

/** R4: each lie by itself, of orders of several pages. */
export async function lies(size: Size): Promise<readonly Shown[]> {
  const schedules = shareOf(500, size);
  const rows: Shown[] = [];
  const { stages, close } = await openStages(lanes);
  try {
    for (const kind of lieKinds) {
      const plan = { first: size.seed, schedules, focus: lieOnce(kind) };
      const { counts, broken } = await runSchedules(stages, plan);
      rows.push({
        property: 'R4',
        what: `lie: ${faultKinds[kind].en} (${kind})${remarkOn(kind)}`,
        count: schedules,
        seed: size.seed,
        violations: linesOf(broken),
        figures: `told ${counts.struck} times, ${counts.holds} holds, ${counts.shipped} of ${counts.orders} orders shipped in the end`,
      });
      size.say(`R4 ${kind}: ${counts.struck} told, ${broken.length} broken`);
    }
  } finally {
    await close();
  }
  return rows;
}

/** What one answer cannot show is held against what was said, not against the truth. */
const remarkOn = (kind: FaultKind): string =>
  kind === 'foreign-card' ||
  kind === 'card-in-two-orders' ||
  kind === 'other-password-later' ||
  kind === 'other-qr-later'
    ? '; a single answer does not show it'
    : '';

/** R6: notifications that acted without an answer. */
export async function unheard(size: Size): Promise<Shown> {
  const cases = shareOf(2_000, size);
  // About four of a schedule's calls act unheard.
  const schedules = Math.ceil(cases / 4);
  const { counts, broken } = await play(size, schedules, actUnheard);
  return {
    property: 'R6',
    what: 'finish and sended acted without an answer, under kills',
    count: counts.struck,
    seed: size.seed,
    violations: linesOf(broken),
    figures: `${schedules} schedules, ${counts.saidAgain} attempts that may have acted or were repeats, ${counts.shipped} orders shipped`,
  };
}

async function play(size: Size, schedules: number, focus?: Focus): ReturnType<typeof runSchedules> {
  const { stages, close } = await openStages(Math.min(lanes, schedules));
  let done = 0;
  try {
    return await runSchedules(
      stages,
      { first: size.seed, schedules, ...(focus === undefined ? {} : { focus }) },
      ({ violations }) => {
        if (++done % 500 === 0 || violations.length > 0)
          size.say(`${done} of ${schedules}${violations.length > 0 ? `: ${violations[0]}` : ''}`);
      },
    );
  } finally {
    await close();
  }
}
