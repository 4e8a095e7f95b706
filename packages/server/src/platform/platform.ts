import {
  type ApiAnswerOf,
  type ApiResult,
  type CardMakingInfo,
  cardNumbersToSign,
  type Timing,
  TopClient,
  TopError,
} from '@cardwright/top';
import type { EnvironmentConfig } from '../config.ts';
import { failpoint } from '../failpoint.ts';
import type { Gate, Pass } from './gate.ts';
import { type Judged, judgeAct, judgeRead } from './judge.ts';
import type { ActOutcome, Done, Later, ReadOutcome } from './outcome.ts';
import { type Signer, signerOf } from './signer.ts';

const makeFinish = 'alibaba.fundplatform.cardorders.status.make.finish';
const sended = 'alibaba.fundplatform.cardorders.status.sended';

/** What was shipped: the courier's name and its waybill number, as the platform is told. */
export interface Parcel {
  readonly company: string;
  readonly number: string;
}

/** The platform of one environment, as its card maker calls it. Nothing is repeated here: that is for the jobs. */
export interface Platform {
  /** One page of an order's cards (根据制卡单分页查询卡信息). Pages count from 1 and hold at most 500. */
  cardPage(
    cardOrderId: bigint,
    pageNo: number,
    pageSize: number,
    signal?: AbortSignal,
  ): Promise<ReadOutcome<readonly CardMakingInfo[]>>;
  /** Cards by their numbers, at most 500 (通过卡号查询卡信息). */
  cardsByNumber(
    cardNos: readonly string[],
    signal?: AbortSignal,
  ): Promise<ReadOutcome<readonly CardMakingInfo[]>>;
  /** Says that all cards of an order are made (制卡完成). */
  finish(cardOrderId: bigint, options?: ActOptions): Promise<ActOutcome>;
  /** Says that an order was shipped (发货完成). */
  sended(cardOrderId: bigint, parcel: Parcel, options?: ActOptions): Promise<ActOutcome>;
  /** Closes the connections that are kept. */
  close(): void;
}

export interface ActOptions {
  /** Runs when the door is open, right before the call: to write down the intent. Where it throws, nothing is called. */
  readonly before?: () => Promise<void>;
  readonly signal?: AbortSignal;
}

export interface PlatformOptions {
  /** Makes `signture` of queries by card numbers. Default: by the environment's settings. */
  readonly signer?: Signer;
  /** The longest silence, and the longest that one call may take; default 30,000 and 60,000. */
  readonly readTimeoutMs?: number;
  readonly overallTimeoutMs?: number;
  readonly timing?: Partial<Timing>;
}

/** The client side of one environment, behind the door that all processes share. Throws ConfigError for a key that is none. */
export function createPlatform(
  environment: EnvironmentConfig,
  gate: Gate,
  options: PlatformOptions = {},
): Platform {
  const client = new TopClient({
    appKey: environment.appKey,
    appSecret: environment.appSecrets[0] as string,
    gateway: environment.gateway,
    retries: 0,
    overallTimeoutMs: options.overallTimeoutMs ?? 60_000,
    ...(options.readTimeoutMs === undefined ? {} : { readTimeoutMs: options.readTimeoutMs }),
    ...(options.timing === undefined ? {} : { timing: options.timing }),
  });
  const signer = options.signer ?? signerOf(environment);
  return {
    cardPage: (card_order_id, current_page, page_size, signal) =>
      guarded(gate, judgeRead, () =>
        atFailpoints('read', () =>
          client.cardPage({ card_order_id, current_page, page_size }, abortable(signal)),
        ),
      ),
    cardsByNumber: (card_nos, signal) =>
      guarded(gate, judgeRead, () => {
        const signture = signer(cardNumbersToSign(card_nos));
        return atFailpoints('read', () => client.cardsByNumber({ card_nos, signture }, abortable(signal)));
      }),
    finish: (card_order_id, act = {}) =>
      guarded(gate, judgeAct, async () => {
        await act.before?.();
        return atFailpoints('act', () =>
          agreed(makeFinish, client.call(makeFinish, { card_order_id }, abortable(act.signal))),
        );
      }),
    sended: (card_order_id, { company, number }, act = {}) =>
      guarded(gate, judgeAct, async () => {
        await act.before?.();
        const content = { card_order_id, logistics_company: company, logistics_order_id: number };
        return atFailpoints('act', () => agreed(sended, client.call(sended, content, abortable(act.signal))));
      }),
    close: () => client.close(),
  };
}

const abortable = (signal: AbortSignal | undefined): { signal?: AbortSignal } =>
  signal === undefined ? {} : { signal };

async function atFailpoints<T>(kind: 'read' | 'act', call: () => Promise<T>): Promise<T> {
  await failpoint(`platform:before-${kind}`);
  const result = await call();
  await failpoint(`platform:after-${kind}`);
  return result;
}

type Acts = typeof makeFinish | typeof sended;

/** An answer without success is a refusal: the platform says that it did not act. */
async function agreed(
  method: Acts,
  call: Promise<ApiResult<ApiAnswerOf<Acts>>>,
): Promise<ApiResult<undefined>> {
  const made = await call;
  if (made.answer.result.success) return { ...made, answer: undefined };
  throw new TopError(method, {
    kind: 'refused',
    effect: 'none',
    detail: 'success is false',
    ...(made.requestId === undefined ? {} : { requestId: made.requestId }),
  });
}

async function guarded<T, F extends { readonly kind: string; readonly retryAfterMs?: number }>(
  gate: Gate,
  judge: (error: TopError) => Judged<F>,
  call: () => Promise<ApiResult<T>>,
): Promise<Done<T> | F | Later> {
  const entry = await gate.enter();
  if (!entry.open) {
    const { cause, retryAfterMs } = entry;
    return { ok: false, kind: 'later', cause, retryAfterMs, counts: false };
  }
  try {
    const { answer, requestId } = await call();
    await entry.pass.succeeded();
    return { ok: true, value: answer, requestId };
  } catch (error) {
    if (!(error instanceof TopError)) throw error;
    const { peer, outcome } = judge(error);
    const closed = await leave(entry.pass, peer);
    if (closed === undefined || (outcome.kind !== 'later' && outcome.kind !== 'unknown')) return outcome;
    return { ...outcome, retryAfterMs: closed.retryAfterMs, counts: false };
  }
}

/** Tells the door what the call showed of the peer. Answers whether, and for how long, the door is closed by it. */
async function leave(
  pass: Pass,
  peer: Judged<unknown>['peer'],
): Promise<{ retryAfterMs: number } | undefined> {
  switch (peer.kind) {
    case 'answered':
      await pass.answered();
      return undefined;
    case 'failing':
      return pass.failed();
    case 'ban':
      return pass.banned(peer);
    case 'nothing':
      return undefined;
  }
}
