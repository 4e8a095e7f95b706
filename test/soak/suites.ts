import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Shown, Size } from './property.ts';

const root = join(import.meta.dirname, '../..');

/** A property that the tests of one room show whole: runs them all. */
export async function testsOf(property: string, room: string, { seed }: Size): Promise<Shown> {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const child = spawn(
    process.execPath,
    ['--test', '--test-reporter=tap', `packages/server/test/${room}/**/*.test.ts`],
    {
      cwd: root,
      env: { ...env, SEED: String(seed) },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  await once(child, 'close');
  const count = (what: string): number => Number(new RegExp(`^# ${what} (\\d+)$`, 'm').exec(said)?.[1] ?? 0);
  const failed = [...said.matchAll(/^not ok \d+ - (.*)$/gm)].map(([, name]) => `a test fails: ${name}`);
  return {
    property,
    what: `every test of ${room}`,
    count: count('tests'),
    seed,
    violations: count('pass') === 0 ? ['no test passed'] : failed,
    figures: `${count('pass')} pass`,
  };
}
