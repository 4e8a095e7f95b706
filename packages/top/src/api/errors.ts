/**
 * What can go wrong with an API call (protocol §2). One table decides by `code` and `sub_code`; the texts of an
 * error are for people and never judged, except for the seconds of a ban, which come nowhere else.
 */
import type { Issue } from '../schema/schema.ts';

/** Whose matter an error is: the call's own, the account's rights or session, a limit, or the platform's. */
export type GatewayErrorClass = 'call' | 'signature' | 'permission' | 'session' | 'flow-control' | 'platform';
/** What the caller may do: nothing, repeat after a growing random pause, or repeat when the ban is over. */
export type RetryRule = 'never' | 'backoff' | 'after-ban';

export interface GatewayErrorEntry {
  /** The `msg` that the gateway sends. */
  readonly msg: string;
  readonly zh: string;
  readonly class: GatewayErrorClass;
  /** Where no sub code says otherwise. */
  readonly retry: RetryRule;
}

const entry = (
  msg: string,
  zh: string,
  errorClass: GatewayErrorClass,
  retry: RetryRule = 'never',
): GatewayErrorEntry => ({ msg, zh, class: errorClass, retry });

/** The gateway's codes, as published. */
export const gatewayErrors: ReadonlyMap<number, GatewayErrorEntry> = new Map([
  [3, entry('Upload Fail', '图片上传失败', 'platform')],
  [4, entry('User Call Limited', '用户调用次数超限', 'flow-control', 'after-ban')],
  [5, entry('Session Call Limited', '会话调用次数超限', 'flow-control', 'after-ban')],
  [6, entry('Partner Call Limited', '合作伙伴调用次数超限', 'flow-control', 'after-ban')],
  [7, entry('App Call Limited', '应用调用次数超限', 'flow-control', 'after-ban')],
  [8, entry('App Call Exceeds Limited Frequency', '应用调用频率超限', 'flow-control', 'after-ban')],
  [9, entry('Http Action Not Allowed', 'HTTP 方法被禁止', 'call')],
  [10, entry('Service Currently Unavailable', '服务不可用', 'platform', 'backoff')],
  [11, entry('Insufficient ISV Permissions', '开发者权限不足', 'permission')],
  [12, entry('Insufficient User Permissions', '用户权限不足', 'permission')],
  [13, entry('Insufficient Partner Permissions', '合作伙伴权限不足', 'permission')],
  [15, entry('Remote Service Error', '远程服务出错', 'platform')],
  [21, entry('Missing Method', '缺少方法名参数', 'call')],
  [22, entry('Invalid Method', '不存在的方法名', 'call')],
  [23, entry('Invalid Format', '非法数据格式', 'call')],
  [24, entry('Missing Signature', '缺少签名参数', 'signature')],
  [25, entry('Invalid Signature', '非法签名', 'signature')],
  [26, entry('Missing Session', '缺少 SessionKey 参数', 'session')],
  [27, entry('Invalid Session', '无效的 SessionKey 参数', 'session')],
  [28, entry('Missing App Key', '缺少 AppKey 参数', 'call')],
  [29, entry('Invalid App Key', '无效的 AppKey 参数', 'call')],
  [30, entry('Missing Timestamp', '缺少时间戳参数', 'call')],
  [31, entry('Invalid Timestamp', '非法的时间戳参数', 'call')],
  [32, entry('Missing Version', '缺少版本参数', 'call')],
  [33, entry('Invalid Version', '非法的版本参数', 'call')],
  [34, entry('Unsupported Version', '不支持的版本号', 'call')],
  [40, entry('Missing Required Arguments', '缺少必选参数', 'call')],
  [41, entry('Invalid Arguments', '非法的参数', 'call')],
  [42, entry('Forbidden Request', '请求被禁止', 'permission')],
  [43, entry('Parameter Error', '参数错误', 'call')],
  // 15 in old samples.
  [50, entry('Remote Service Error', '远程服务出错', 'platform')],
]);

/** Platform errors that the same request brings on again. */
const lastingPlatformErrors: ReadonlySet<string> = new Set([
  'isp.null-pointer-exception',
  'isp.top-parse-error',
  'isp.top-mapping-parse-error',
]);
const dailyVolumeUsedUp = 'accesscontrol.limited-by-app-access-count';

/** An `error_response` as it came; every field may be missing. */
export interface GatewayErrorFields {
  readonly code?: number;
  readonly msg?: string;
  readonly subCode?: string;
  readonly subMsg?: string;
  readonly requestId?: string;
}

/** Whether the call may have taken effect on the platform. */
export type Effect = 'none' | 'unknown';

export interface GatewayJudgement {
  readonly class: GatewayErrorClass;
  readonly retry: RetryRule;
  readonly effect: Effect;
  /** Of flow control: the seconds that the ban still lasts, where it says so. */
  readonly banSeconds?: number;
  /** A person has to act: the day's volume is used up. */
  readonly alarm: boolean;
}

