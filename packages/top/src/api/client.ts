import type { Agent } from 'node:http';
import {
  type ApiAnswerOf,
  type ApiMethod,
  type ApiRequestOf,
  apiFamily,
  type CardMakingInfo,
  isApiMethod,
} from '../family/api.ts';
import { formatTimestamp } from '../family/spi-request.ts';
import type { StructSchema } from '../schema/schema.ts';
import { percentEncode } from '../wire/percent.ts';
import {
  type CardPage,
  type CardPageRequest,
  type CardPagesRequest,
  type CardQuery,
  type CardQueryCall,
  type CardsByNumberRequest,
  cardPageCall,
  cardsByNumberCall,
  readCardPages,
  readCards,
} from './card-pages.ts';
import { type ClientSettings, clientSettings, type TopClientOptions } from './client-options.ts';
import { judgeGatewayError, TopError, type TopFailure } from './errors.ts';
import { type ApiParams, type EncodedParams, encodeParams, encodeTypedParams } from './params.ts';
import { type ApiObject, decodeReply, type Reply, readReply, toApiObject } from './reply.ts';
import { type Attempt, attemptRepeatedly, type RetryPolicy } from './retry.ts';
import { isBlank, signApi } from './sign.ts';
import { type ExchangeFailure, exchange, keepAliveAgent, type RawAnswer } from './transport.ts';

export type { TopClientOptions } from './client-options.ts';

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Instead of the client's session. */
  readonly session?: string;
}
/** An answer with what is needed to ask the platform about it. */
export interface ApiResult<T> {
  readonly answer: T;
  readonly requestId: string | undefined;
  readonly attempts: number;
}
export interface CardPagesOptions extends CallOptions {
  /** How many pages are read at most, in case that the platform's listing has no end; default 20,000. */
  readonly maxPages?: number;
}

/** Any name that the family does not describe, so that a wrong parameter of a described one is a type error. */
type OtherMethod<N extends string> = N extends ApiMethod ? never : N;

/**
 * Calls the platform's API through the TOP gateway (protocol §2): signs, sends, waits out flow control, repeats what
 * may be repeated, and checks the answers. Every call resolves with a checked answer or rejects with a `TopError`.
 *
 * A call that may have taken effect (a timeout, a lost connection) is repeated only if its method only reads;
 * otherwise the error's `effect` is `unknown` and it is for the caller to find out.
 */
export class TopClient {
  readonly #settings: ClientSettings;
  readonly #agent: Agent;

  /** Throws a TypeError that names the setting that is wrong. */
  constructor(options: TopClientOptions) {
    this.#settings = clientSettings(options);
    this.#agent = keepAliveAgent(this.#settings.gateway);
  }

  /** Closes the connections that are kept. Calls still work afterwards. */
  close(): void {
    this.#agent.destroy();
  }

  /** Calls a method and returns its answer. */
  execute<M extends ApiMethod>(
    method: M,
    params: ApiRequestOf<M>,
    options?: CallOptions,
  ): Promise<ApiAnswerOf<M>>;
  /** Calls a method that has no schema here. */
  execute<N extends string>(
    method: OtherMethod<N>,
    params: ApiParams,
    options?: CallOptions,
  ): Promise<ApiObject>;
  async execute(method: string, params: object, options: CallOptions = {}): Promise<unknown> {
    return (await this.#call(method, params, options)).answer;
  }

  /** As `execute`, with the request id of the answer and the number of attempts. */
  call<M extends ApiMethod>(
    method: M,
    params: ApiRequestOf<M>,
    options?: CallOptions,
  ): Promise<ApiResult<ApiAnswerOf<M>>>;
  call<N extends string>(
    method: OtherMethod<N>,
    params: ApiParams,
    options?: CallOptions,
  ): Promise<ApiResult<ApiObject>>;
  call(method: string, params: object, options: CallOptions = {}): Promise<ApiResult<unknown>> {
    return this.#call(method, params, options);
  }

  /**
   * Reads the cards of an order (根据制卡单分页查询卡信息), page by page, until a page is short or empty. Empty pages
   * are not yielded. Rejects like `execute`, and with `too-many-pages` where the listing does not end.
   */
  cardPages(request: CardPagesRequest, options: CardPagesOptions = {}): AsyncGenerator<CardPage, void, void> {
    const { maxPages, ...callOptions } = options;
    const readPage = async (page: CardPageRequest) => (await this.cardPage(page, callOptions)).answer;
    return readCardPages(readPage, request, maxPages);
  }

  /** Reads one page of an order's cards. A page that is short or empty is the last. Rejects like `execute`. */
  async cardPage(
    request: CardPageRequest,
    options?: CallOptions,
  ): Promise<ApiResult<readonly CardMakingInfo[]>> {
    return this.#readCards(cardPageCall(request), options);
  }

  /** Reads cards by their numbers (通过卡号查询卡信息). Rejects like `execute`. */
  async cardsByNumber(
    request: CardsByNumberRequest,
    options?: CallOptions,
  ): Promise<ApiResult<readonly CardMakingInfo[]>> {
    return this.#readCards(cardsByNumberCall(request), options);
  }

  async #readCards(
    call: CardQueryCall<CardQuery>,
    options: CallOptions = {},
  ): Promise<ApiResult<readonly CardMakingInfo[]>> {
    const made = await this.#call(call.method, call.params, options);
    return { ...made, answer: readCards(call, made.answer as ApiAnswerOf<CardQuery>) };
  }

