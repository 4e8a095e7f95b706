// A worker process on the database of the first argument, with tasks for tests. Says its ids on standard output, and
// runs until it is killed or told to stop.
import { setTimeout as sleep } from 'node:timers/promises';
import { createPool } from '../../src/db/pool.ts';
import { textsOf } from '../../src/jobs/payload.ts';
import { createRegistry, type Task } from '../../src/jobs/tasks.ts';
import { startWorker } from '../../src/jobs/worker.ts';
import { createLog } from '../../src/log.ts';

const [, , connectionString = ''] = process.argv;

const note: Task = {
  name: 'note',
  zh: '记录',
  en: 'writes a note',
  run: (payload, { transaction }) =>
    transaction(async (client) => {
      await client.query('insert into note (job, pid, word) values ($1, $2, $3)', [
        textsOf(payload, ['job']).job,
        process.pid,
        'done',
      ]);
    }),
};

/** Notes its beginning, works without looking at any signal, and notes its end. */
const slowNote: Task = {
  name: 'slow-note',
  zh: '慢记录',
  en: 'writes two notes with time between them',
  run: async (payload, { transaction }) => {
    const { job, ms } = textsOf(payload, ['job', 'ms']);
    const write = (word: string): Promise<void> =>
      transaction(async (client) => {
        await client.query('insert into note (job, pid, word) values ($1, $2, $3)', [job, process.pid, word]);
      });
    await write('begun');
    await sleep(Number(ms));
    process.stdout.write(`writing ${job}\n`);
    // A broken connection says nothing about the right to write: only the fence's own word ends this.
    for (let attempt = 0; attempt < 20; attempt++) {
      try {
        return await write('done');
      } catch (error) {
        const { code } = error as { code?: string };
        process.stdout.write(`refused ${job} ${code}\n`);
        if (code === 'CW003') throw error;
        await sleep(50);
      }
    }
  },
};

const worker = startWorker({
  openPool: (options) => createPool({ connectionString }, options),
  registry: createRegistry([note, slowNote]),
  self: { host: 'test', pid: process.pid, role: 'worker' },
  log: createLog(process.argv[3] ?? 'silent'),
});
let said: bigint | undefined;
setInterval(() => {
  if (worker.id === said || worker.id === undefined) return;
  said = worker.id;
  process.stdout.write(`worker ${said}\n`);
}, 5);
process.once('SIGTERM', async () => {
  await worker.stop();
  process.exit(0);
});
