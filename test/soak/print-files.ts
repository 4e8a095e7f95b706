import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { filesIn } from '../../packages/print/test/run/jobs.ts';
import {
  assertNothingPartial,
  assertSame,
  type Files,
  killedRun,
  listedIn,
  undisturbed,
} from '../../packages/print/test/run/killed-runs.ts';
import { type ManyFilesKind, manyFiles } from '../../packages/print/test/run/many-files.ts';
import { seededRandom } from '../crash/random.ts';
import { type Shown, type Size, shareOf } from './property.ts';

/** A file is synced and named in a few milliseconds, some of them after the last record was told of. */
const latestDelayMs = 15;

/** What came of the runs that were killed. */
interface Tally {
  kills: number;
  runs: number;
  /** Kills that found some files done and others not. */
  between: number;
  readonly violations: string[];
}

/**
 * R5: runs of many files are killed at any moment and begun again, until they come to their end. After each kill whatever
 * has its name is whole and what was listed stays; in the end every byte is as if there had been no kill.
 */
export async function killedPrints(size: Size): Promise<Shown> {
  const random = seededRandom(size.seed);
  const kills = shareOf(2_000, size);
  const tally: Tally = { kills: 0, runs: 0, between: 0, violations: [] };
  const whole = { cards: await undisturbed('cards'), sheets: await undisturbed('sheets') };
  while (tally.kills < kills && tally.violations.length < 20) {
    const kind: ManyFilesKind = tally.runs % 2 === 0 ? 'cards' : 'sheets';
    const folder = await mkdtemp(join(tmpdir(), 'cardwright-soak-print-'));
    try {
      await killUntilDone({ folder, kind, whole: whole[kind], kills, random }, tally);
    } catch (error) {
      tally.violations.push(`run ${tally.runs + 1} of ${kind}: ${String(error)}`);
    } finally {
      await rm(folder, { recursive: true });
    }
    tally.runs++;
    size.say(`${tally.kills}/${kills} kills, ${tally.runs} runs, ${tally.violations.length} violations`);
  }
  return {
    property: 'R5',
    what: 'SIGKILL of print runs of ten and of twenty files, which then go on',
    count: tally.kills,
    seed: size.seed,
    violations: tally.violations,
    figures: `${tally.runs} runs, ${tally.between} of the kills between two files, every run whole in the end`,
  };
}

interface KilledRun {
  readonly folder: string;
  readonly kind: ManyFilesKind;
  readonly whole: Files;
  readonly kills: number;
  readonly random: () => number;
}

async function killUntilDone(run: KilledRun, tally: Tally): Promise<void> {
  const { folder, kind, whole, kills, random } = run;
  const threads = tally.runs % 4 < 2 ? 0 : 2;
  const records = manyFiles(folder, kind).records.count!;
  for (let done = 0; ; ) {
    // Beyond the last record: some runs come to their end.
    const afterRecords = tally.kills < kills ? random() * 1.15 * records : Number.POSITIVE_INFINITY;
    const kill = { afterRecords, delayMs: random() * latestDelayMs };
    if (!(await killedRun(folder, kind, threads, kill))) break;
    tally.kills++;
    await assertNothingPartial(folder, whole);
    const listed = (await listedIn(folder)).length;
    if (listed < done) throw new Error(`${listed} files are listed, ${done} were before the kill`);
    if (listed > 0) tally.between++;
    done = listed;
  }
  assertSame(await filesIn(folder), whole);
}
