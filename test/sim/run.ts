import { type Counts, noCounts } from './counts.ts';
import { type Focus, type Outcome, runSchedule, type Stage } from './schedule.ts';

export interface SimReport {
  readonly schedules: number;
  readonly broken: readonly Outcome[];
  readonly counts: Readonly<Counts>;
  readonly seconds: number;
}

/** Runs seeds `first`, `first` + 1 … on all stages at once: each stage plays one at a time. */
export async function runSchedules(
  stages: readonly Stage[],
  { first, schedules, focus }: { first: number; schedules: number; focus?: Focus },
  onOutcome: (outcome: Outcome) => void = () => undefined,
): Promise<SimReport> {
  const startedAtMs = performance.now();
  const broken: Outcome[] = [];
  const counts = noCounts();
  let next = first;
  const lane = async (stage: Stage): Promise<void> => {
    while (next < first + schedules) {
      const outcome = await runSchedule(stage, next++, focus);
      for (const [name, count] of Object.entries(outcome.counts) as [keyof Counts, number][])
        counts[name] += count;
      if (outcome.violations.length > 0) broken.push(outcome);
      onOutcome(outcome);
    }
  };
  await Promise.all(stages.map(lane));
  const seconds = (performance.now() - startedAtMs) / 1_000;
  return { schedules, broken, counts, seconds };
}
