/**
 * Every `result_code` that an SPI answer may carry. Codes are never reused for another meaning.
 * `wire` is what goes over the wire as `result_message`, where the platform expects exact words.
 */
export const resultCodes = {
  'sign-check-failure': {
    zh: '签名验证失败',
    en: 'The signature is wrong.',
    next: '用 `cardwright spi explain` 查找原因 · find the cause with `cardwright spi explain` on the captured request',
    wire: 'Illegal request',
  },
  'timestamp-out-of-window': {
    zh: '请求时间超出允许范围',
    en: "The sender's timestamp is too far from our clock.",
    next: '校准双方时钟，或调整 clockWindowSeconds · set both clocks, or change clockWindowSeconds',
  },
  'source-not-allowed': {
    zh: '来源地址不在白名单内',
    en: 'The caller is not in the source allow-list.',
    next: '核对 sourceAllowList 和 trustedProxies · check sourceAllowList and trustedProxies',
  },
  'unsupported-method': {
    zh: '不支持的接口',
    en: 'The method is none of the four that a card maker implements.',
    next: '核对平台上登记的接口 · check the interface that the platform is set to call',
  },
  'invalid-request': {
    zh: '请求格式错误',
    en: 'The signature is right, but the request is ambiguous or badly formed.',
    next: '按提示修正请求 · mend what the message names',
  },
  'invalid-parameter': {
    zh: '参数错误',
    en: 'A parameter is missing or not of its type.',
    next: '按提示修正字段 · mend the field that the message names',
  },
  'environment-mismatch': {
    zh: '环境不符',
    en: 'own_sign is not the environment whose secret signed the request, or that environment is not configured.',
    next: '核对 own_sign 与密钥所属环境 · compare own_sign with the environment of the secret',
  },
  'order-conflict': {
    zh: '同一制卡单号内容不一致',
    en: 'An order with this id is stored with other content; the stored one stands.',
    next: '与平台核对；用新的制卡单号重发 · agree with the platform; send changed content under a new id',
  },
  'template-conflict': {
    zh: '同一模板编号内容不一致',
    en: 'A template with this number is stored with other content; the stored one stands.',
    next: '与平台核对；使用新的模板编号 · agree with the platform; use a new template number',
  },
  'too-many-cards': {
    zh: '制卡数量过大',
    en: 'The order asks for more cards than one order may.',
    next: '拆分制卡单 · split the order',
  },
  'order-not-exist': {
    zh: '制卡单不存在',
    en: 'There is no order with this id in this environment.',
    next: '核对 card_order_id 和 own_sign · check card_order_id and own_sign',
  },
  'system-busy': {
    zh: '系统繁忙，请稍后重试',
    en: 'The system cannot take this now; nothing was stored, or it is not known: repeat the same request.',
    next: '原样重试 · repeat the same request',
  },
} as const satisfies Record<string, { zh: string; en: string; next: string; wire?: string }>;

export type ResultCode = keyof typeof resultCodes;

/** The failure as it is sent: the code, and the Chinese sentence with what was found, if anything. */
export function failure(code: ResultCode, detail?: string): { code: ResultCode; message: string } {
  const entry: { zh: string; wire?: string } = resultCodes[code];
  return { code, message: entry.wire ?? (detail === undefined ? entry.zh : `${entry.zh}: ${detail}`) };
}
