/**
 * Everything that the sandbox can do wrong on demand. What a fault does is in the module of its place:
 * listing-lies.ts, card-lies.ts, call-faults.ts and maker-faults.ts.
 */

/**
 * - `listing`: which cards `info.query` gives, and in which order
 * - `cards`: what a card is said to be, in both queries
 * - `call`: any call to the gateway
 * - `effect`: make.finish and sended alone
 * - `maker`: the platform's own calls to the maker
 */
export type FaultPlace = 'listing' | 'cards' | 'call' | 'effect' | 'maker';

export interface FaultKindInfo {
  readonly place: FaultPlace;
  readonly zh: string;
  readonly en: string;
  /**
   * true: a correct maker may take what it gets and ends with exactly the ordered cards, every call in effect once.
   * false: it has to notice; whether asking again helps depends on the rule.
   */
  readonly harmless: boolean;
  /** A lie of the listing as a whole: every page tells it, so that pages fit together. */
  readonly wholeListing?: true;
  /** `call` and `effect` only: whether the platform acts before the answer goes wrong. */
  readonly acts?: boolean;
  /** What a rule's `value` means, and what it is if not given. */
  readonly value?: { readonly meaning: string; readonly otherwise: number };
  /** Chaos strikes with it only if it is named, because a maker can't go on without a person or a long wait. */
  readonly onlyNamed?: true;
}

const lie = (zh: string, en: string, more: Partial<FaultKindInfo> = {}) =>
  ({ place: 'listing', harmless: false, zh, en, ...more }) as const;
const cardLie = (zh: string, en: string, more: Partial<FaultKindInfo> = {}) =>
  ({ ...lie(zh, en, more), place: 'cards' }) as const;
const lost = (zh: string, en: string, more: Partial<FaultKindInfo> = {}) =>
  ({ place: 'call', harmless: true, acts: false, zh, en, ...more }) as const;
const acted = (zh: string, en: string, more: Partial<FaultKindInfo> = {}) =>
  lost(zh, en, { acts: true, ...more });
const call = (zh: string, en: string, more: Partial<FaultKindInfo> = {}) =>
  ({ place: 'maker', harmless: true, zh, en, ...more }) as const;

const cards = (otherwise: number) => ({ meaning: '张数 cards', otherwise });
const seconds = (otherwise: number) => ({ meaning: '秒 seconds', otherwise });
const milliseconds = (otherwise: number) => ({ meaning: '毫秒 ms', otherwise });

