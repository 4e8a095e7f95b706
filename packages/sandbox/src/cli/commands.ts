import { type Command, InvalidArgumentError, Option } from 'commander';
import { type ControlReading, callControl } from './control-client.ts';
import { faultLines } from './fault-report.ts';
import { cardsText, ordersText, orderText, replyText, templatesText } from './report.ts';

export interface CommonOptions {
  readonly sandbox: string;
  readonly json?: true;
}
interface StyleOptions extends CommonOptions {
  readonly body: string;
  readonly charset: string;
  readonly format?: string;
}
interface OrderOptions extends StyleOptions {
  readonly orderId?: string;
  readonly templates?: string;
  readonly cards?: string;
  readonly templateNo?: readonly { templateNo: string; count: string }[];
  readonly receiver: boolean;
}
interface TemplateOptions extends StyleOptions {
  readonly templateNo?: string;
  readonly cardName?: string;
  readonly parValueFen?: string;
  readonly pictureUrl?: string;
  readonly test?: true;
}

/** The commands that act on a running sandbox. Exit code 0: done and the maker agreed; 1: not so. */
export function addActCommands(program: Command): void {
  const order = program.command('order').description('制卡单 card orders');
  styled(order.command('place').description('下达制卡单 place an order (cardorder.make)'))
    .addOption(
      new Option('--templates <n>', '模板数，缺的会先新增 how many templates, made as needed').argParser(
        count,
      ),
    )
    .addOption(
      new Option('--cards <m>', '每个模板的卡数 how many cards of each (default: 500)').argParser(count),
    )
    .addOption(
      new Option(
        '--template-no <no=count>',
        '指定模板与卡数，可重复 a known template and its cards, repeatable',
      )
        .argParser(orderLine)
        .conflicts(['templates', 'cards']),
    )
    .addOption(
      new Option('--order-id <id>', '制卡单 ID card_order_id (default: the next)').argParser(orderId),
    )
    .option('--no-receiver', '不带物流信息 without logistics_info')
    .action((options: OrderOptions) => act(options, '/orders', newOrder(options)));
  styled(order.command('resend').description('以相同内容重发 send an order again, same content'))
    .argument('<id>', 'card_order_id', orderId)
    .action((id: string, options: StyleOptions) => act(options, `/orders/${id}/resend`, style(options)));
  common(order.command('show').description('查看 show one order'))
    .argument('<id>', 'card_order_id', orderId)
    .action((id: string, options: CommonOptions) => act(options, `/orders/${id}`));
  common(order.command('list').description('列表 list the orders')).action((options: CommonOptions) =>
    act(options, '/orders'),
  );

  const template = program.command('template').description('卡模板 card templates');
  styled(template.command('new').description('新增模板 announce a template (card.template.new)'))
    .option('--template-no <no>', '模板编号 template_no (default: the next sample)')
    .option('--card-name <name>', '卡名称 card_name')
    .addOption(new Option('--par-value-fen <fen>', '面额（分） par_value in fen').argParser(count))
    .option('--picture-url <url>', '卡面图片 picture_url')
    .option('--test', '测试模板，不制实体卡 is_test: no physical card is made')
    .action((options: TemplateOptions) => act(options, '/templates', newTemplate(options)));
  common(template.command('list').description('列表 list the templates')).action((options: CommonOptions) =>
    act(options, '/templates'),
  );

  styled(program.command('status').description('查询制卡进度 ask for the progress (cardorder.status.query)'))
    .argument('<id>', 'card_order_id', orderId)
    .action((id: string, options: StyleOptions) => act(options, `/orders/${id}/status`, style(options)));
  styled(program.command('receipt').description('确认收货 confirm the receipt (cardorder.receipt)'))
    .argument('<id>', 'card_order_id', orderId)
    .action((id: string, options: StyleOptions) => act(options, `/orders/${id}/receipt`, style(options)));
  styled(
    program
      .command('probe')
      .description('发布前的错误签名探测，应答须为 sign-check-failure the wrongly signed probe'),
  ).action((options: StyleOptions) => act(options, '/probe', style(options)));
  styled(
    program
      .command('sample')
      .description('官方文档的示例制卡单 the published sample order, placed or sent again'),
  ).action((options: StyleOptions) => act(options, '/sample', style(options)));
}

