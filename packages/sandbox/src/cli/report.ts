import type { ReplyView } from '../control.ts';
import type { Stage } from '../order-view.ts';
import type { AsJson, ControlReading } from './control-client.ts';

type Order = NonNullable<ControlReading['order']>;
type Card = NonNullable<ControlReading['cards']>[number];
type Template = NonNullable<ControlReading['template']>;

const stageNames: Readonly<Record<Stage, string>> = {
  unanswered: '未应答 unanswered',
  accepted: '已接收 accepted',
  refused: '被拒绝 refused',
  finished: '已制卡 finished',
  shipped: '已发货 shipped',
  received: '已收货 received',
};

const outcomeNames: Readonly<Record<Exclude<ReplyView['outcome'], 'answered'>, string>> = {
  timeout: '超时，不知是否生效 timed out, effect unknown',
  unreachable: '无法连接 unreachable',
  unsendable: '无法以此字符集发送 cannot be sent so',
  unreadable: '应答无法识别 unreadable answer',
};

/** What the maker said, in one or two lines. */
export function replyText({ outcome, elapsedMs, detail, answer }: AsJson<ReplyView>): string {
  if (outcome !== 'answered')
    return `制卡商 maker: ${outcomeNames[outcome]}: ${detail ?? ''} (${elapsedMs} ms)`;
  if (answer === undefined) return '制卡商 maker: 应答 answered';
  if (!answer.success) {
    return `制卡商 maker: 拒绝 refused: ${answer.result_code} ${answer.result_message} (${elapsedMs} ms)`;
  }
  const parts = [`制卡商 maker: 成功 success`];
  if (answer.making_card_no !== undefined) parts.push(`制卡编号 making_card_no ${answer.making_card_no}`);
  if (answer.status !== undefined) parts.push(`状态 status ${answer.status}`);
  if (answer.logistics_order_id !== undefined && answer.logistics_order_id !== '')
    parts.push(`物流 logistics ${answer.logistics_company} ${answer.logistics_order_id}`);
  return `${parts.join(', ')} (${elapsedMs} ms)`;
}

/** One order with its lines. */
export function orderText(order: Order): string {
  const lines = order.lines.map(
    (line) => `  ${line.templateNo} × ${line.count}  ${yuan(line.parValueFen)}  ${line.cardName}`,
  );
  const facts = [
    ['下单 placed', order.placedAt],
    ['制卡编号 making_card_no', order.makerAnswer?.makingCardNo],
    ['结果码 result_code', order.makerAnswer?.resultCode],
    ['制卡完成 finished', order.finishedAt],
    ['发货 shipped', order.shipment?.at],
    [
      '运单 waybill',
      order.shipment && `${order.shipment.logisticsCompany} ${order.shipment.logisticsOrderId}`,
    ],
    ['收货 received', order.receiptAt],
    ['购买 bought as', order.purchase?.outBizId],
    ['通知制卡成功 make.success', order.makeSuccess && noticeText(order.makeSuccess)],
    ['激活 activated', activatedText(order)],
    ['收件人 receiver', order.receiver?.receiver_name],
  ].flatMap(([name, value]) => (value === undefined ? [] : [`  ${name}: ${value}`]));
  const head = `制卡单 order ${order.cardOrderId}: ${stageNames[order.stage]}, ${order.cards} 张 cards`;
  return [head, ...lines, ...facts].join('\n');
}

function noticeText({ deliveries, acknowledgedAt, problem }: NonNullable<Order['makeSuccess']>): string {
  const taken = acknowledgedAt === undefined ? `未送达 not taken: ${problem ?? ''}` : acknowledgedAt;
  return `${taken}, ${deliveries} 次 sent`;
}

function activatedText({ activated, activatedAt, cards }: Order): string | undefined {
  return activated === 0 ? undefined : `${activated} / ${cards}, ${activatedAt ?? ''}`;
}

/** Cards as the control interface shows them: masked unless they were asked for otherwise. */
export function cardsText(cards: readonly Card[]): string {
  if (cards.length === 0) return '没有卡 no cards';
  const rows = cards.map((card) => [
    String(card.position + 1),
    card.templateNo,
    card.cardNo,
    card.cardPassword,
    card.shortQrCode ?? '-',
    card.status,
    card.activated ? '已激活 yes' : '未激活 no',
  ]);
  return table(['#', 'TEMPLATE_NO', 'CARD_NO', 'PASSWORD', 'SHORT_QR', 'STATUS', 'ACTIVATED'], rows);
}

export function ordersText(orders: readonly Order[]): string {
  if (orders.length === 0) return '没有制卡单 no orders';
  const rows = orders.map((order) => [
    order.cardOrderId,
    `${order.lines.length}`,
    `${order.cards}`,
    order.makerAnswer?.makingCardNo ?? '-',
    order.placedAt,
    stageNames[order.stage],
  ]);
  return table(['ID', 'LINES', 'CARDS', 'MAKING_NO', 'PLACED', 'STAGE'], rows);
}

export function templatesText(templates: readonly Template[]): string {
  if (templates.length === 0) return '没有卡模板 no templates';
  const rows = templates.map((template) => [
    template.templateNo,
    yuan(template.parValueFen),
    template.isTest ? 'yes' : 'no',
    template.cardName,
  ]);
  return table(['TEMPLATE_NO', 'PAR_VALUE', 'TEST', 'NAME'], rows);
}

/** Fen as text → yuan as text, by digits: 100 → ¥1.00. */
function yuan(fen: string): string {
  const digits = fen.padStart(3, '0');
  return `¥${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** Columns of ASCII text padded to one width; only the last may hold wide characters. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const lineOf = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (column === head.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join('  ');
  return [head, ...rows].map(lineOf).join('\n');
}