/** What an `error_response` means. A sub code may carry `:DETAIL`, which does not count. */
export function judgeGatewayError(error: GatewayErrorFields): GatewayJudgement {
  const known = error.code === undefined ? undefined : gatewayErrors.get(error.code);
  const subCode = (error.subCode ?? '').split(':', 1)[0] ?? '';
  if (subCode.startsWith('isv.')) {
    const errorClass = known === undefined || known.class === 'platform' ? 'call' : known.class;
    return { class: errorClass, retry: 'never', effect: 'none', alarm: false };
  }
  if (subCode === dailyVolumeUsedUp || known?.class === 'flow-control') {
    const banSeconds = readBanSeconds(error.subMsg) ?? readBanSeconds(error.msg);
    const alarm = subCode === dailyVolumeUsedUp;
    return {
      class: 'flow-control',
      retry: alarm ? 'never' : 'after-ban',
      effect: 'none',
      alarm,
      ...(banSeconds === undefined ? {} : { banSeconds }),
    };
  }
  if (subCode.startsWith('isp.')) {
    const retry = lastingPlatformErrors.has(subCode) ? 'never' : 'backoff';
    return { class: 'platform', retry, effect: 'unknown', alarm: false };
  }
  const errorClass = known?.class ?? 'platform';
  const effect = errorClass === 'platform' ? 'unknown' : 'none';
  return { class: errorClass, retry: known?.retry ?? 'never', effect, alarm: false };
}

function readBanSeconds(text: string | undefined): number | undefined {
  const seconds = /\bban will last for (\d{1,9}) more seconds?\b/i.exec(text ?? '')?.[1];
  return seconds === undefined ? undefined : Number(seconds);
}

/**
 * - `gateway`: an `error_response`; `flow-control`: one of codes 4–8
 * - `refused`: an answer whose `success` is false, without any code
 * - `transport`: no connection, or it was lost; `timeout`: connecting, reading or the whole call took too long
 * - `http-status`: not 200 and no `error_response` (redirects are not followed)
 * - `malformed-answer`: not what the interface describes, too large, or not readable at all
 * - `invalid-request`: our own parameters are not what the interface describes; nothing was sent
 * - `too-many-pages`: a listing that does not end; `aborted`: by the caller's signal
 */
export type TopErrorKind =
  | 'gateway'
  | 'flow-control'
  | 'refused'
  | 'transport'
  | 'timeout'
  | 'http-status'
  | 'malformed-answer'
  | 'invalid-request'
  | 'too-many-pages'
  | 'aborted';

/** The facts of a failed call. */
export interface TopFailure extends GatewayErrorFields {
  readonly kind: TopErrorKind;
  readonly effect: Effect;
  /** A short English clause without values, e.g. `ECONNREFUSED`. */
  readonly detail?: string;
  readonly class?: GatewayErrorClass;
  readonly banSeconds?: number;
  readonly alarm?: boolean;
  readonly httpStatus?: number;
  /** Of malformed answers and invalid requests: where, and what was expected. */
  readonly issue?: Issue;
}

/** The only error that a call of `TopClient` rejects with. It holds no secret, no session and no card. */
export class TopError extends Error {
  readonly method: string;
  readonly kind: TopErrorKind;
  /**
   * `none`: the platform has certainly not acted on the call, in any of its attempts. `unknown`: it may have; find
   * out before repeating what must not happen twice.
   */
  readonly effect: Effect;
  readonly attempts: number;
  readonly code: number | undefined;
  readonly subCode: string | undefined;
  /** The platform's own words, for people. */
  readonly subMsg: string | undefined;
  readonly requestId: string | undefined;
  readonly class: GatewayErrorClass | undefined;
  readonly banSeconds: number | undefined;
  /** True where a person has to act: the application's volume of the day is used up. */
  readonly alarm: boolean;
  readonly httpStatus: number | undefined;
  /** A short English clause without values, e.g. `ECONNREFUSED`. */
  readonly detail: string | undefined;
  readonly issue: Issue | undefined;

  constructor(method: string, failure: TopFailure, attempts = 1) {
    super(describeFailure(method, failure));
    this.name = 'TopError';
    this.method = method;
    this.kind = failure.kind;
    this.effect = failure.effect;
    this.attempts = attempts;
    this.code = failure.code;
    this.subCode = failure.subCode;
    this.subMsg = failure.subMsg;
    this.requestId = failure.requestId;
    this.class = failure.class;
    this.banSeconds = failure.banSeconds;
    this.alarm = failure.alarm ?? false;
    this.httpStatus = failure.httpStatus;
    this.detail = failure.detail;
    this.issue = failure.issue;
  }
}

function describeFailure(method: string, failure: TopFailure): string {
  const parts: string[] = [failure.kind.replaceAll('-', ' ')];
  if (failure.code !== undefined) {
    const known = gatewayErrors.get(failure.code);
    const name = known === undefined ? (failure.msg ?? '') : `${known.msg} ${known.zh}`;
    parts.push(`code ${failure.code} ${name}`.trimEnd());
  }
  if (failure.subCode !== undefined) parts.push(failure.subCode);
  if (failure.subMsg !== undefined) parts.push(failure.subMsg);
  if (failure.httpStatus !== undefined) parts.push(`HTTP status ${failure.httpStatus}`);
  if (failure.detail !== undefined) parts.push(failure.detail);
  if (failure.issue !== undefined) {
    const { path, expected, found } = failure.issue;
    parts.push(`${path === '' ? '' : `${path}: `}expected ${expected}, found ${found}`);
  }
  if (failure.requestId !== undefined) parts.push(`request_id ${failure.requestId}`);
  if (failure.effect === 'unknown') parts.push('whether it took effect is unknown');
  return `${method}: ${parts.join('; ')}`;
}
