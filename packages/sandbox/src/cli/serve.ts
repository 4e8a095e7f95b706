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
    .option('--sample', '启动后下达官方文档示例制卡单 place the published sample order once started')
    .option('--ready-json', '就绪后在标准输出打印一行 JSON print one line of JSON to stdout when ready')
    .option('--until-stdin-ends', '标准输入关闭时退出 stop when stdin ends, as with a parent process')
    .action((options: ServeOptions) => serve(options));
}

async function serve(options: ServeOptions): Promise<void> {
  const { sample, readyJson, untilStdinEnds, ...settings } = options;
  const sandbox = await startSandbox({ ...settings, log: logLine });
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

function httpUrl(text: string): string {
  const url = URL.parse(text);
  if (url !== null && (url.protocol === 'http:' || url.protocol === 'https:')) return text;
  throw new InvalidArgumentError('an http or https address');
}
