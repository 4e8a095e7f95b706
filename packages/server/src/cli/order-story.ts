import { alarmWords } from '../alarm/alarm-store.ts';
import { holdEntry } from '../card-order/hold.ts';
import type { OrderDetail } from '../card-order/overview-store.ts';
import type { OrderStory } from '../card-order/story-store.ts';
import {
  actorName,
  actWords,
  holdWords,
  outcomeName,
  reportName,
  stateName,
  taskName,
} from './order-words.ts';
import { localTime, print, printTable } from './terminal.ts';

/** Prints all that is known of an order, for people. */
export function printStory(order: OrderDetail, story: OrderStory): void {
  print(
    `制卡单 ${order.cardOrderId} (${order.environment}) · ${order.makingCardNo} · ${stateName(order.state)}${order.isTest === true ? ' · 测试单 test order' : ''}`,
  );
  printHold(order);
  printFacts(order, story);
  print();
  printTable(
    ['  模板 TEMPLATE', '张数 COUNT', '面额(分) FEN', '名称 NAME'],
    order.lines.map((line) => [`  ${line.templateNo}`, line.count, line.parValueFen, line.cardName]),
  );
  printNeeds(story);
  printReports(story);
  print();
  print(`经过 · story (${localZone()})`);
  for (const { at, actor, action, detail } of order.timeline)
    print(`  ${localTime(at)}  ${actorName(actor)}: ${actWords(action, detail)}`);
  print();
}

function printHold(order: OrderDetail): void {
  if (order.holdReason === null) return;
  print(`  暂停原因 held because: ${holdWords(order.holdReason)}`);
  const entry = holdEntry(order.holdReason);
  if (entry === undefined) return;
  print(`  怎么办 what to do: ${entry.adviceZh}`);
  print(`    ${entry.adviceEn}`);
}

function printFacts(order: OrderDetail, { fetch, ...story }: OrderStory): void {
  print(`  收货信息 receiver: ${secretWords[order.receiver]}`);
  print(
    `  取卡 cards: ${fetch.cards} / ${order.cardCount} (${fetch.pages} 页 pages) · ${secretWords[fetch.secrets]}${fetch.statusChanges === 0 ? '' : ` · ${fetch.statusChanges} 次状态变化 status changes`}`,
  );
  if (order.logisticsOrderId !== null)
    print(`  物流 shipped with: ${order.logisticsCompany} ${order.logisticsOrderId}`);
  print(
    `  平台已知 the platform knows: 制成 made ${timeOr(story.finishReportedAt)} · 发货 shipped ${timeOr(story.sendedReportedAt)} · 收货 arrived ${timeOr(order.receiptAt)}`,
  );
  if (order.conflicts !== '0')
    print(`  内容不一致的重复请求 conflicting repeats refused: ${order.conflicts}`);
  for (const { person, at } of story.approvals)
    print(`  同意差异 accepted a difference: ${person}, ${localTime(at)}`);
  for (const { task, runAt, attempts, isRunning, lastCause } of story.jobs) {
    const when = isRunning ? '进行中 under way' : `${localTime(runAt)}`;
    const why = lastCause === null ? '' : `, ${attempts} 次 tries: ${lastCause}`;
    print(`  接下来 next: ${taskName(task)}, ${when}${why}`);
  }
}

const secretWords = { sealed: '已封存 sealed', shredded: '已销毁 shredded', none: '无 none' } as const;
const timeOr = (at: string | null): string => (at === null ? '否 no' : localTime(at));

/** What waits for a person. */
function printNeeds({ alarms, parked }: OrderStory): void {
  if (alarms.length + parked.length > 0) print();
  for (const alarm of alarms) {
    const { title, advice } = alarmWords(alarm);
    print(`  警报 alarm ${alarm.alarmId}: ${title}`);
    print(`    ${advice}`);
  }
  for (const { parkedJobId, task, cause, parkedAt } of parked)
    print(
      `  搁置 parked job ${parkedJobId}: ${taskName(task)}, ${localTime(parkedAt)}: ${cause} (jobs retry ${parkedJobId})`,
    );
}

function printReports({ reports }: OrderStory): void {
  if (reports.length === 0) return;
  print();
  print('通知记录 · what the platform was told');
  for (const { kind, attempt, intendedAt, outcome, requestId, detail } of reports) {
    const notes = [detail, requestId === null ? null : `request_id ${requestId}`].filter(
      (note) => note !== null,
    );
    print(
      `  ${localTime(intendedAt)}  ${reportName(kind)} #${attempt}: ${outcomeName(outcome)}${notes.length === 0 ? '' : ` (${notes.join('; ')})`}`,
    );
  }
}

const localZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;
