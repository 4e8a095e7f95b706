import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Environment } from '@cardwright/top';
import { createApiActs } from './api-acts.ts';
import { createCardMint } from './cards.ts';
import { answerControl, isLocalRequest } from './control.ts';
import { createGateway } from './gateway.ts';
import { openLedger } from './ledger.ts';
import { type CallStyle, createMakerLink } from './maker-link.ts';
import { createPlatform, type Platform } from './platform.ts';
import type { OrderRecord, TemplateRecord } from './records.ts';
import { sampleOrder } from './samples.ts';
import { fileStore, memoryStore } from './state-file.ts';

export interface SandboxSettings {
  /** 0: any free port. */
  readonly port: number;
  /** Default 127.0.0.1. The control interface answers loopback callers only, whatever this is. */
  readonly host?: string;
  /** The card maker's SPI address, e.g. http://127.0.0.1:7001/spi; its query parameters are kept. */
  readonly maker: string;
  /** A file, or `memory` (the default). */
  readonly state?: string;
  /** What the cards are made from. Default: the state file's own, else `cardwright`. */
  readonly seed?: string;
  readonly appKey: string;
  readonly appSecret: string;
  /** Default `daily`. */
  readonly ownSign?: Environment;
  /** How long the maker may take to answer, in ms. Default 10,000. */
  readonly makerTimeoutMs?: number;
  readonly clock?: () => Date;
  /** One line for every call in and out, without secrets and receivers. Default: nowhere. */
  readonly log?: (line: string) => void;
}

/** What can be done with a sandbox from inside its process and through its control interface alike. */
export interface SandboxActs extends Platform {
  about(): { url: string; maker: string; appKey: string; ownSign: Environment; seed: string };
  templates(): readonly TemplateRecord[];
  orders(): readonly OrderRecord[];
  order(cardOrderId: bigint): OrderRecord | undefined;
  /** The published example: its template announced, its order placed, or sent again if it was placed before. */
  placeSample(style?: CallStyle): ReturnType<Platform['placeOrder']>;
}

export interface Sandbox extends SandboxActs {
  /** The base address, e.g. http://127.0.0.1:7002; the gateway is at /router/rest. */
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

// How long calls under way may take to end when the sandbox closes.
const closeGraceMs = 1_000;
const maxBodyBytes = 4 * 1024 * 1024;

/** Starts a platform with one card maker. Throws if the port is taken or the state cannot be used. */
export async function startSandbox(settings: SandboxSettings): Promise<Sandbox> {
  const { appKey, appSecret, maker, host = '127.0.0.1', ownSign = 'daily' } = settings;
  const clock = settings.clock ?? (() => new Date());
  const log = settings.log ?? (() => {});
  const state = settings.state ?? 'memory';
  const store = state === 'memory' ? memoryStore() : fileStore(state);
  const ledger = await openLedger(store, { seed: settings.seed, defaultSeed: 'cardwright', ownSign });
  const mint = createCardMint(ledger.seed, ownSign);
  const makerTimeoutMs = settings.makerTimeoutMs ?? 10_000;
  const link = createMakerLink({ maker, appKey, appSecret, timeoutMs: makerTimeoutMs, clock, log });
  const platform = createPlatform({ ledger, maker: link, ownSign, clock });
  const gateway = createGateway({
    acts: createApiActs({ ledger, mint, clock }),
    appKey,
    appSecret,
    clock,
    log,
  });

  let url = '';
  const acts: SandboxActs = {
    ...platform,
    about: () => ({ url, maker, appKey, ownSign, seed: ledger.seed }),
    templates: () => ledger.templates(),
    orders: () => ledger.orders(),
    order: (cardOrderId) => ledger.order(cardOrderId),
    placeSample(style) {
      const { cardOrderId, ...lines } = sampleOrder;
      return ledger.order(cardOrderId) === undefined
        ? platform.placeOrder({ cardOrderId, lines, ...(style === undefined ? {} : { style }) })
        : platform.resendOrder(cardOrderId, style);
    },
  };
  const server = createServer((request, response) => {
    route(request, response).catch((error: unknown) => {
      log(`! ${error instanceof Error ? error.message : 'unknown error'}`);
      if (response.headersSent) response.destroy();
      else reply(response, 500, 'text/plain;charset=UTF-8', 'internal error');
    });
  });

  async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '').split('?', 1)[0] ?? '';
    const isControl = path === '/control' || path.startsWith('/control/');
    if (isControl && !isLocalRequest(request)) {
      return reply(response, 403, 'text/plain;charset=UTF-8', 'only from this machine');
    }
    const body = await readBody(request);
    if (body === undefined) {
      response.setHeader('connection', 'close');
      return reply(response, 413, 'text/plain;charset=UTF-8', 'at most 4 MiB');
    }
    if (path === '/router/rest') return gateway(request, body, response);
    if (!isControl) return reply(response, 404, 'text/plain;charset=UTF-8', 'not found');
    const method = request.method ?? 'GET';
    const answer = await answerControl(acts, method, path.slice('/control'.length), body.toString('utf8'));
    reply(response, answer.httpStatus, 'application/json;charset=UTF-8', jsonText(answer.body));
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(settings.port, host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  return {
    ...acts,
    url,
    port,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeIdleConnections();
      const cutOff = setTimeout(() => server.closeAllConnections(), closeGraceMs);
      await closed;
      clearTimeout(cutOff);
      link.close();
      await ledger.close();
    },
  };
}

function reply(response: ServerResponse, httpStatus: number, contentType: string, body: string): void {
  const bytes = Buffer.from(body);
  response.writeHead(httpStatus, { 'content-type': contentType, 'content-length': bytes.length });
  response.end(bytes);
}

/** JSON with 64-bit numbers as text, so that no reader rounds them. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, (_, member) => (typeof member === 'bigint' ? String(member) : member));
}

/** The whole body; undefined if it is longer than 4 MiB. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBodyBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
