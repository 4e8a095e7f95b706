import { printRun } from '../../src/run/print-run.ts';
import { type ManyFilesKind, manyFiles } from './many-files.ts';

/**
 * A process that prints `manyFiles`, for tests that end it before it is done: `node print-process.ts FOLDER KIND THREADS`.
 * It says how many records it has printed, and at the end `done` or the code of the error.
 */
const [folder = '', kind, threads] = process.argv.slice(2);
const say = (text: string): void => void process.stdout.write(`${text}\n`);
try {
  await printRun(manyFiles(folder, kind as ManyFilesKind), {
    threads: Number(threads),
    onProgress: ({ phase, records }) => phase === 'printing' && say(`${records}`),
  });
  say('done');
} catch (error) {
  say(String((error as NodeJS.ErrnoException).code));
}
