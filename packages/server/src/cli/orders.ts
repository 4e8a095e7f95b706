import type { Pool } from 'pg';
import { listOrders, type OrderDetail, showOrders } from '../card-order/overview-store.ts';
import { print, printJson, printTable } from './terminal.ts';

const stateNames: Readonly<Record<string, string>> = {
  received: '已接收',
  planned: '已排产',
  cards_fetched: '已取卡',
  in_production: '生产中',
  made: '已制成',
  dispatched: '已发货',
  closed: '已完结',
  held: '已暂停',
  cancelled: '已取消',
  test_done: '测试完成',
};

const stateName = (state: string): string => `${stateNames[state] ?? ''} ${state}`.trim();

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
        order.receivedAt,
        order.holdReason ?? '',
      ]),
    );
  }
  return 0;
}

/** `cardwright orders show ID`: by the platform's id or by our number. */
export async function ordersShow(pool: Pool, idOrNumber: string, asJson: boolean): Promise<number> {
  const orders = await showOrders(pool, idOrNumber);
  if (asJson) printJson(orders);
  else if (orders.length === 0) print(`没有这个制卡单 · no order ${idOrNumber}; see: cardwright orders list`);
  else for (const order of orders) printOrder(order);
  return orders.length === 0 ? 1 : 0;
}

function printOrder(order: OrderDetail): void {
  print(
    `制卡单 ${order.cardOrderId} (${order.environment}) · ${order.makingCardNo} · ${stateName(order.state)}`,
  );
  if (order.holdReason !== null) print(`  暂停原因 held because: ${order.holdReason}`);
  print(`  收货信息 receiver: ${order.receiver === 'sealed' ? '已封存 sealed' : '无 none'}`);
  if (order.logisticsOrderId !== null)
    print(`  物流 shipped with: ${order.logisticsCompany} ${order.logisticsOrderId}`);
  if (order.conflicts !== '0')
    print(`  内容不一致的重复请求 conflicting repeats refused: ${order.conflicts}`);
  print();
  printTable(
    ['  模板 TEMPLATE', '张数 COUNT', '面额(分) FEN', '名称 NAME'],
    order.lines.map((line) => [`  ${line.templateNo}`, line.count, line.parValueFen, line.cardName]),
  );
  print();
  for (const event of order.timeline) {
    print(`  ${event.at}  ${event.actor}  ${event.action}  ${JSON.stringify(event.detail)}`);
  }
  print();
}
