import { userInfo } from 'node:os';
import { type Command, Option } from 'commander';
import { acceptDifference, cancel, markMade, refetch, resume, ship } from '../card-order/operate.ts';
import { inTransaction } from '../db/transaction.ts';
import type { House } from '../house.ts';
import { restartFetch } from '../personalisation/restart.ts';
import { jobsAfterFetch } from '../personalisation/watch.ts';
import type { Transaction } from '../work.ts';
import { type CommandContext, type CommonFlags, withJson } from './context.ts';
import { operateOn, ordersList, ordersShow } from './orders.ts';

interface OrderFlags extends CommonFlags {
  readonly environment?: string;
}
interface PersonFlags extends OrderFlags {
  readonly by?: string;
}

/** `cardwright orders …`. */
export function addOrdersCommands(program: Command, context: CommandContext): void {
  const orders = program.command('orders').description('制卡单 · card orders');
  addReadingCommands(orders, context);
  addShopFloorCommands(orders, context);
  addHoldCommands(orders, context);
}

const withEnvironment = (command: Command): Command =>
  withJson(command).option('--environment <name>', 'daily | pre | online');
const withPerson = (command: Command): Command =>
  withEnvironment(command).option(
    '--by <name>',
    '操作人 · who does this (default: the user of this machine)',
  );

function addReadingCommands(orders: Command, { withHouse }: CommandContext): void {
  withEnvironment(orders.command('list').description('列出制卡单，新的在前 · the newest first'))
    .option('--state <state>', '内部状态 · house state, such as received, planned, held')
    .addOption(
      new Option('--limit <number>', '最多条数 · how many at the most').default(50).argParser(Number),
    )
    .action((flags: OrderFlags & { state?: string; limit: number }) =>
      withHouse(flags, ({ pool }) => ordersList(pool, { ...flags, json: flags.json === true })),
    );
  withEnvironment(
    orders
      .command('show <id>')
      .description('一个制卡单的全部经过 · one order and its story; by platform id or our number'),
  ).action((id: string, flags: OrderFlags) =>
    withHouse(flags, ({ pool }) => ordersShow(pool, id, { ...flags, json: flags.json === true })),
  );
}

function addShopFloorCommands(orders: Command, { withHouse }: CommandContext): void {
  withPerson(
    orders
      .command('made <id>')
      .description('全部卡已制成并检验，通知平台 · all cards are made and proven; tells the platform'),
  ).action((id: string, flags: PersonFlags) =>
    withHouse(flags, (house) =>
      operateAs(house, id, flags, (transaction, key, person) => markMade(transaction, key, person)),
    ),
  );
  withPerson(
    orders.command('ship <id>').description('已交快递，通知平台 · handed to a courier; tells the platform'),
  )
    .requiredOption('--company <name>', '快递公司 · courier, such as 顺丰速运')
    .requiredOption('--number <number>', '运单号 · waybill number')
    .option(
      '--force',
      '使用名单之外的公司或单号，记入审计 · take a courier or number that is not known; audited',
    )
    .action((id: string, flags: PersonFlags & { company: string; number: string; force?: boolean }) =>
      withHouse(flags, (house) =>
        operateAs(house, id, flags, (transaction, key, person) => ship(transaction, key, flags, person)),
      ),
    );
}

function addHoldCommands(orders: Command, { withHouse }: CommandContext): void {
  withPerson(orders.command('cancel <id>').description('取消，不再制作 · it will not be made'))
    .requiredOption('--reason <words>', '原因 · why')
    .action((id: string, flags: PersonFlags & { reason: string }) =>
      withHouse(flags, (house) =>
        operateAs(house, id, flags, (transaction, key, person) =>
          cancel(transaction, key, flags.reason, person),
        ),
      ),
    );
  withPerson(
    orders
      .command('resume <id>')
      .description('警报解除后继续，或重新排产 · goes on after a hold that is cleared'),
  ).action((id: string, flags: PersonFlags) =>
    withHouse(flags, (house) =>
      operateAs(house, id, flags, (transaction, key, person) =>
        resume(transaction, key, jobsAfterFetch, person),
      ),
    ),
  );
  withPerson(
    orders.command('refetch <id>').description('重新取卡 · fetches the cards of a held order anew'),
  ).action((id: string, flags: PersonFlags) =>
    withHouse(flags, (house) =>
      operateAs(house, id, flags, (transaction, key, person) =>
        refetch(transaction, key, restartFetch, person),
      ),
    ),
  );
  withEnvironment(
    orders
      .command('accept-difference <id>')
      .description('接受卡数差异，需两个不同的人 · accepts that cards differ; two different people have to'),
  )
    .requiredOption('--by <name>', '同意人 · who accepts it')
    .action((id: string, flags: PersonFlags) =>
      withHouse(flags, (house) =>
        operateAs(house, id, flags, (transaction, key, person) =>
          acceptDifference(transaction, key, jobsAfterFetch, person),
        ),
      ),
    );
}

type Act = (
  transaction: Transaction,
  key: Parameters<typeof markMade>[1],
  person: string,
) => ReturnType<typeof markMade>;

function operateAs({ pool }: House, id: string, flags: PersonFlags, act: Act): Promise<number> {
  const transaction: Transaction = (work) => inTransaction(pool, work);
  const person = (flags.by ?? userInfo().username).normalize('NFKC').trim();
  const options = { environment: flags.environment, json: flags.json === true };
  return operateOn(pool, id, options, (key) => act(transaction, key, person));
}