  async #call(method: string, params: object, options: CallOptions): Promise<ApiResult<unknown>> {
    const described = isApiMethod(method) ? apiFamily[method] : undefined;
    const encoded: EncodedParams =
      described === undefined
        ? encodeParams(params as ApiParams)
        : encodeTypedParams(described.request as StructSchema, params as never);
    if (!encoded.ok) {
      throw new TopError(method, { kind: 'invalid-request', effect: 'none', issue: encoded.issue });
    }
    const call: PreparedCall = {
      method,
      fields: encoded.fields,
      schema: described?.answer,
      format: described === undefined ? 'json' : this.#settings.format,
      session: options.session ?? this.#settings.session,
      onlyReads: this.#settings.onlyReads(method),
      signal: options.signal,
    };
    const made = await attemptRepeatedly(
      (remainingMs) => this.#attempt(call, remainingMs),
      this.#settings satisfies RetryPolicy,
      this.#settings.timing,
      options.signal,
    );
    if (!made.ok) throw new TopError(method, this.#withoutSecrets(made.failure, call), made.attempts);
    return { ...made.value, attempts: made.attempts };
  }

  async #attempt(call: PreparedCall, remainingMs: number): Promise<Attempt<Answered>> {
    const { gateway, connectTimeoutMs, readTimeoutMs, maxAnswerBytes, simplify } = this.#settings;
    const url = new URL(gateway);
    url.search = encodePairs(this.#systemParams(call));
    const body = Buffer.from(encodePairs(call.fields), 'latin1');
    const outcome = await exchange({
      url,
      headers: {
        Accept: 'text/javascript,application/json,text/xml',
        'Accept-Encoding': 'gzip',
        'Content-Type': 'application/x-www-form-urlencoded;charset=UTF-8',
        'Content-Length': String(body.length),
        'User-Agent': 'cardwright-top',
      },
      body,
      // A kept connection may be closed by the other side just as it is used again, and then nobody knows whether
      // the call arrived. What must not happen twice gets a connection of its own.
      agent: call.onlyReads ? this.#agent : false,
      connectTimeoutMs,
      readTimeoutMs,
      totalTimeoutMs: Math.ceil(remainingMs),
      maxAnswerBytes,
      signal: call.signal,
    });
    if (!outcome.ok) return failedExchange(outcome.failure, call);
    const { contentType } = outcome.answer;
    const reply = readReply(
      call.method,
      outcome.answer.body,
      contentType,
      simplify && call.format === 'json',
    );
    return judgeReply(reply, outcome.answer, call);
  }

