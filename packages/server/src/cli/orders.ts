import type { Pool } from 'pg';
import { findOrder } from '../card-order/find-order.ts';
import type { OrderKey } from '../card-order/move.ts';
import type { Operated } from '../card-order/operate.ts';
import { listOrders, showOrders } from '../card-order/overview-store.ts';
import { readStory } from '../card-order/story-store.ts';
import { printStory } from './order-story.ts';
import { holdWords, stateName } from './order-words.ts';
import { localTime, print, printError, printJson, printTable } from './terminal.ts';

/** `cardwright orders list`. */
export async function ordersList(
  pool: Pool,
  options: { environment?: string | undefined; state?: string | undefined; limit: number; json: boolean },
): Promise<number> {
  const orders = await listOrders(pool, options);
  if (options.json) {
    printJson(orders);
  } else if (orders.length === 0) {
    print('没有制卡单 · no orders');
  } else {
    printTable(
      [
        '制卡单 ORDER',
        '环境 ENV',
        '本厂单号 NUMBER',
        '状态 STATE',
        '张数 CARDS',
        '接收时间 RECEIVED',
        '暂停原因 HELD BECAUSE',
      ],
      orders.map((order) => [
        order.cardOrderId,
        order.environment,
        order.makingCardNo,
        stateName(order.state),
        order.cardCount,
        localTime(order.receivedAt),
        order.holdReason === null ? '' : holdWords(order.holdReason),
      ]),
    );
  }
  return 0;
}

/** `cardwright orders show ID`: by the platform's id or by our number. */
export async function ordersShow(
  pool: Pool,
  idOrNumber: string,
  options: { environment?: string | undefined; json: boolean },
): Promise<number> {
  const orders = await showOrders(pool, idOrNumber, options.environment);
  const stories = await Promise.all(
    orders.map(async (order) => ({ order, story: await readStory(pool, order) })),
  );
  if (options.json) printJson(stories.map(({ order, story }) => ({ ...order, ...story })));
  else if (orders.length === 0) print(`没有这个制卡单 · no order ${idOrNumber}; see: cardwright orders list`);
  else for (const { order, story } of stories) printStory(order, story);
  return orders.length === 0 ? 1 : 0;
}

/** Finds the order, does something with it, and says what came of it. Answers the exit code. */
export async function operateOn(
  pool: Pool,
  idOrNumber: string,
  options: { environment?: string | undefined; json: boolean },
  act: (key: OrderKey) => Promise<Operated>,
): Promise<number> {
  const found = await findOrder(pool, idOrNumber, options.environment);
  const outcome = found.ok ? await act(found.key) : found;
  const { ok, zh, en } = outcome;
  if (options.json) printJson({ ok, zh, en });
  else if (ok) print(`${zh} · ${en}`);
  else printError(`不能执行 · refused: ${zh} · ${en}`);
  return ok ? 0 : 1;
}