const kinds = {
  'duplicate-in-page': lie('一页内重复卡', 'a card twice in a page, another one lost'),
  'duplicate-across-pages': lie('跨页重复卡', 'a card of the page before again, another one lost'),
  'missing-card': lie('缺卡', 'a card left out, the page one short'),
  'reorder-in-page': lie('页内乱序', 'the cards of a page in another order', { harmless: true }),
  'reorder-across-pages': lie('页序颠倒', 'pages swapped pairwise', { harmless: true, wholeListing: true }),
  'overlapping-pages': lie('分页重叠', 'pages from one on begin some cards too early', {
    wholeListing: true,
    value: cards(10),
  }),
  'foreign-card': lie('混入他单卡', 'a card of an order that was never placed'),
  'card-in-two-orders': lie('一卡两单', 'a card that another order has already got'),
  'foreign-template': lie('未下单模板', 'a card of a template that was not ordered'),
  'other-template': lie('模板张冠李戴', 'a card under another ordered template, so that the counts shift'),
  'more-cards': lie('多给卡', 'more cards than ordered', { wholeListing: true, value: cards(1) }),
  'endless-pages': lie('分页无尽', 'full pages without end', { wholeListing: true }),
  'short-page-rest-later': lie('中间页偏短，余卡后移', 'a short page in the middle, the rest comes later', {
    harmless: true,
    wholeListing: true,
    value: cards(100),
  }),
  'short-page-lost': lie('中间页偏短且丢卡', 'a short page, its last cards lost', { value: cards(100) }),
  'empty-page': lie('空页', 'a page without cards where there should be some'),
  'page-too-large': lie('页超限', 'one card more than page_size'),
  'success-false': lie('success=false 却有卡', 'success is false beside the cards'),
  'unstable-order': lie('每次查询顺序不同', 'every ask sees the whole listing in another order'),
  'page-ignored': lie('忽略页码', 'current_page ignored: the first page again and again', {
    wholeListing: true,
  }),
  'empty-listing': lie('卡未就绪', 'no cards yet', { harmless: true }),
  'field-missing': cardLie('缺字段', 'a card without one of its fields'),
  'empty-password': cardLie('空密码', 'an empty cardPassword'),
  'not-json': cardLie('卡信息非 JSON', 'a card text that is not JSON'),
  'number-as-json-number': cardLie('卡号成数字', 'cardNo as a JSON number, its leading zeros lost'),
  'other-password-later': cardLie('重查密码不同', 'asked again, a card has another password'),
  'other-qr-later': cardLie('重查二维码不同', 'asked again, a card has another qrCode'),
  'other-status': cardLie('卡状态非 ACTIVE', 'a card whose status is not ACTIVE'),
  'status-later': cardLie('重查状态变化', 'asked again, a card has another status'),
  'extra-fields': cardLie('多余字段', 'fields that nobody knows', { harmless: true }),
  'null-value': cardLie('空值 null', 'null for one of the fields'),
  'huge-field': cardLie('超长字段', 'a qrCode of 5,000 characters', {
    value: { meaning: '字符 characters', otherwise: 5_000 },
  }),
  'control-characters': cardLie('密码含控制字符', 'control characters in a password'),

  outage: lost('平台中断', 'connections reset for a while', { value: seconds(5), onlyNamed: true }),
  'reset-before': lost('处理前断开', 'the connection reset before anything was done'),
  'silent-before': lost('不处理不应答', 'neither done nor answered'),
  'acted-then-reset': acted('处理后断开', 'done, then the connection reset'),
  'acted-then-silent': acted('处理后不应答', 'done, and never answered'),
  slow: acted('应答缓慢', 'done, answered late', { value: milliseconds(2_000) }),
  'half-answer': acted('应答截断', 'done, and half of the answer sent'),
  'http-500': lost('HTTP 500', 'HTTP 500 with a page of HTML, nothing done'),
  'http-502': acted('HTTP 502', 'done, and HTTP 502 with a page of HTML'),
  'garbage-answer': acted('应答乱码', 'done, and an answer of random bytes'),
  'xml-answer': acted('应答为 XML', 'an XML answer whatever was asked for'),
  'gzip-answer': acted('gzip 应答', 'a compressed answer whether asked for or not'),
  'comment-answer': acted('应答带注释', 'an XML comment after the answer'),
  'flow-control': lost('流控', 'code 7: a ban of the method, which is kept up until it ends', {
    value: seconds(1),
  }),
  'daily-volume': lost('当日调用量用尽', 'code 7: no call of any method until midnight GMT+8', {
    value: { meaning: '秒，0 为到零点 seconds, 0 to midnight', otherwise: 0 },
    onlyNamed: true,
  }),
  'isp-error': lost('isp 临时错误', 'isp.remote-service-error, nothing done'),
  'isp-timeout-acted': acted('isp 超时但已生效', 'isp.remote-service-timeout, although it was done'),
  'isp-lasting': lost('isp 持久错误', 'isp.null-pointer-exception', { harmless: false, onlyNamed: true }),
  'isv-error': lost('isv 错误', 'isv.invalid-parameter', { harmless: false, onlyNamed: true }),
  'invalid-signature': lost('签名被拒', 'code 25, invalid signature', { harmless: false, onlyNamed: true }),
  'repeat-refused': {
    ...acted('重复被拒', 'a repeat refused, because the first call took effect'),
    place: 'effect',
  },

  'maker-repeat': call('同一请求同时发两次', 'the same request twice at once'),
  'maker-repeat-later': call('同一请求稍后再发', 'the same request again after its answer', {
    value: milliseconds(0),
  }),
  'maker-reorder': call('请求乱序到达', 'held back until the next call to the maker was answered', {
    value: milliseconds(1_000),
  }),
  'maker-hang-up': call('发送后挂断', 'hung up before the answer'),
  'maker-wrong-signature': call('签名错误', 'a wrong signature', { harmless: false }),
  'maker-other-style': call('换请求格式', 'another body, charset and answer format'),
  'maker-extra-parameter': call('多余参数', 'a signed parameter that nobody knows'),
} as const satisfies Record<string, FaultKindInfo>;

export type FaultKind = keyof typeof kinds;
export const faultKinds: Readonly<Record<FaultKind, FaultKindInfo>> = kinds;
export const faultKindNames = Object.keys(kinds) as readonly FaultKind[];

export function isFaultKind(name: string): name is FaultKind {
  return Object.hasOwn(kinds, name);
}

const infoQuery = 'alibaba.fundplatform.cardorders.info.query';
const effects: ReadonlySet<string> = new Set([
  'alibaba.fundplatform.cardorders.status.make.finish',
  'alibaba.fundplatform.cardorders.status.sended',
]);

/** Whether a fault of this kind can strike calls of `method`, to the gateway or to the maker. */
export function strikesMethod(kind: FaultKind, method: string, direction: 'in' | 'out'): boolean {
  const { place } = faultKinds[kind];
  if (direction === 'out') return place === 'maker';
  if (place === 'listing') return method === infoQuery;
  if (place === 'cards') return method.startsWith(infoQuery);
  return place === 'effect' ? effects.has(method) : place === 'call';
}
