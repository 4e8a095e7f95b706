import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { WireAnswer } from '@cardwright/top';
import type { ApiRefusal } from '../api-acts.ts';
import type { FaultKind } from './kinds.ts';
import type { Strike } from './plan.ts';

const gzipped = promisify(gzip);

/** Refusals that hold for a while: flow control and outages. All times are the sandbox's own. */
export interface Bans {
  /** Whether the gateway is down. */
  isOut(nowMs: number): boolean;
  /** The refusal of a method that is banned. */
  refusal(method: string, nowMs: number): ApiRefusal | undefined;
  /** Begins what a strike of `outage`, `flow-control` or `daily-volume` brings. */
  begin(strike: Strike, method: string, nowMs: number): void;
}

const everyMethod = '*';

export function createBans(): Bans {
  const bannedUntilMs = new Map<string, number>();
  let outUntilMs = 0;
  return {
    isOut: (nowMs) => nowMs < outUntilMs,
    refusal(method, nowMs) {
      for (const banned of [everyMethod, method]) {
        const leftMs = (bannedUntilMs.get(banned) ?? 0) - nowMs;
        if (leftMs > 0) return banRefusal(Math.ceil(leftMs / 1000), banned === everyMethod);
      }
      return undefined;
    },
    begin({ kind, value }, method, nowMs) {
      const untilMs = nowMs + value * 1000;
      if (kind === 'outage') outUntilMs = untilMs;
      if (kind === 'flow-control') bannedUntilMs.set(method, untilMs);
      if (kind === 'daily-volume')
        bannedUntilMs.set(everyMethod, value === 0 ? nextMidnightMs(nowMs) : untilMs);
    },
  };
}

const dayMs = 86_400_000;
const chinaOffsetMs = 8 * 3_600_000;

function nextMidnightMs(nowMs: number): number {
  return (Math.floor((nowMs + chinaOffsetMs) / dayMs) + 1) * dayMs - chinaOffsetMs;
}

function banRefusal(seconds: number, isDaily: boolean): ApiRefusal {
  return {
    code: 7,
    msg: 'App Call Limited',
    subCode: isDaily
      ? 'accesscontrol.limited-by-app-access-count'
      : 'accesscontrol.limited-by-api-access-count',
    subMsg: `This ban will last for ${seconds} more seconds`,
  };
}

const remote = { code: 15, msg: 'Remote service error' } as const;

/** The refusals that are over with the call. */
const refusals: Partial<Record<FaultKind, ApiRefusal>> = {
  'isp-error': { ...remote, subCode: 'isp.remote-service-error', subMsg: '调用后端服务抛异常，服务不可用' },
  'isp-timeout-acted': { ...remote, subCode: 'isp.remote-service-timeout', subMsg: '调用后端服务超时' },
  'isp-lasting': { ...remote, subCode: 'isp.null-pointer-exception', subMsg: '空指针异常' },
  'isv-error': { code: 41, msg: 'Invalid Arguments', subCode: 'isv.invalid-parameter', subMsg: '参数不正确' },
  'invalid-signature': {
    code: 25,
    msg: 'Invalid Signature',
    subCode: 'isv.invalid-signature',
    subMsg: '签名不正确',
  },
  'repeat-refused': { ...remote, subCode: 'isv.card-order-already-finished', subMsg: '制卡单已处理' },
};

/** What a struck call is refused with, if it is. */
export function struckRefusal(kind: FaultKind): ApiRefusal | undefined {
  return refusals[kind];
}

/** How a fault has an answer written, beside what the caller asked for. */
export function answerDress(kind: FaultKind | undefined): { format?: 'xml'; comment?: string } {
  if (kind === 'xml-answer') return { format: 'xml' };
  return kind === 'comment-answer' ? { comment: 'top011014053082.na61' } : {};
}

const errorPage = Buffer.from(
  '<html><head><title>Error</title></head><body><h1>Bad Gateway</h1></body></html>',
);

/**
 * Sends the answer of a struck call in the way that the fault wants. False: the fault does not change how answers
 * are sent. Delays are real time, because a socket's patience is.
 */
export async function sendStruck(
  response: ServerResponse,
  answer: WireAnswer,
  strike: Strike,
): Promise<boolean> {
  switch (strike.kind) {
    case 'outage':
    case 'reset-before':
    case 'acted-then-reset':
      reset(response);
      return true;
    case 'silent-before':
    case 'acted-then-silent':
      // Until the caller gives up.
      return true;
    case 'slow':
      await delay(strike.value, undefined, { ref: false });
      return false;
    case 'half-answer':
      sendHalf(response, answer);
      return true;
    case 'http-500':
    case 'http-502':
      send(response, strike.kind === 'http-500' ? 500 : 502, 'text/html', errorPage);
      return true;
    case 'garbage-answer':
      send(response, 200, answer.contentType, garbage(answer.body.length, strike));
      return true;
    case 'gzip-answer':
      send(response, 200, answer.contentType, await gzipped(answer.body), { 'content-encoding': 'gzip' });
      return true;
    default:
      return false;
  }
}

/** Cuts the connection with a reset, as a crashed or restarted peer does. */
export function reset(response: ServerResponse): void {
  response.socket?.resetAndDestroy();
}

function send(
  response: ServerResponse,
  httpStatus: number,
  contentType: string,
  body: Buffer,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(httpStatus, {
    ...headers,
    'content-type': contentType,
    'content-length': body.length,
  });
  response.end(body);
}

function sendHalf(response: ServerResponse, { contentType, body }: WireAnswer): void {
  response.writeHead(200, { 'content-type': contentType, 'content-length': body.length });
  response.write(body.subarray(0, Math.floor(body.length / 2)), () => response.socket?.destroy());
}

function garbage(length: number, { dice }: Strike): Buffer {
  return Buffer.from(Array.from({ length: Math.min(length, 512) }, () => dice(256)));
}