/** Adds the options of every command that talks to a running sandbox. */
export function common(command: Command): Command {
  return command
    .addOption(
      new Option('--sandbox <url>', '沙箱地址 address of the running sandbox')
        .default('http://127.0.0.1:7002')
        .env('CARDWRIGHT_SANDBOX_URL'),
    )
    .option('--json', '输出 JSON print JSON');
}

function styled(command: Command): Command {
  return common(command)
    .addOption(
      new Option('--body <kind>', '请求体 how the parameters travel')
        .default('form')
        .choices(['form', 'json', 'xml', 'multipart', 'get']),
    )
    .addOption(
      new Option('--charset <name>', '字符集 charset').default('utf-8').choices(['utf-8', 'gbk', 'gb18030']),
    )
    .addOption(
      new Option('--format <kind>', '要求的应答格式 answer format to ask for').choices(['json', 'xml']),
    );
}

async function act(options: CommonOptions, path: string, body?: object): Promise<void> {
  await report(options, path, body);
}

/** Calls the control interface, prints what it answered and sets the exit code. */
export async function report(
  options: CommonOptions,
  path: string,
  body?: object,
  method?: 'DELETE',
): Promise<ControlReading> {
  const reading = await callControl(options.sandbox, path, body, method);
  process.stdout.write(`${options.json ? JSON.stringify(reading) : readingText(reading)}\n`);
  if (!succeeded(reading)) process.exitCode = 1;
  return reading;
}

function succeeded({ ok, passed, reply }: ControlReading): boolean {
  if (!ok || passed !== undefined) return ok && passed === true;
  return reply === undefined || reply.answer?.success === true;
}

function readingText(reading: ControlReading): string {
  if (!reading.ok) return `未执行 not done: ${reading.problem ?? ''}`;
  const parts: string[] = [];
  if (reading.order !== undefined) parts.push(orderText(reading.order));
  if (reading.orders !== undefined) parts.push(ordersText(reading.orders));
  if (reading.template !== undefined) parts.push(templatesText([reading.template]));
  if (reading.templates !== undefined) parts.push(templatesText(reading.templates));
  if (reading.cards !== undefined) parts.push(cardsText(reading.cards));
  parts.push(...faultLines(reading));
  if (reading.reply !== undefined) parts.push(replyText(reading.reply));
  if (reading.passed !== undefined)
    parts.push(
      reading.passed ? '探测通过 probe passed' : '探测未通过 probe failed: expected sign-check-failure',
    );
  return parts.length === 0 ? '完成 done' : parts.join('\n');
}

function style({ body, charset, format }: StyleOptions): { style: object } {
  return { style: { body, charset, format } };
}

function newOrder(options: OrderOptions): object {
  return {
    cardOrderId: options.orderId,
    lines: options.templateNo,
    templates: options.templates,
    cards: options.cards,
    withoutReceiver: !options.receiver,
    ...style(options),
  };
}

function newTemplate(options: TemplateOptions): object {
  const { templateNo, cardName, parValueFen, pictureUrl, test } = options;
  return { templateNo, cardName, parValueFen, pictureUrl, isTest: test, ...style(options) };
}

export function count(text: string): string {
  if (/^[1-9][0-9]{0,17}$/.test(text)) return text;
  throw new InvalidArgumentError('a whole number from 1');
}

export function orderId(text: string): string {
  if (/^[1-9][0-9]{0,18}$/.test(text) && BigInt(text) < 2n ** 63n) return text;
  throw new InvalidArgumentError('a 64-bit integer from 1');
}

export function orderLine(
  text: string,
  earlier: readonly { templateNo: string; count: string }[] = [],
): readonly { templateNo: string; count: string }[] {
  const [, templateNo, cards] = /^(.+)=([1-9][0-9]{0,17})$/.exec(text) ?? [];
  if (templateNo === undefined || cards === undefined) throw new InvalidArgumentError('like 3010030E02=500');
  return [...earlier, { templateNo, count: cards }];
}
