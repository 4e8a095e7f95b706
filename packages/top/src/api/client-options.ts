/** The settings of `TopClient`, with their defaults and their checks. */
import { type RetryPolicy, systemTiming, type Timing } from './retry.ts';
import { isSignMethod, type SignMethod } from './sign.ts';

/** Times are in milliseconds. */
export interface TopClientOptions {
  readonly appKey: string;
  readonly appSecret: string;
  /** e.g. `https://eco.taobao.com/router/rest`. */
  readonly gateway: string;
  /** Default `hmac-sha256`. */
  readonly signMethod?: SignMethod;
  /** What the gateway is to answer in; default `json`. Methods without a schema here are always asked for JSON. */
  readonly format?: 'json' | 'xml';
  /** JSON answers without envelope; default false. */
  readonly simplify?: boolean;
  /** Default 15,000. */
  readonly connectTimeoutMs?: number;
  /** The longest silence of the gateway; default 30,000. */
  readonly readTimeoutMs?: number;
  /** For a call with all its repetitions and pauses; default 120,000. */
  readonly overallTimeoutMs?: number;
  /** Default 3. */
  readonly retries?: number;
  /** The n-th pause is random between 0 and this × 2^(n-1); default 300. */
  readonly backoffBaseMs?: number;
  /** Default 10,000. */
  readonly backoffMaxMs?: number;
  /** A flow control ban that lasts longer is an error at once; default 60,000. */
  readonly maxBanMs?: number;
  /** Default 16 MiB, packed and unpacked. */
  readonly maxAnswerBytes?: number;
  /** Session key (授权令牌) of all calls that bring none of their own. */
  readonly session?: string;
  readonly targetAppKey?: string;
  readonly partnerId?: string;
  /**
   * Methods that may be repeated although an attempt may have taken effect, because they only read. Default: the
   * queries of the family.
   */
  readonly onlyReads?: (method: string) => boolean;
  /** Clock, pause and randomness, for tests. */
  readonly timing?: Partial<Timing>;
}

export interface ClientSettings extends RetryPolicy {
  readonly appKey: string;
  readonly appSecret: string;
  readonly gateway: URL;
  readonly signMethod: SignMethod;
  readonly format: 'json' | 'xml';
  readonly simplify: boolean;
  readonly connectTimeoutMs: number;
  readonly readTimeoutMs: number;
  readonly maxAnswerBytes: number;
  readonly session: string | undefined;
  readonly targetAppKey: string | undefined;
  readonly partnerId: string | undefined;
  readonly onlyReads: (method: string) => boolean;
  readonly timing: Timing;
}

const readingMethods: ReadonlySet<string> = new Set([
  'alibaba.fundplatform.cardorders.info.query',
  'alibaba.fundplatform.cardorders.info.query.by.cardno',
  'taobao.top.ipout.get',
]);
/** The longest delay that a timer of Node can hold. */
const maxTimerMs = 2 ** 31 - 1;

/** Fills in the defaults. Throws a TypeError that names the wrong setting, never its value. */
export function clientSettings(options: TopClientOptions): ClientSettings {
  const { signMethod = 'hmac-sha256', format = 'json' } = options;
  if (!isSignMethod(signMethod)) throw new TypeError('signMethod: md5, hmac or hmac-sha256 was expected');
  if (format !== 'json' && format !== 'xml') throw new TypeError('format: json or xml was expected');
  return {
    appKey: givenText('appKey', options.appKey),
    appSecret: givenText('appSecret', options.appSecret),
    gateway: gatewayUrl(options.gateway),
    signMethod,
    format,
    simplify: options.simplify ?? false,
    connectTimeoutMs: milliseconds('connectTimeoutMs', options.connectTimeoutMs, 15_000),
    readTimeoutMs: milliseconds('readTimeoutMs', options.readTimeoutMs, 30_000),
    overallTimeoutMs: milliseconds('overallTimeoutMs', options.overallTimeoutMs, 120_000),
    retries: whole('retries', options.retries ?? 3, 0, 100),
    backoffBaseMs: whole('backoffBaseMs', options.backoffBaseMs ?? 300, 0, maxTimerMs),
    backoffMaxMs: whole('backoffMaxMs', options.backoffMaxMs ?? 10_000, 0, maxTimerMs),
    maxBanMs: whole('maxBanMs', options.maxBanMs ?? 60_000, 0, maxTimerMs),
    maxAnswerBytes: whole('maxAnswerBytes', options.maxAnswerBytes ?? 16 * 2 ** 20, 1, 2 ** 30),
    session: optionalText('session', options.session),
    targetAppKey: optionalText('targetAppKey', options.targetAppKey),
    partnerId: optionalText('partnerId', options.partnerId),
    onlyReads: options.onlyReads ?? ((method) => readingMethods.has(method)),
    timing: { ...systemTiming, ...options.timing },
  };
}

function givenText(name: string, value: string): string {
  if (typeof value !== 'string' || value.trim() === '') throw new TypeError(`${name}: a text was expected`);
  if (value.trim() !== value) throw new TypeError(`${name}: has white space around it`);
  return value;
}

function optionalText(name: string, value: string | undefined): string | undefined {
  return value === undefined ? undefined : givenText(name, value);
}

function gatewayUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw new TypeError('gateway: an http or https address was expected');
  if (url.search !== '' || url.hash !== '' || url.username !== '' || url.password !== '')
    throw new TypeError('gateway: an address without query, fragment and credentials was expected');
  return url;
}

function milliseconds(name: string, value: number | undefined, otherwise: number): number {
  return whole(name, value ?? otherwise, 1, maxTimerMs);
}

function whole(name: string, value: number, min: number, max: number): number {
  if (!Number.isInteger(value) || value < min || value > max)
    throw new TypeError(`${name}: a whole number from ${min} to ${max} was expected`);
  return value;
}
