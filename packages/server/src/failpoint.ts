import { setTimeout as sleep } from 'node:timers/promises';

/** Where the process can be made to fail, at a moment that matters; for tests of what survives it. */
const fixedNames = [
  'intake:before-store',
  'intake:after-store',
  'intake:before-answer',
  'job:before-end',
  'job:after-end',
  'job:before-put-off',
  'job:after-put-off',
  'platform:before-read',
  'platform:after-read',
  'platform:before-act',
  'platform:after-act',
  'worker:registered',
  'worker:heartbeat',
  'reaper:before-end',
  'reaper:after-end',
  'vault:key-in-ring',
  'vault:key-added',
  'vault:rewrapped',
  'vault:keys-retired',
  'vault:keys-out-of-ring',
  'vault:rotated',
] as const;
const placesOfATask = ['begin', 'before-commit', 'after-commit'] as const;

/** `task:NAME:PLACE` is in each transaction of that task: before it, at its end, and after its commit. */
export type Failpoint = (typeof fixedNames)[number] | `task:${string}:${(typeof placesOfATask)[number]}`;

/** All of them, for a product with these tasks. */
export const failpointNames = (tasks: Iterable<string>): readonly Failpoint[] => [
  ...fixedNames,
  ...[...tasks].flatMap((task) => placesOfATask.map((place) => `task:${task}:${place}` as const)),
];

type Action = 'kill' | 'stop' | 'throw' | { readonly delayMs: number };
interface Armed {
  readonly action: Action;
  /** Passed so often before it acts; then once. */
  passesLeft: number;
}

const armed = new Map<string, Armed>();

/**
 * Arms failpoints of this process: `name=action@n;…`, where the action (`kill`, `stop`, `throw`, `delay:50`, in
 * milliseconds) is taken at the n-th pass, the first without `@n`, and never again. @throws Error where that is not what
 * `text` says.
 */
export function armFailpoints(text: string): void {
  for (const part of text.split(';').filter((each) => each.trim() !== '')) {
    const [, name, action, pass] =
      /^\s*([a-z:-]+)=(kill|stop|throw|delay:\d{1,6})(?:@(\d{1,6}))?\s*$/.exec(part) ?? [];
    if (name === undefined || action === undefined) throw new Error(`"${part}" arms no failpoint`);
    armed.set(name, { action: actionOf(action), passesLeft: Number(pass ?? 1) - 1 });
  }
}

const actionOf = (text: string): Action =>
  text.startsWith('delay:') ? { delayMs: Number(text.slice('delay:'.length)) } : (text as Action);

/** A moment at which this process may be made to fail. Nothing happens unless it is armed. */
export async function failpoint(name: Failpoint): Promise<void> {
  const found = armed.get(name);
  if (found === undefined) return;
  if (found.passesLeft-- > 0) return;
  armed.delete(name);
  await act(name, found.action);
}

async function act(name: Failpoint, action: Action): Promise<void> {
  switch (action) {
    case 'kill':
      process.kill(process.pid, 'SIGKILL');
      // The signal takes a moment: nothing more may be done.
      return new Promise(() => undefined);
    case 'stop':
      process.kill(process.pid, 'SIGSTOP');
      return;
    case 'throw':
      throw new Error(`failpoint ${name}`);
    default:
      await sleep(action.delayMs);
  }
}
