import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import {
  type ApiCall,
  apiRefusal,
  type Decoded,
  decodeFields,
  decodeJson,
  decodeXml,
  type Issue,
  readApiCall,
  type WireAnswer,
  writeApiAnswer,
  writeApiError,
} from '@cardwright/top';
import type { ApiActs, ApiOutcome, ApiRefusal } from './api-acts.ts';
import { type CallEntry, type CallLog, describeApiCall, describePage, orderOfApiCall } from './call-log.ts';
import type { CardList } from './cards.ts';
import { answerDress, reset, sendStruck } from './faults/call-faults.ts';
import type { ToldPage } from './faults/listing-lies.ts';
import type { Strike } from './faults/plan.ts';
import type { Strikes, Struck } from './faults/strikes.ts';
import {
  isServedMethod,
  type ServedAnswerOf,
  type ServedMethod,
  type ServedRequestOf,
  servedFamily,
} from './served.ts';

/** Answers one request to `/router/rest`, whose body was read already. */
export type Gateway = (request: IncomingMessage, body: Buffer, response: ServerResponse) => Promise<void>;

const gzipped = promisify(gzip);
// Measured on pages of cards: a sixth less time than the defaults of level 1.
const quickGzip = { level: 1, memLevel: 9, chunkSize: 64 * 1024 } as const;
// Below one network packet compression saves nothing.
const minGzipBytes = 1400;

/** The TOP gateway of a platform with one application: any client style, every answer with HTTP status 200. */
export function createGateway(parts: {
  acts: ApiActs;
  appKey: string;
  appSecret: string;
  /** What calls' timestamps are checked against. */
  clock: () => Date;
  calls: CallLog;
  strikes: Strikes;
  /** The quick way to an honest page of an order: as `acts` would answer; undefined where `acts` has to. */
  listing: (request: ServedRequestOf<typeof infoQuery>) => CardList | undefined;
  /** Hears of a call that a fault kept from acting. */
  lost: (method: ServedMethod, cardOrderId: bigint | undefined, fault: string) => Promise<void>;
}): Gateway {
  const { acts, calls, strikes } = parts;
  let answered = 0;

  async function answerTo(request: IncomingMessage, body: Buffer): Promise<Answered> {
    const startedMs = performance.now();
    const nowMs = parts.clock().getTime();
    const requestId = `${nowMs.toString(36)}-${(++answered).toString(36)}`;
    const { method = '', url = '', headers } = request;
    const secretOf = (appKey: string): string | undefined =>
      appKey === parts.appKey ? parts.appSecret : undefined;
    const reading = readApiCall({ method, url, headers, body }, secretOf, nowMs);
    const tell = (apiMethod: string, told: Omit<CallEntry, 'direction' | 'method' | 'elapsedMs'>): void => {
      const elapsedMs = Math.round(performance.now() - startedMs);
      calls.note({ direction: 'in', method: apiMethod, ...told, elapsedMs });
    };
    const refuse = (apiMethod: string, refusal: TopRefusal, about: CallAbout = {}): WireAnswer => {
      const outcome = `refused: ${refusal.code} ${refusal.subCode ?? refusal.msg}`;
      tell(apiMethod, { ...about, ok: false, outcome });
      return writeApiError(refusal, { format: reading.format, requestId });
    };
    if (!reading.ok) return { answer: refuse(printable(reading.method), reading.refusal) };
    if (!isServedMethod(reading.method)) {
      return { answer: refuse(printable(reading.method), apiRefusal(22, 'isv.invalid-method')) };
    }
    const { struck, about, ...performed } = await perform(reading.method, reading);
    const strike = struck?.strike === undefined ? {} : { strike: struck.strike };
    if (performed.outcome === 'refused')
      return { answer: refuse(reading.method, performed.refusal, about), ...strike };
    const { success: ok, description: outcome } = performed;
    tell(reading.method, { ...about, ok, outcome });
    if (performed.outcome === 'lost') return { answer: noAnswer, ...strike };
    const { simplify } = reading;
    const style = { format: reading.format, simplify, requestId, ...answerDress(struck?.strike?.kind) };
    const { answer: schema } = servedFamily[reading.method];
    const answer = writeApiAnswer(reading.method, schema, performed.answer as never, style);
    return { answer: performed.cards === undefined ? answer : withCards(answer, performed.cards), ...strike };
  }

  /** Decodes the fields of a call, performs it unless a fault is against it, and describes it for the log. */
  async function perform<M extends ServedMethod>(method: M, call: ApiCall): Promise<Performed<M>> {
    const decoded = decodeRequest(method, call);
    if (!decoded.ok) return { outcome: 'refused', refusal: decodingRefusal(decoded.issue), about: {} };
    const request = decoded.value;
    const struck = strikes.on(method, request);
    const cardOrderId = orderOfApiCall(request);
    const about = {
      ...(cardOrderId === undefined ? {} : { cardOrderId }),
      ...(struck === undefined ? {} : { fault: struck.fault }),
    };
    const context = { about, ...(struck === undefined ? {} : { struck }) };
    if (struck?.acts === false) {
      await parts.lost(method, cardOrderId, struck.fault);
      if (struck.refusal !== undefined) return { ...context, outcome: 'refused', refusal: struck.refusal };
      const what = cardOrderId === undefined ? '' : `order=${cardOrderId}: `;
      return {
        ...context,
        outcome: 'lost',
        success: false,
        description: `${what}lost before anything was done`,
      };
    }
    const cards = struck === undefined && call.format === 'json' ? quickList(method, request) : undefined;
    if (cards !== undefined) {
      const description = describePage(request, cards.count);
      return {
        ...context,
        outcome: 'done',
        answer: noCards as ServedAnswerOf<M>,
        cards,
        success: true,
        description,
      };
    }
    const act = acts[method] as (request: ServedRequestOf<M>, fault?: string) => Promise<ApiOutcome<M>>;
    const outcome =
      struck?.told === undefined
        ? await act(request, struck?.strike?.kind)
        : { ok: true as const, answer: answerOf<M>(struck.told) };
    const refusal = struck?.refusal ?? (outcome.ok ? undefined : outcome.refusal);
    if (!outcome.ok || refusal !== undefined)
      return {
        ...context,
        outcome: 'refused',
        refusal: refusal ?? (outcome as { refusal: ApiRefusal }).refusal,
      };
    const { answer } = outcome;
    const success = !('result' in answer) || answer.result.success;
    return { ...context, outcome: 'done', answer, success, description: describeApiCall(request, answer) };
  }

  function quickList(method: ServedMethod, request: ServedRequestOf<ServedMethod>): CardList | undefined {
    return method === infoQuery ? parts.listing(request as ServedRequestOf<typeof infoQuery>) : undefined;
  }

  return async (request, body, response) => {
    if (strikes.isOut()) return reset(response);
    const { answer, strike } = await answerTo(request, body);
    if (strike !== undefined && (await sendStruck(response, answer, strike))) return;
    const compress =
      answer.body.length >= minGzipBytes && /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
    const bytes = compress ? await gzipped(answer.body, quickGzip) : answer.body;
    response.writeHead(200, {
      'content-type': answer.contentType,
      'content-length': bytes.length,
      ...(compress ? { 'content-encoding': 'gzip' } : {}),
    });
    response.end(bytes);
  };
}

