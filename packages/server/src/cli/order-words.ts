/** The history of an order in words, Chinese and English. */
import { holdEntry } from '../card-order/hold.ts';

export const stateNames: Readonly<Record<string, readonly [zh: string, en: string]>> = {
  received: ['已接收', 'received'],
  planned: ['已排产', 'planned'],
  cards_fetched: ['已取卡', 'cards fetched'],
  in_production: ['生产中', 'in production'],
  made: ['已制成', 'made'],
  dispatched: ['已发货', 'dispatched'],
  closed: ['已完结', 'closed'],
  held: ['已暂停', 'held'],
  cancelled: ['已取消', 'cancelled'],
  test_done: ['测试完成', 'test done'],
};

/** `已制成 made`; the stored name stands for a state of another version. */
export function stateName(state: string): string {
  const zh = stateNames[state]?.[0];
  return zh === undefined ? state : `${zh} ${state}`;
}

const actors: Readonly<Record<string, string>> = {
  platform: '平台 platform',
  planner: '排产 planner',
  fetcher: '取卡 fetcher',
  watcher: '巡检 watcher',
  reporter: '通知 reporter',
  jobs: '任务 jobs',
  'test run': '虚拟测试 test run',
  retention: '保管期限 retention',
};

/** A part of the product by its name in both languages; people as they are. */
export const actorName = (actor: string): string => actors[actor] ?? actor;

type Detail = Readonly<Record<string, unknown>>;

/** A reason of a hold in words: `卡数少于订单 · the platform gave fewer cards …: 3 of 500`. */
export function holdWords(reason: string): string {
  const entry = holdEntry(reason);
  if (entry === undefined) return reason;
  const colon = reason.indexOf(':');
  return `${entry.zh} · ${entry.en}${colon < 0 ? '' : reason.slice(colon)}`;
}

const textOf = (value: unknown): string => {
  if (Array.isArray(value)) return value.map(textOf).join('、');
  return typeof value === 'object' && value !== null ? plainDetail(value as Detail) : String(value ?? '');
};
/** Anything that no sentence is written for: `cards 500, page 3`. */
function plainDetail(detail: Detail): string {
  return Object.entries(detail)
    .map(([name, value]) => `${name} ${textOf(value)}`)
    .join(', ');
}
const inBrackets = (text: string): string => (text === '' ? '' : ` (${text})`);

function moved(detail: Detail): string {
  const { from, to, reason, ...rest } = detail;
  const way = `${stateNames[textOf(from)]?.[0] ?? textOf(from)} → ${stateNames[textOf(to)]?.[0] ?? textOf(to)} · ${textOf(from)} → ${textOf(to)}`;
  if (to === 'held') return `${way}: ${holdWords(textOf(reason))}`;
  if (to === 'dispatched') return `${way}: ${shipped(rest)}`;
  if (to === 'cancelled') return `${way}: ${textOf(reason)}`;
  const { resumed, refetch, acceptedBy, virtual, isTest, cards, formerCards } = rest;
  const notes = [
    isTest === true || virtual === true ? '测试单 test order' : '',
    resumed === true ? '恢复 resumed' : '',
    refetch === true ? `重新取卡 fetched anew, 原有 had ${textOf(formerCards)}` : '',
    acceptedBy === undefined ? '' : `差异已由两人接受 difference accepted by ${textOf(acceptedBy)}`,
    cards === undefined ? '' : `${textOf(cards)} 张 cards`,
  ];
  return way + inBrackets(notes.filter((note) => note !== '').join(', '));
}

function shipped({ company, number, forced, virtual }: Detail): string {
  const notes = [
    forced === true ? '强制 forced' : '',
    virtual === true ? '虚拟，未寄出任何东西 virtual: nothing was shipped' : '',
  ].filter((note) => note !== '');
  return `${textOf(company)} ${textOf(number)}${inBrackets(notes.join(', '))}`;
}

const reportNames: Readonly<Record<string, string>> = {
  'make-finish': '制卡完成 make.finish',
  sended: '发货 sended',
};
/** What the platform is told: `制卡完成 make.finish`. */
export const reportName = (kind: string): string => reportNames[kind] ?? kind;

