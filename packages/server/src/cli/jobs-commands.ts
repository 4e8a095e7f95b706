import { userInfo } from 'node:os';
import { type Command, Option } from 'commander';
import type { Pool } from 'pg';
import { inTransaction } from '../db/transaction.ts';
import { listParkedJobs, listWaitingJobs, listWorkers, releaseParkedJobs } from '../jobs/parked.ts';
import type { TaskRegistry } from '../jobs/tasks.ts';
import { type CommandContext, type CommonFlags, withJson } from './context.ts';
import { print, printError, printJson, printTable } from './terminal.ts';

/** `cardwright jobs …`. */
export function addJobsCommands(program: Command, { withHouse }: CommandContext): void {
  const jobs = program.command('jobs').description('后台任务 · work that goes on by itself');
  withJson(
    jobs.command('list').description('等待与进行中的任务、工作进程 · what waits or is done, and by whom'),
  ).action((flags: CommonFlags) =>
    withHouse(flags, ({ pool, registry }) => jobsList(pool, registry, flags.json === true)),
  );
  withJson(jobs.command('parked').description('已搁置、需要人处理的任务 · jobs that need a person'))
    .addOption(
      new Option('--limit <number>', '最多条数 · how many at the most').default(100).argParser(Number),
    )
    .action((flags: CommonFlags & { limit: number }) =>
      withHouse(flags, ({ pool }) => jobsParked(pool, flags.limit, flags.json === true)),
    );
  withJson(
    jobs.command('retry [id...]').description('让搁置的任务重新执行 · give parked jobs back to the workers'),
  )
    .option('--all', '全部 · all of them')
    .option('--person <name>', '操作人 · who does this (default: the user of this machine)')
    .action((ids: string[], flags: CommonFlags & { all?: boolean; person?: string }) =>
      withHouse(flags, ({ pool }) =>
        jobsRetry(pool, {
          ids,
          all: flags.all === true,
          person: flags.person ?? userInfo().username,
          json: flags.json === true,
        }),
      ),
    );
}

/** `cardwright jobs list`. */
export async function jobsList(pool: Pool, registry: TaskRegistry, asJson: boolean): Promise<number> {
  const [jobs, workers] = [await listWaitingJobs(pool), await listWorkers(pool)];
  if (asJson) {
    printJson({ jobs, workers });
    return 0;
  }
  printTable(
    ['任务 TASK', '等待 WAITING', '进行 RUNNING', '推迟 PUT OFF', '下次 NEXT', '最近原因 LAST CAUSE'],
    jobs.map((job) => [
      nameOf(registry, job.task),
      String(job.waiting),
      String(job.running),
      String(job.putOff),
      job.nextAt ?? '',
      job.lastCause ?? '',
    ]),
  );
  print();
  printTable(
    ['工作进程 WORKER', '主机 HOST', 'PID', '角色 ROLE', '开始 STARTED', '心跳 HEARTBEAT'],
    workers.map((worker) => [
      String(worker.workerProcessId),
      worker.host,
      String(worker.pid),
      worker.role,
      worker.startedAt,
      `${worker.silentMs} ms`,
    ]),
  );
  if (workers.length === 0) print('没有工作进程 · no worker process: nothing goes on until one is started');
  return 0;
}

/** `cardwright jobs parked`. Exit 0 also where there are some: `doctor` is for judging. */
export async function jobsParked(pool: Pool, limit: number, asJson: boolean): Promise<number> {
  const parked = await listParkedJobs(pool, limit);
  if (asJson) {
    printJson(parked);
  } else if (parked.length === 0) {
    print('没有搁置的任务 · no job is parked');
  } else {
    printTable(
      ['编号 ID', '任务 TASK', '制卡单 ORDER', '次数 TRIES', '搁置时间 PARKED', '原因 CAUSE'],
      parked.map((job) => [
        String(job.parkedJobId),
        job.task,
        job.cardOrderId === null ? '' : `${job.environment} ${job.cardOrderId}`,
        String(job.attempts),
        job.parkedAt,
        job.cause,
      ]),
    );
    print();
    print('处理原因后 · after the cause is mended: cardwright jobs retry <id>');
  }
  return 0;
}

/** `cardwright jobs retry`. Exit 1 where an id is not parked, 2 where neither ids nor --all are given. */
export async function jobsRetry(
  pool: Pool,
  { ids, all, person, json }: { ids: readonly string[]; all: boolean; person: string; json: boolean },
): Promise<number> {
  const wanted = ids.map((id) => (/^\d{1,18}$/.test(id) ? BigInt(id) : undefined));
  const strange = ids.filter((_, index) => wanted[index] === undefined);
  if (strange.length > 0 || all === ids.length > 0) {
    printError(
      strange.length > 0
        ? `不是任务编号 · no id of a job: ${strange.join(', ')}`
        : '请给出任务编号，或 --all · give ids of parked jobs, or --all',
    );
    return 2;
  }
  const known = wanted.filter((id) => id !== undefined);
  const released = await inTransaction(pool, (client) =>
    releaseParkedJobs(client, all ? 'all' : known, person),
  );
  const passedOver = known.filter((id) => !released.includes(id));
  if (json) printJson({ released, notParked: passedOver });
  else print(`已重新排队 · given back to the workers: ${released.length === 0 ? '0' : released.join(', ')}`);
  if (passedOver.length > 0) printError(`未搁置 · not parked: ${passedOver.join(', ')}`);
  return passedOver.length > 0 ? 1 : 0;
}

function nameOf(registry: TaskRegistry, task: string): string {
  const known = registry.tasks.get(task);
  return known === undefined ? `${task}（本版本不认识 · unknown to this version）` : `${task} ${known.zh}`;
}
