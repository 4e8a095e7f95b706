/** Why an order is held, and what a person can do about it. The code stands first in `hold_reason`. */
export interface HoldReasonEntry {
  readonly zh: string;
  readonly en: string;
  readonly adviceZh: string;
  readonly adviceEn: string;
  /** Whether two people may let the order go on all the same. */
  readonly acceptable?: true;
}

export const holdReasons = {
  'unknown-template': {
    zh: '模板未知',
    en: 'a template is not known',
    adviceZh: '请平台推送模板；收到后自动继续',
    adviceEn: 'ask the platform to announce the template; the order goes on by itself then',
  },
  'missing-address': {
    zh: '缺少收货信息',
    en: 'there is no address to ship to',
    adviceZh: '向平台确认地址，或取消',
    adviceEn: 'ask the platform for the address, or cancel',
  },
  'mixed-test-templates': {
    zh: '测试模板与正式模板混在一单',
    en: 'test templates and real ones stand in one order',
    adviceZh: '测试卡不得进入生产：请平台拆单，本单取消',
    adviceEn: 'test cards never reach production: ask the platform for separate orders, cancel this one',
  },
  'cards-missing': {
    zh: '卡数少于订单',
    en: 'the platform gave fewer cards than it ordered',
    adviceZh: '向平台核实后 orders refetch；或两人 orders accept-difference；或 orders cancel',
    adviceEn:
      'ask the platform, then orders refetch; or two people orders accept-difference; or orders cancel',
    acceptable: true,
  },
  'cards-too-many': {
    zh: '卡数多于订单',
    en: 'the platform gave more cards than it ordered',
    adviceZh: '向平台核实后 orders refetch；或 orders cancel',
    adviceEn: 'ask the platform, then orders refetch; or orders cancel',
  },
  'template-counts-differ': {
    zh: '各模板卡数与订单不符',
    en: 'the cards of each template are not as many as ordered',
    adviceZh: '向平台核实后 orders refetch；或两人 orders accept-difference；或 orders cancel',
    adviceEn:
      'ask the platform, then orders refetch; or two people orders accept-difference; or orders cancel',
    acceptable: true,
  },
  'foreign-template': {
    zh: '卡的模板不在订单内',
    en: 'a card is of a template that the order does not have',
    adviceZh: '向平台核实后 orders refetch；或 orders cancel',
    adviceEn: 'ask the platform, then orders refetch; or orders cancel',
  },
  'duplicate-card': {
    zh: '同一卡号出现两次',
    en: 'a card number came twice in this order',
    adviceZh: '向平台核实后 orders refetch；或 orders cancel',
    adviceEn: 'ask the platform, then orders refetch; or orders cancel',
  },
  'card-of-another-order': {
    zh: '卡号已属于另一制卡单',
    en: 'a card number belongs to another order already',
    adviceZh: '立即联系平台；核实后 orders refetch；或 orders cancel',
    adviceEn: 'call the platform at once; then orders refetch, or orders cancel',
  },
  'card-changed': {
    zh: '再次查询时同一张卡的内容不同',
    en: 'asked again, the platform gave the same card with other content',
    adviceZh:
      '立即联系平台；核实后 orders refetch；已制成的：平台更正后 orders resume，否则两人 orders accept-difference；或 orders cancel',
    adviceEn:
      'call the platform at once; then orders refetch. Once it is made: orders resume when the platform has put it right, else orders accept-difference by two people. Or orders cancel',
  },
  'unusable-card': {
    zh: '卡数据不完整或无效',
    en: 'a card is incomplete or unusable',
    adviceZh: '向平台核实后 orders refetch；或 orders cancel',
    adviceEn: 'ask the platform, then orders refetch; or orders cancel',
  },
  'unusable-answer': {
    zh: '平台的回答无法使用',
    en: "the platform's answer cannot be used",
    adviceZh: '联系平台后 orders refetch',
    adviceEn: 'ask the platform, then orders refetch',
  },
  'fetch-refused': {
    zh: '平台拒绝查询卡信息',
    en: 'the platform refuses to give the cards',
    adviceZh: '按错误码处理后 orders refetch',
    adviceEn: 'act on the error code, then orders refetch',
  },
  'cards-not-ready': {
    zh: '平台一直没有给出卡',
    en: 'the platform has given no card for too long',
    adviceZh: '向平台核实后 orders refetch',
    adviceEn: 'ask the platform, then orders refetch',
  },
  'leak-alarm': {
    zh: '泄露警报：发货前卡状态已变化',
    en: "leak alarm: a card's status changed before it was shipped",
    adviceZh: '停止发货并调查；确认无误后 orders resume',
    adviceEn: 'do not ship, investigate; when it is cleared, orders resume',
  },
} as const satisfies Readonly<Record<string, HoldReasonEntry>>;

export type HoldCode = keyof typeof holdReasons;

/** A hold: the code, a few words on what exactly, and what was seen for programs. No secret, no personal data. */
export interface Hold {
  readonly code: HoldCode;
  readonly words?: string;
  readonly seen?: Readonly<Record<string, unknown>>;
  /** Another order of the same environment that it is about as well. */
  readonly otherOrder?: bigint;
}

/** As `card_order.hold_reason` holds it: `code` or `code: words`. */
export const holdText = (hold: Hold): string =>
  hold.words === undefined ? hold.code : `${hold.code}: ${hold.words}`;

/** The entry of a stored reason; undefined for one of another version. */
export function holdEntry(reason: string): HoldReasonEntry | undefined {
  const code = reason.split(':', 1)[0] ?? '';
  return code in holdReasons ? holdReasons[code as HoldCode] : undefined;
}
