import { type Command, InvalidArgumentError } from 'commander';
import { durationMs } from '../clock.ts';
import { type CommonOptions, common, orderId, report } from './commands.ts';

interface AddOptions extends CommonOptions {
  readonly method?: string;
  readonly order?: string;
  readonly page?: readonly number[];
  readonly times?: number;
  readonly afterCalls?: number;
  readonly value?: number;
}
interface ChaosOptions extends CommonOptions {
  readonly seed: string;
  readonly rate: string;
  readonly kind?: readonly string[];
}

/** The commands that make the platform lie and fail, and that move its clock on. */
export function addFaultCommands(program: Command): void {
  const fault = program.command('fault').description('故障 faults on demand');
  common(fault.command('kinds').description('故障种类 what can go wrong')).action((options: CommonOptions) =>
    show(options, '/faults/kinds'),
  );
  common(fault.command('list').description('现有故障 the rules in force')).action((options: CommonOptions) =>
    show(options, '/faults'),
  );
  common(fault.command('add').description('新增故障 add a rule'))
    .argument('<kind>', '种类，见 fault kinds')
    .option('--method <name>', '接口名或其结尾 a method or how it ends, like make.finish')
    .option('--order <id>', '制卡单 card_order_id', orderId)
    .option('--page <n>', '页码，可重复 a page, repeatable', page)
    .option('--times <n>', '次数，0 为一直 how often, 0 for always (default: 1)', whole)
    .option('--after-calls <n>', '先放过几次 how many calls pass first (default: 0)', whole)
    .option('--value <n>', '含义因种类而异 its meaning depends on the kind', whole)
    .action(async (kind: string, options: AddOptions) => {
      const { method, order, page: pages, times, afterCalls, value, ...common } = options;
      await report(common, '/faults', { kind, method, cardOrderId: order, pages, times, afterCalls, value });
    });
  common(fault.command('clear').description('清除故障 remove one rule or all'))
    .argument('[id]', '规则号 number of the rule', whole)
    .action(async (id: number | undefined, options: CommonOptions) => {
      await report(options, id === undefined ? '/faults' : `/faults/${id}`, undefined, 'DELETE');
    });
  common(fault.command('chaos').description('按种子随机故障 seeded faults at a rate'))
    .requiredOption('--seed <text>', '种子 the same seed gives the same faults')
    .requiredOption('--rate <share>', '比例，0 到 1 share of the calls, 0 ends it')
    .option('--kind <kind>', '限定种类，可重复 only these kinds, repeatable', collected)
    .action(async ({ seed, rate, kind: kinds, ...options }: ChaosOptions) => {
      if (Number(rate) === 0) await report(options, '/chaos', undefined, 'DELETE');
      else await report(options, '/chaos', { seed, rate, kinds });
    });

  const clock = program.command('clock').description('沙箱时钟 the clock of the sandbox');
  common(clock.command('show').description('查看 show it')).action((options: CommonOptions) =>
    show(options, '/clock'),
  );
  common(clock.command('advance').description('拨快虚拟时钟 move a virtual clock on'))
    .argument('<by>', '时长，如 3d、1h30m a duration', duration)
    .action(async (by: string, options: CommonOptions) => {
      await report(options, '/clock', { by });
    });
  common(program.command('effects').description('通知生效情况 what make.finish and sended did to an order'))
    .argument('<id>', 'card_order_id', orderId)
    .action((id: string, options: CommonOptions) => show(options, `/orders/${id}/effects`));
}

async function show(options: CommonOptions, path: string): Promise<void> {
  await report(options, path);
}

function whole(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('a whole number from 0');
}

function page(text: string, earlier: readonly number[] = []): readonly number[] {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('a whole number from 1');
  return [...earlier, Number(text)];
}

function collected(text: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, text];
}

function duration(text: string): string {
  if (durationMs(text) !== undefined) return text;
  throw new InvalidArgumentError('a duration like 3d, 1h30m or 500ms');
}
