import { type Command, InvalidArgumentError } from 'commander';
import { type CommonOptions, common, count, orderId, orderLine, report } from './commands.ts';

interface BuyOptions extends CommonOptions {
  readonly templates?: string;
  readonly cards?: string;
  readonly templateNo?: readonly { templateNo: string; count: string }[];
  readonly bizId?: string;
  readonly active?: true;
}
interface ActivateOptions extends CommonOptions {
  readonly order?: string;
  readonly bizId?: string;
  readonly card?: readonly string[];
  readonly key?: string;
}
interface CardsOptions extends CommonOptions {
  readonly page: string;
  readonly reveal?: true;
}

const cardsPerPage = 20n;

/** The commands of the business party, and the look at cards. */
export function addBuyingCommands(program: Command): void {
  common(program.command('buy').description('批量生成储值卡 buy cards (cardorder.fetch.card.async)'))
    .option('--templates <n>', '模板数，缺的会先新增 how many templates, made as needed', count)
    .option('--cards <m>', '每个模板的卡数 how many cards of each (default: 500)', count)
    .addOption(
      program
        .createOption(
          '--template-no <no=count>',
          '指定模板与卡数，可重复 a known template and its cards, repeatable',
        )
        .argParser(orderLine)
        .conflicts(['templates', 'cards']),
    )
    .option('--biz-id <text>', '幂等号 the idempotency key, out_biz_id (default: a new one)')
    .option('--active', '同步激活 the cards are active from the beginning')
    .action(async ({ templateNo, templates, cards, bizId, active, ...options }: BuyOptions) => {
      const input = { lines: templateNo, templates, cards, outBizId: bizId, active };
      const { ok, order } = await report(options, '/purchases', input);
      if (ok && order?.stage === 'unanswered' && !options.json)
        process.stdout.write(
          '制卡商尚未应答，平台将继续重发 no answer of the maker yet: the order is sent again\n',
        );
      if (order?.stage === 'unanswered' || order?.stage === 'refused') process.exitCode = 1;
    });

  common(
    program
      .command('activate')
      .description('激活储值卡，全部成功或全部失败 activate cards, all or none (cardorder.card.active)'),
  )
    .option('--order <id>', '整个制卡单 all cards of an order', orderId)
    .option('--biz-id <text>', '按购买时的幂等号 what was bought under this key')
    .option('--card <no...>', '卡号，可重复 card numbers')
    .option('--key <text>', '本次激活的幂等号 idempotency key of this activation (default: a new one)')
    .action(async ({ order, bizId, card, key, ...options }: ActivateOptions, command: Command) => {
      if (order !== undefined && (bizId !== undefined || card !== undefined))
        command.error('error: --order 不能与 --biz-id、--card 同用 stands alone');
      if (order === undefined && bizId === undefined && card === undefined)
        command.error('error: 请给出 give --order, --biz-id or --card');
      const input = { cardOrderId: order, fetchOutBizId: bizId, cardNos: card, outBizId: key };
      const reading = await report(options, '/activations', input);
      if (reading.ok && !options.json) process.stdout.write('已激活 activated\n');
    });

  common(program.command('cards').description("查看制卡单的卡 show an order's cards"))
    .argument('<id>', 'card_order_id', orderId)
    .option('--page <n>', `页码，每页 ${cardsPerPage} 张 page, of ${cardsPerPage} cards`, pageNumber, '1')
    .option('--reveal', '显示卡号与密码 show numbers and passwords')
    .action(async (id: string, { page, reveal, ...options }: CardsOptions) => {
      const from = String((BigInt(page) - 1n) * cardsPerPage);
      if (reveal) await report(options, `/orders/${id}/reveal`, { from, count: String(cardsPerPage) });
      else await report(options, `/orders/${id}/cards?from=${from}&count=${cardsPerPage}`);
    });
}

function pageNumber(text: string): string {
  if (/^[1-9][0-9]{0,6}$/.test(text)) return text;
  throw new InvalidArgumentError('a whole number from 1');
}
