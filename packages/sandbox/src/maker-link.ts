import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import {
  type Charset,
  composeSpi,
  encodeSpiBody,
  parseContentType,
  readSpiAnswer,
  type SpiAnswerOf,
  type SpiMethod,
  type SpiRequest,
  type SpiRequestOf,
} from '@cardwright/top';
import { type CallLog, describeSpiCall, orderOfSpiCall, succeeded } from './call-log.ts';
import { createLater, type Dress, struckDress } from './faults/maker-faults.ts';
import type { FaultPlan, Strike } from './faults/plan.ts';

/** How the platform dresses a call. Which dress the real one wears is not published, so all can be asked for. */
export interface CallStyle {
  readonly body: 'form' | 'json' | 'xml' | 'multipart' | 'get';
  readonly charset: Charset;
  /** The answer format to ask for; json unless told. */
  readonly format?: 'json' | 'xml';
}

export const plainStyle: CallStyle = { body: 'form', charset: 'utf-8' };

/**
 * What came of a call to the maker. After `timeout` nobody knows whether the call took effect; `unsendable` was
 * never sent (a text that the charset cannot carry).
 */
export type MakerReply<M extends SpiMethod> =
  | { readonly outcome: 'answered'; readonly answer: SpiAnswerOf<M>; readonly elapsedMs: number }
  | { readonly outcome: 'unreadable'; readonly detail: string; readonly elapsedMs: number }
  | { readonly outcome: 'timeout'; readonly detail: string; readonly elapsedMs: number }
  | { readonly outcome: 'unreachable'; readonly detail: string; readonly elapsedMs: number }
  | { readonly outcome: 'unsendable'; readonly detail: string; readonly elapsedMs: number };

export interface MakerLinkSettings {
  /** The maker's URL as configured at the platform; its own query parameters are sent and signed too. */
  readonly maker: string;
  readonly appKey: string;
  readonly appSecret: string;
  readonly timeoutMs: number;
  readonly clock: () => Date;
  readonly calls: CallLog;
  /** Faults of the platform's own calls. */
  readonly plan?: FaultPlan;
}

/** The platform's side of the SPI: sends signed calls to one maker. */
export interface MakerLink {
  call<M extends SpiMethod>(method: M, params: SpiRequestOf<M>, style?: CallStyle): Promise<MakerReply<M>>;
  /** The same call with a wrong signature, as the platform sends it when an integration is published. */
  callWronglySigned<M extends SpiMethod>(
    method: M,
    params: SpiRequestOf<M>,
    style?: CallStyle,
  ): Promise<MakerReply<M>>;
  close(): void;
}

const maxAnswerBytes = 1024 * 1024;

export function createMakerLink(settings: MakerLinkSettings): MakerLink {
  const maker = new URL(settings.maker);
  // A new connection for each call: a kept one that the maker has just closed would look like a refusal.
  const agent = maker.protocol === 'https:' ? new HttpsAgent() : new HttpAgent();
  const later = createLater();

  /** The signed request; the composer's TypeError if the maker's URL or the charset does not allow one. */
  function compose<M extends SpiMethod>(
    method: M,
    params: SpiRequestOf<M>,
    { style, secret, extraParameter = '' }: Dress,
  ): SpiRequest | TypeError {
    try {
      const url = maker.pathname + maker.search;
      return composeSpi({
        url: `${url}${extraParameter && (maker.search === '' ? '?' : '&')}${extraParameter}`,
        method,
        appKey: settings.appKey,
        secret,
        timestamp: settings.clock(),
        charset: style.charset,
        ...(style.format === undefined ? {} : { format: style.format }),
        body: encodeSpiBody(method, params, style.body),
      });
    } catch (error) {
      if (error instanceof TypeError) return error;
      throw error;
    }
  }

  /** Sends a composed request, and notes what came of it. */
  async function transmit<M extends SpiMethod>(
    method: M,
    params: SpiRequestOf<M>,
    request: SpiRequest | TypeError,
    { style, fault, hangUp = false }: Dress,
  ): Promise<MakerReply<M>> {
    const startedMs = performance.now();
    const response =
      request instanceof TypeError
        ? ({ outcome: 'unsendable', detail: request.message } as const)
        : await exchange(maker, agent, request, settings.timeoutMs, hangUp);
    const elapsedMs = Math.round(performance.now() - startedMs);
    const reply = readReply(method, response, elapsedMs);
    const cardOrderId = orderOfSpiCall(params);
    settings.calls.note({
      direction: 'out',
      method,
      ...(cardOrderId === undefined ? {} : { cardOrderId }),
      ok: succeeded(reply),
      outcome: describeSpiCall(params, style, reply),
      elapsedMs,
      ...(fault === undefined ? {} : { fault }),
    });
    return reply;
  }

  async function send<M extends SpiMethod>(method: M, params: SpiRequestOf<M>, dress: Dress) {
    return transmit(method, params, compose(method, params, dress), dress);
  }

  async function sendStruck<M extends SpiMethod>(
    method: M,
    params: SpiRequestOf<M>,
    plain: Dress,
    strike: Strike,
  ): Promise<MakerReply<M>> {
    const dress = struckDress(plain, strike);
    const request = compose(method, params, dress);
    const again = (): Promise<MakerReply<M>> => transmit(method, params, request, dress);
    switch (strike.kind) {
      case 'maker-repeat': {
        const [reply] = await Promise.all([again(), again()]);
        return reply;
      }
      case 'maker-repeat-later': {
        const reply = await again();
        later.after(strike.value, again);
        return reply;
      }
      case 'maker-reorder':
        later.hold(strike.value, again);
        return { outcome: 'timeout', detail: 'held back by a fault', elapsedMs: 0 };
      default:
        return again();
    }
  }

  return {
    async call(method, params, style = plainStyle) {
      const dress = { style, secret: settings.appSecret };
      const about = orderOfSpiCall(params) ?? ('template_no' in params ? params.template_no : undefined);
      const struck = settings.plan?.strike({ direction: 'out', method, about, page: 1 }, () => true);
      const isHeld = struck?.strike.kind === 'maker-reorder';
      const reply =
        struck === undefined
          ? await send(method, params, dress)
          : await sendStruck(method, params, dress, struck.strike);
      if (!isHeld) later.release();
      return reply;
    },
    callWronglySigned: (method, params, style = plainStyle) =>
      send(method, params, { style, secret: `not-${settings.appSecret}` }),
    close() {
      later.drop();
      agent.destroy();
    },
  };
}

