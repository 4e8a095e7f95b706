import { environments } from '@cardwright/top';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Sandbox, startSandbox } from '../sandbox.ts';

interface ServeOptions {
  readonly port: number;
  readonly host: string;
  readonly maker: string;
  readonly state: string;
  readonly seed?: string;
  readonly appKey: string;
  readonly appSecret: string;
  readonly ownSign: (typeof environments)[number];
  readonly makerTimeoutMs: number;
  readonly buyer?: string;
  readonly chaosSeed: string;
  readonly chaosRate?: number;
  readonly virtualClock?: Date | true;
  readonly wireClock: 'system' | 'virtual';
  readonly sample?: true;
  readonly readyJson?: true;
  readonly untilStdinEnds?: true;
}

/** `serve`: plays the platform until it is interrupted. The log goes to stderr, one line for every call. */
export function addServeCommand(program: Command): void {
  program
    .command('serve')
    .description('启动沙箱平台 play the platform')
    .addOption(
      new Option('--port <number>', '监听端口，0 为任意 port to listen on, 0 for any free one')
        .default(7002)
        .argParser(integerUpTo(65_535)),
    )
    .option('--host <address>', '监听地址 address to listen on', '127.0.0.1')
    .addOption(
      new Option('--maker <url>', "制卡商的 SPI 地址 the card maker's SPI address")
        .default('http://127.0.0.1:7001/spi')
        .argParser(httpUrl),
    )
    .option('--state <file>', '状态文件，或 memory a file to keep the state in, or memory', 'memory')
    .option(
      '--seed <text>',
      "生成卡数据的种子 what the cards are made from (default: the state file's, or cardwright)",
    )
    .addOption(
      new Option('--app-key <key>', '应用标识 app key').default('12345678').env('CARDWRIGHT_SANDBOX_APP_KEY'),
    )
    .addOption(
      new Option('--app-secret <secret>', '应用密钥 app secret')
        .default('helloworld')
        .env('CARDWRIGHT_SANDBOX_APP_SECRET'),
    )
    .addOption(
      new Option('--own-sign <environment>', '环境 environment').default('daily').choices([...environments]),
    )
    .addOption(
      new Option('--maker-timeout-ms <number>', '等待制卡商应答的时限 how long the maker may take')
        .default(10_000)
        .argParser(integerUpTo(600_000)),
    )
    .addOption(
      new Option(
        '--buyer <url>',
        "业务方的 SPI 地址，接收制卡成功通知 the business party's SPI address (default: a simulated one)",
      ).argParser(httpUrl),
    )
    .option('--chaos-seed <text>', '随机故障的种子 seed of faults by chance', 'cardwright')
    .addOption(
      new Option('--chaos-rate <share>', '随机故障的比例 share of the calls that a fault strikes').argParser(
        share,
      ),
    )
    .addOption(
      new Option(
        '--virtual-clock [instant]',
        '虚拟时钟，由 clock advance 拨快 a clock that stands still until clock advance (default: from now)',
      ).argParser(instant),
    )
    .addOption(
      new Option('--wire-clock <kind>', '签名时间戳所用时钟 which clock the timestamps of calls are of')
        .default('system')
        .choices(['system', 'virtual']),
    )
    .option('--sample', '启动后下达官方文档示例制卡单 place the published sample order once started')
    .option('--ready-json', '就绪后在标准输出打印一行 JSON print one line of JSON to stdout when ready')
    .option('--until-stdin-ends', '标准输入关闭时退出 stop when stdin ends, as with a parent process')
    .action((options: ServeOptions) => serve(options));
}

async function serve(options: ServeOptions): Promise<void> {
  const { sample, readyJson, untilStdinEnds, chaosSeed, chaosRate, virtualClock, wireClock, ...settings } =
    options;
  const virtualFrom = virtualClock === true ? new Date() : virtualClock;
  const sandbox = await startSandbox({
    ...settings,
    ...(chaosRate === undefined ? {} : { chaos: { seed: chaosSeed, rate: chaosRate } }),
    ...(virtualFrom === undefined ? {} : { clock: { virtualFrom, wire: wireClock } }),
    log: logLine,
  });
  const stop = (): void => {
    sandbox.close().then(() => process.exit(0));
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  if (untilStdinEnds) process.stdin.resume().once('end', stop);
  const placed = sample === undefined ? {} : { sample: await placeSample(sandbox) };
  if (readyJson) process.stdout.write(`${JSON.stringify({ ready: true, url: sandbox.url, ...placed })}\n`);
  else process.stdout.write(greeting(sandbox, options.maker));
}

async function placeSample(sandbox: Sandbox): Promise<object> {
  const done = await sandbox.placeSample();
  if (!done.ok) return { accepted: false, problem: done.problem };
  const { reply } = done;
  const cardOrderId = String(done.order.cardOrderId);
  if (reply.outcome !== 'answered') return { cardOrderId, accepted: false, problem: reply.detail };
  const { success, making_card_no: makingCardNo, result_code: resultCode } = reply.answer.response;
  return { cardOrderId, accepted: success, makingCardNo, resultCode };
}

function greeting(sandbox: Sandbox, maker: string): string {
  return [
    `沙箱平台已启动 sandbox platform ready: ${sandbox.url}`,
    `  网关 gateway      ${sandbox.url}/router/rest`,
    `  制卡商 maker      ${maker}`,
    `  网页 page         ${sandbox.url}/`,
    '  试试 try          cardwright-sandbox order place --templates 2 --cards 600',
    '',
  ].join('\n');
}

function logLine(line: string): void {
  process.stderr.write(`${new Date().toISOString()} ${line}\n`);
}

function integerUpTo(max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (value <= max) return value;
    throw new InvalidArgumentError(`an integer from 0 to ${max}`);
  };
}

function share(text: string): number {
  const value = /^(?:0|1|0?\.\d{1,9})$/.test(text) ? Number(text) : Number.NaN;
  if (value >= 0) return value;
  throw new InvalidArgumentError('a number from 0 to 1');
}

function instant(text: string): Date {
  const at = new Date(text);
  if (/^\d{4}-\d\d-\d\d/.test(text) && !Number.isNaN(at.getTime())) return at;
  throw new InvalidArgumentError('an instant like 2026-11-11T00:00:00+08:00');
}

function httpUrl(text: string): string {
  const url = URL.parse(text);
  if (url !== null && (url.protocol === 'http:' || url.protocol === 'https:')) return text;
  throw new InvalidArgumentError('an http or https address');
}
