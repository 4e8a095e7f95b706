import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { publicKeysOf, signCheckpoint } from '../audit/checkpoint.ts';
import { type ExportCounts, exportLines } from '../audit/export.ts';
import { describeFinding } from '../audit/findings.ts';
import type { EventFilter } from '../audit/log-store.ts';
import { readPublicKeys } from '../audit/signing-key.ts';
import type { Verification } from '../audit/verify.ts';
import { verifyDatabase } from '../audit/verify-database.ts';
import { verifyExport } from '../audit/verify-export.ts';
import { inTransaction } from '../db/transaction.ts';
import type { House } from '../house.ts';
import { auditList } from './audit-list.ts';
import { type CommandContext, type CommonFlags, common, exitWith, withJson } from './context.ts';
import { print, printError, printJson } from './terminal.ts';

interface VerifyFlags extends CommonFlags {
  readonly key?: string;
  readonly copy?: string;
}

interface ExportFlags extends CommonFlags {
  readonly out: string;
  readonly order?: string;
  readonly since?: Date;
  readonly until?: Date;
}

/** `cardwright audit …`. */
export function addAuditCommands(program: Command, { withHouse }: CommandContext): void {
  const audit = program.command('audit').description('审计日志 · the audit log');
  withJson(
    audit
      .command('verify [file]')
      .description('校验审计链（数据库或导出文件）· verifies the log: the database, or an export, offline'),
  )
    .option('--key <file>', '可信的签名公钥 PEM · public keys that you trust, for an export')
    .option('--copy <file>', '另存的检查点副本 · checkpoints.jsonl that was kept elsewhere, for an export')
    .action((file: string | undefined, flags: VerifyFlags) =>
      file === undefined
        ? withHouse(flags, (house) => verifyHouse(house, flags.json === true))
        : exitWith(verifyFile(file, flags)),
    );
  common(
    audit.command('export').description('导出审计日志，可离线校验 · exports the log, verifiable offline'),
  )
    .addOption(
      new Option(
        '--out <file>',
        '输出文件，.gz 则压缩，- 为标准输出 · packed if it ends in .gz; - is standard output',
      ).default('audit.jsonl.gz'),
    )
    .addOption(orderOption())
    .addOption(new Option('--since <time>', '自此时起 · from this time on').argParser(timeOf))
    .addOption(new Option('--until <time>', '至此时止 · before this time').argParser(timeOf))
    .addHelpText('after', '\n按条件导出的文件不能校验 · an export of selected events cannot be verified')
    .action((flags: ExportFlags) => withHouse(flags, (house) => exportTo(house, flags)));
  common(
    audit.command('checkpoint').description('立即签署检查点 · checks what is new and signs a checkpoint now'),
  ).action((flags: CommonFlags) => withHouse(flags, checkpointNow));
  withJson(audit.command('list').description('列出审计事件，新的在前 · the newest events first'))
    .addOption(orderOption())
    .addOption(
      new Option('--limit <number>', '最多条数 · how many at the most').default(50).argParser(countOf),
    )
    .action((flags: CommonFlags & { order?: string; limit: number }) =>
      withHouse(flags, ({ pool }) => auditList(pool, flags)),
    );
}

const orderOption = (): Option =>
  new Option('--order <id>', '制卡单 · of this card order').argParser((text) => {
    if (!/^[1-9]\d{0,17}$/.test(text))
      throw new InvalidArgumentError('平台的制卡单号 · a card order id of the platform');
    return text;
  });

function timeOf(text: string): Date {
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) throw new InvalidArgumentError('如 · such as 2026-11-24T08:00:00+08:00');
  return time;
}

function countOf(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('1–999999');
  return Number(text);
}

async function verifyHouse({ pool, audit }: House, asJson: boolean): Promise<number> {
  const showProgress = progress(asJson);
  return report(await verifyDatabase(pool, audit, showProgress), asJson);
}