  /** The parameters of the query, signed together with the fields of the body. */
  #systemParams(call: PreparedCall): ReadonlyMap<string, string> {
    const { appKey, appSecret, signMethod, simplify, targetAppKey, partnerId, timing } = this.#settings;
    const params = new Map([
      ['method', call.method],
      ['app_key', appKey],
      ['timestamp', formatTimestamp(timing.wallMs())],
      ['v', '2.0'],
      ['sign_method', signMethod],
      ['format', call.format],
    ]);
    if (simplify && call.format === 'json') params.set('simplify', 'true');
    const given = { session: call.session, target_app_key: targetAppKey, partner_id: partnerId };
    for (const [name, value] of Object.entries(given)) {
      if (value !== undefined && !isBlank(value)) params.set(name, value);
    }
    const signed = Object.fromEntries([...params, ...call.fields]);
    return params.set('sign', signApi(signed, appSecret, signMethod));
  }

  /** The platform's words may repeat what it was sent. */
  #withoutSecrets(failure: TopFailure, call: PreparedCall): TopFailure {
    const secrets = [this.#settings.appSecret, call.session ?? ''].filter((secret) => secret !== '');
    const masked: Record<string, string> = {};
    for (const name of ['msg', 'subCode', 'subMsg', 'requestId'] as const) {
      const text = failure[name];
      if (text !== undefined)
        masked[name] = secrets.reduce((rest, secret) => rest.replaceAll(secret, '***'), text);
    }
    return { ...failure, ...masked };
  }
}

interface PreparedCall {
  readonly method: string;
  readonly fields: ReadonlyMap<string, string>;
  /** Of the answer; undefined for methods without one. */
  readonly schema: StructSchema | undefined;
  readonly format: 'json' | 'xml';
  readonly session: string | undefined;
  readonly onlyReads: boolean;
  readonly signal: AbortSignal | undefined;
}
interface Answered {
  readonly answer: unknown;
  readonly requestId: string | undefined;
}

function encodePairs(params: ReadonlyMap<string, string>): string {
  const encode = (text: string): string => percentEncode(Buffer.from(text, 'utf8'));
  return [...params].map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&');
}

const kindOfProblem = {
  connection: 'transport',
  timeout: 'timeout',
  'too-large': 'malformed-answer',
  unreadable: 'malformed-answer',
  aborted: 'aborted',
} as const;

function failedExchange(problem: ExchangeFailure, call: PreparedCall): Attempt<never> {
  const kind = kindOfProblem[problem.problem];
  const effect = problem.sent ? 'unknown' : 'none';
  const passing = kind === 'transport' || kind === 'timeout';
  const mayRepeat = passing && (effect === 'none' || call.onlyReads);
  return {
    ok: false,
    failure: { kind, effect, detail: problem.detail },
    retry: mayRepeat ? 'backoff' : 'never',
  };
}

function judgeReply(reply: Reply, raw: RawAnswer, call: PreparedCall): Attempt<Answered> {
  if (reply.kind === 'error') {
    const { retry, ...judgement } = judgeGatewayError(reply.error);
    const kind = judgement.class === 'flow-control' ? 'flow-control' : 'gateway';
    return { ok: false, failure: { kind, ...reply.error, ...judgement }, retry };
  }
  if (raw.status !== 200) {
    const mayRepeat = raw.status >= 500 && call.onlyReads;
    const failure: TopFailure = { kind: 'http-status', effect: 'unknown', httpStatus: raw.status };
    return { ok: false, failure, retry: mayRepeat ? 'backoff' : 'never' };
  }
  if (reply.kind === 'malformed') return malformed({ issue: reply.issue });
  const { requestId, content } = reply;
  const known = requestId === undefined ? {} : { requestId };
  if (call.schema === undefined) {
    if (content.from === 'json' && content.value instanceof Map)
      return { ok: true, value: { answer: toApiObject(content.value), requestId } };
    const issue = { path: '', expected: 'a JSON object', found: 'something else' };
    return malformed({ issue, ...known });
  }
  const decoded = decodeReply(call.schema, content);
  return decoded.ok
    ? { ok: true, value: { answer: decoded.value, requestId } }
    : malformed({ issue: decoded.issue, ...known });
}

function malformed(facts: Partial<TopFailure>): Attempt<never> {
  return { ok: false, failure: { kind: 'malformed-answer', effect: 'unknown', ...facts }, retry: 'never' };
}