type Exchange =
  | { outcome: 'response'; httpStatus: number; contentType: string | undefined; body: Buffer }
  | { outcome: 'unreadable' | 'timeout' | 'unreachable' | 'unsendable'; detail: string };

function readReply<M extends SpiMethod>(method: M, response: Exchange, elapsedMs: number): MakerReply<M> {
  if (response.outcome !== 'response')
    return { outcome: response.outcome, detail: response.detail, elapsedMs };
  const unreadable = (detail: string): MakerReply<M> => ({ outcome: 'unreadable', detail, elapsedMs });
  if (response.httpStatus !== 200) return unreadable(`HTTP status ${response.httpStatus}`);
  const charset = parseContentType(response.contentType)?.charset ?? 'utf-8';
  const decoded = readSpiAnswer(method, response.body, charset);
  if (decoded.ok) return { outcome: 'answered', answer: decoded.value, elapsedMs };
  const { path, expected, found } = decoded.issue;
  return unreadable(`${path === '' ? '' : `${path}: `}expected ${expected}, found ${found}`);
}

/** Sends a signed request to whoever is called and reads the answer's bytes. */
export function exchange(
  maker: URL,
  agent: HttpAgent | HttpsAgent,
  request: SpiRequest,
  timeoutMs: number,
  hangUp = false,
): Promise<Exchange> {
  const start = maker.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const fail = (error: NodeJS.ErrnoException): void => {
      if (signal.aborted) resolve({ outcome: 'timeout', detail: `no answer within ${timeoutMs} ms` });
      else resolve({ outcome: 'unreachable', detail: error.code ?? error.message });
    };
    const outgoing = start(
      {
        hostname: maker.hostname.replace(/^\[|\]$/g, ''),
        port: maker.port,
        method: request.method,
        path: request.url,
        headers: { ...headersOf(request), 'content-length': request.body.length },
        agent,
        signal,
      },
      (response) => {
        readBody(response).then((body) => {
          if (body === undefined) {
            response.destroy();
            resolve({ outcome: 'unreadable', detail: `an answer of more than ${maxAnswerBytes} bytes` });
            return;
          }
          const contentType = response.headers['content-type'];
          resolve({ outcome: 'response', httpStatus: response.statusCode ?? 0, contentType, body });
        }, fail);
      },
    );
    outgoing.on('error', fail);
    outgoing.end(request.body, () => {
      if (!hangUp) return;
      resolve({ outcome: 'timeout', detail: 'hung up by a fault' });
      outgoing.destroy();
    });
  });
}

function headersOf(request: SpiRequest): Record<string, string | readonly string[]> {
  return Object.fromEntries(
    Object.entries(request.headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

/** The whole body; undefined if it is too long. */
async function readBody(response: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxAnswerBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