const outcomeNames: Readonly<Record<string, string>> = {
  done: '平台已确认 done',
  repeated: '平台再次确认 done once more',
  refused: '平台拒绝 refused',
  'put-off': '未送达，稍后再试 did not arrive, goes on later',
  unknown: '结果不明，将以相同内容重发 may have acted, the same is said again',
};
/** How a call ended, in words; null is a call that a crash cut off. */
export const outcomeName = (outcome: string | null): string =>
  outcome === null
    ? '中断，将以相同内容重发 cut off, the same is said again'
    : (outcomeNames[outcome] ?? outcome);

const known = ({ requestId, knownAlready }: Detail): string =>
  inBrackets(
    [
      knownAlready === undefined ? '' : `平台早已知晓 it knew already`,
      requestId === undefined ? '' : `request_id ${textOf(requestId)}`,
    ]
      .filter((note) => note !== '')
      .join(', '),
  );

const sentences: Readonly<Record<string, (detail: Detail) => string>> = {
  'order.accepted': (detail) => `接收制卡单 · accepted: ${textOf(detail['cardCount'])} 张 cards`,
  'order.conflict': () =>
    '同号不同内容的请求被拒并留证 · a request with this id and other content was refused, and kept',
  'order.state': moved,
  'order.receipt': ({ from, to }) =>
    `平台确认收货 · the platform confirmed that it arrived${from === to ? '' : ` → ${stateName(textOf(to))}`}`,
  'order.finish-reported': (detail) =>
    `已通知平台制卡完成 · told the platform that it is made${known(detail)}`,
  'order.sended-reported': (detail) =>
    `已通知平台发货 · told the platform that it was shipped: ${textOf(detail['company'])} ${textOf(detail['number'])}${known(detail)}`,
  'order.report-refused': ({ report, cause }) =>
    `平台拒绝通知 · the platform refused ${reportName(textOf(report))}: ${textOf(cause)}`,
  'order.plan-again': ({ reason }) => `要求重新排产 · asked to plan it again: ${holdWords(textOf(reason))}`,
  'order.difference-accepted': ({ reason }) =>
    `接受差异 · accepted the difference: ${holdWords(textOf(reason))}`,
  'cards.fetch-started': () => '开始取卡 · began to fetch the cards',
  'cards.leak-alarm': (detail) => `泄露警报 · leak alarm${inBrackets(plainDetail(detail))}`,
  'cards.card-changed': (detail) => `卡内容有变 · a card has other content${inBrackets(plainDetail(detail))}`,
  'job.parked': ({ task, attempts, cause }) =>
    `任务搁置 · job parked: ${textOf(task)}, ${textOf(attempts)} 次 tries: ${textOf(cause)}`,
  'job.released': ({ task }) => `任务恢复 · job released: ${textOf(task)}`,
  'alarm.acknowledged': ({ kind }) => `警报已确认 · alarm acknowledged: ${textOf(kind)}`,
  'vault.opened': (detail) => `开启密文 · secrets opened${inBrackets(plainDetail(detail))}`,
  'vault.damage-found': (detail) => `密文损坏 · sealed data is damaged${inBrackets(plainDetail(detail))}`,
  'vault.shredded': (detail) => `密文已销毁 · secrets shredded${inBrackets(plainDetail(detail))}`,
};

/** One act in words. */
export function actWords(action: string, detail: Detail): string {
  const sentence = Object.hasOwn(sentences, action) ? sentences[action] : undefined;
  return sentence === undefined ? `${action}${inBrackets(plainDetail(detail))}` : sentence(detail);
}

const taskNames: Readonly<Record<string, string>> = {
  'plan-card-order': '排产 plans it',
  'fetch-cards': '取卡 fetches its cards',
  'watch-cards': '巡检卡状态 looks at its cards again',
  'report-finish': '通知制卡完成 reports make.finish',
  'report-sended': '通知发货 reports sended',
  'advance-test-order': '虚拟推进测试单 advances the test order',
};
/** What a job does, in words. */
export const taskName = (task: string): string => taskNames[task] ?? task;