async function verifyFile(file: string, flags: VerifyFlags): Promise<number> {
  const keys = flags.key === undefined ? undefined : readPublicKeys(flags.key);
  if (keys?.size === 0)
    throw new Error(`${flags.key}: 没有公钥 · there is no public key in PEM in this file`);
  const asJson = flags.json === true;
  const result = await verifyExport(file, { keys, copyPath: flags.copy, onProgress: progress(asJson) });
  const code = report(result, asJson);
  if (!asJson && result.keysFrom === 'export') {
    print(
      `注意：公钥来自文件自身，请用 --key 指定可信公钥 · note: the keys (${result.keyIds.join(', ')}) are the file's own, which proves that it fits together but not who signed it: give the key that you trust with --key`,
    );
  }
  return code;
}

const progressEveryMs = 500;

/** Shows how far it is, on a terminal only. */
function progress(asJson: boolean): (events: number, of?: bigint) => void {
  let shownAt = performance.now();
  return (events, of) => {
    if (asJson || !process.stderr.isTTY || performance.now() - shownAt < progressEveryMs) return;
    shownAt = performance.now();
    process.stderr.write(`\r已校验 · verified ${events}${of === undefined ? '' : ` / ${of}`} \u001b[K`);
  };
}

function report(result: Verification, asJson: boolean): number {
  const code = result.findingCount === 0 ? 0 : 1;
  if (asJson) {
    printJson({ ...result, words: result.findings.map(describeFinding) });
    return code;
  }
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  const { findings, findingCount, signedUpTo } = result;
  for (const finding of findings) print(`✗ ${describeFinding(finding)}`);
  if (findingCount > findings.length)
    print(`✗ 另有 ${findingCount - findings.length} 处 · and ${findingCount - findings.length} more`);
  print(
    `${result.events} 条事件，${result.checkpoints} 个检查点 · ${result.events} events, ${result.checkpoints} checkpoints`,
  );
  if (signedUpTo !== undefined) {
    const at = new Date(Number(BigInt(signedUpTo.atUs) / 1000n)).toISOString();
    print(
      `签名覆盖至 · signed up to checkpoint ${signedUpTo.number} (${at}); 其后事件 · events after it: ${result.eventsAfterIt}`,
    );
  }
  print(
    code === 0
      ? '✓ 审计链完整 · the audit log is whole'
      : `✗ 发现 ${findingCount} 处异常 · findings: ${findingCount}`,
  );
  return code;
}

async function checkpointNow({ pool, audit }: House): Promise<number> {
  const checkpoint = await signCheckpoint((work) => inTransaction(pool, work), audit);
  print(
    checkpoint === undefined
      ? '自上一检查点以来没有新事件 · nothing was appended since the last checkpoint'
      : `已签署检查点 · signed checkpoint ${checkpoint.number} with key ${checkpoint.keyId}; 副本 · copy: ${audit.copyPath}`,
  );
  return 0;
}

async function exportTo({ pool, audit }: House, flags: ExportFlags): Promise<number> {
  const { order, since, until, out } = flags;
  const filter: EventFilter | undefined =
    order === undefined && since === undefined && until === undefined
      ? undefined
      : { cardOrderId: order, since, until };
  const lines = exportLines(pool, { keys: publicKeysOf(audit), at: new Date(), ...(filter && { filter }) });
  let counts: ExportCounts | undefined;
  const source = Readable.from(
    (async function* () {
      counts = yield* lines;
    })(),
  );
  if (out === '-') await pipeline(source, process.stdout, { end: false });
  else await writeWhole(source, out);
  printError(
    `已导出 · exported ${counts?.events} events, ${counts?.checkpoints} checkpoints${out === '-' ? '' : `: ${out}`}`,
  );
  return 0;
}

/** The file gets its name when it is finished and on disk. */
async function writeWhole(source: Readable, path: string): Promise<void> {
  const unfinished = `${path}.unfinished`;
  const sinks: Writable[] = [createWriteStream(unfinished, { mode: 0o600, flush: true })];
  if (path.endsWith('.gz')) sinks.unshift(createGzip());
  try {
    await pipeline([source, ...(sinks as [Writable])]);
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}