interface Answered {
  readonly answer: WireAnswer;
  readonly strike?: Strike;
}
const noAnswer: WireAnswer = { contentType: 'text/plain;charset=UTF-8', body: Buffer.alloc(0) };

type TopRefusal = Partial<ApiRefusal> & Pick<ApiRefusal, 'code' | 'msg'>;
type CallAbout = Pick<CallEntry, 'cardOrderId' | 'fault'>;
type Performed<M extends ServedMethod> = { readonly about: CallAbout; readonly struck?: Struck } & (
  | {
      outcome: 'done';
      answer: ServedAnswerOf<M>;
      /** To be put into the empty list of a JSON answer. */
      cards?: CardList;
      success: boolean;
      description: string;
    }
  | { outcome: 'refused'; refusal: ApiRefusal }
  | { outcome: 'lost'; success: false; description: string }
);

const infoQuery = 'alibaba.fundplatform.cardorders.info.query';
const noCards = { result: { card_making_infos: [], success: true } };

/** A JSON answer whose first empty list holds the cards. */
function withCards({ contentType, body }: WireAnswer, { json }: CardList): WireAnswer {
  const at = body.indexOf('[]') + 1;
  return { contentType, body: Buffer.concat([body.subarray(0, at), json, body.subarray(at)]) };
}

/** A lie as the answer of the query that it is told to. */
function answerOf<M extends ServedMethod>({ texts, success }: ToldPage): ServedAnswerOf<M> {
  return { result: { card_making_infos: texts, success } } as unknown as ServedAnswerOf<M>;
}

function decodingRefusal({ path, expected, found }: Issue): ApiRefusal {
  const subMsg = `${path || '参数 parameters'}: ${expected}`;
  return found === 'nothing'
    ? { code: 40, msg: 'Missing Required Arguments', subCode: `isv.missing-parameter:${path}`, subMsg }
    : { code: 41, msg: 'Invalid Arguments', subCode: `isv.invalid-parameter:${path}`, subMsg };
}

function decodeRequest<M extends ServedMethod>(method: M, call: ApiCall): Decoded<ServedRequestOf<M>> {
  const schema = servedFamily[method].request;
  const { payload } = call;
  const decoded =
    payload === undefined || payload === ''
      ? decodeFields(schema, call.fields)
      : payload.trimStart().startsWith('<')
        ? decodeXml(schema, payload)
        : decodeJson(schema, payload);
  return decoded as Decoded<ServedRequestOf<M>>;
}

/** A method's name as the caller wrote it, made safe for a log line. */
function printable(method: string | undefined): string {
  return method !== undefined && /^[\w.]{1,128}$/.test(method) ? method : '(no method)';
}
