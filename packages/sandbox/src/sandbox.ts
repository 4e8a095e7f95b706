import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Environment } from '@cardwright/top';
import { createApiActs, quickListing } from './api-acts.ts';
import { createBuyerLink } from './buying/buyer-link.ts';
import { type BuyingActs, createBuyingSide } from './buying/buying-side.ts';
import { createRepeater } from './buying/repeater.ts';
import { type CallLog, createCallLog } from './call-log.ts';
import { createCardMint } from './cards.ts';
import { type SandboxClock, systemClock, type VirtualClockSettings, virtualClock } from './clock.ts';
import { answerControl, isForeignPage, isLocalRequest } from './control.ts';
import { effectsOf, noteLost, type OrderEffects, type TrueCard, truthOf } from './effects.ts';
import { type Chaos, FaultPlan, type FaultRule, type Faults } from './faults/plan.ts';
import { createStrikes } from './faults/strikes.ts';
import { createGateway } from './gateway.ts';
import { type Ledger, openLedger } from './ledger.ts';
import { type CallStyle, createMakerLink } from './maker-link.ts';
import { pageFile } from './page/page.ts';
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
  /** The business party's SPI address, for cardorder.make.success. Default: a simulated one that takes every notice. */
  readonly buyer?: string;
  /** The machine's, one of your own, or a virtual one; a state that has a virtual one keeps it. Default: the machine's. */
  readonly clock?: (() => Date) | VirtualClockSettings;
  /** Instead of the rules that the state has. Throws TypeError if one is wrong. */
  readonly faults?: readonly FaultRule[];
  readonly chaos?: Chaos;
  /** One line for every call in and out, without secrets and receivers. Default: nowhere. */
  readonly log?: (line: string) => void;
}

/** What can be done with a sandbox from inside its process and through its control interface alike. */
export interface SandboxActs extends Platform, BuyingActs {
  about(): { url: string; maker: string; appKey: string; ownSign: Environment; seed: string };
  templates(): readonly TemplateRecord[];
  orders(): readonly OrderRecord[];
  order(cardOrderId: bigint): OrderRecord | undefined;
  /** The last calls in and out, as far as they are kept: those after `seq`. */
  callsSince: CallLog['since'];
  readonly faults: Faults;
  time(): { kind: SandboxClock['kind']; now: Date };
  /** Moves a virtual clock on, and resolves to its time; undefined with the machine's clock. */
  advance(byMs: number): Promise<Date | undefined>;
  /** What the platform truly means by an order, card by card, whatever it told; nothing of an unknown order. */
  truth(cardOrderId: bigint): Iterable<TrueCard>;
  /** What the maker's notifications did to an order. */
  effects(cardOrderId: bigint): OrderEffects;
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
  const log = settings.log ?? (() => {});
  const state = settings.state ?? 'memory';
  const store = state === 'memory' ? memoryStore() : fileStore(state);
  const ledger = await openLedger(store, { seed: settings.seed, defaultSeed: 'cardwright', ownSign });
  const time = clockOf(settings.clock, ledger.found?.clock);
  const clock = time.now;
  const plan = new FaultPlan((change) => ledger.keep(change), ledger.found);
  const mint = createCardMint(ledger.seed, ownSign);
  const calls = createCallLog(clock, log);
  const makerTimeoutMs = settings.makerTimeoutMs ?? 10_000;
  const link = createMakerLink({
    maker,
    appKey,
    appSecret,
    timeoutMs: makerTimeoutMs,
    clock: time.wire,
    calls,
    plan,
  });
  const platform = createPlatform({ ledger, maker: link, ownSign, clock });
  const buyerLink = createBuyerLink({
    buyer: settings.buyer,
    appKey,
    appSecret,
    timeoutMs: makerTimeoutMs,
    clock: time.wire,
    calls,
  });
  const repeater = createRepeater({ firstPauseMs: 1_000, maxPauseMs: 60_000, log });
  const buying = createBuyingSide({ ledger, mint, platform, buyerLink, repeater, calls, ownSign, clock });
  const gateway = createGateway({
    acts: { ...createApiActs({ ledger, mint, clock, finished: buying.finished }), ...buying.apiActs },
    appKey,
    appSecret,
    clock: time.wire,
    calls,
    listing: (request) => quickListing({ ledger, mint }, request),
    strikes: createStrikes({ plan, ledger, mint, clock }),
    lost: (method, cardOrderId, fault) => noteLost(ledger, clock, method, cardOrderId, fault),
  });

  let url = '';
  const acts: SandboxActs = {
    ...platform,
    ...buying.acts,
    about: () => ({ url, maker, appKey, ownSign, seed: ledger.seed }),
    templates: () => ledger.templates(),
    orders: () => ledger.orders(),
    order: (cardOrderId) => ledger.order(cardOrderId),
    callsSince: calls.since,
    faults: plan,
    time: () => ({ kind: time.kind, now: clock() }),
    async advance(byMs) {
      const at = time.advance(byMs);
      if (at !== undefined) await ledger.keep({ clock: at.toISOString() });
      return at;
    },
    truth: (cardOrderId) => truthOf(mint, ledger.order(cardOrderId)),
    effects: (cardOrderId) => effectsOf(ledger.asks(cardOrderId)),
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
    const [path = '', query = ''] = (request.url ?? '').split('?', 2);
    const isControl = path === '/control' || path.startsWith('/control/');
    const file = pageFile(path);
    const isLocal = isLocalRequest(request) && !(isControl && isForeignPage(request));
    if ((isControl || file !== undefined) && !isLocal) {
      return reply(response, 403, 'text/plain;charset=UTF-8', 'only from this machine');
    }
    const body = await readBody(request);
    if (body === undefined) {
      response.setHeader('connection', 'close');
      return reply(response, 413, 'text/plain;charset=UTF-8', 'at most 4 MiB');
    }
    if (path === '/router/rest') return gateway(request, body, response);
    if (file !== undefined) return reply(response, 200, file.contentType, file.content, file.headers);
    if (!isControl) return reply(response, 404, 'text/plain;charset=UTF-8', 'not found');
    const method = request.method ?? 'GET';
    const answer = await answerControl(
      acts,
      method,
      path.slice('/control'.length),
      body.toString('utf8'),
      new URLSearchParams(query),
    );
    const json = 'application/json;charset=UTF-8';
    reply(response, answer.httpStatus, json, jsonText(answer.body), { 'cache-control': 'no-store' });
  }

  try {
    await takeSettings(settings, plan, time, ledger);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(settings.port, host, resolve);
    });
  } catch (error) {
    // Another sandbox may want the state.
    await ledger.close();
    throw error;
  }
  const { port } = server.address() as AddressInfo;
  url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  buying.resume();
  let closing: Promise<void> | undefined;
  async function close(): Promise<void> {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeIdleConnections();
    const cutOff = setTimeout(() => server.closeAllConnections(), closeGraceMs);
    await closed;
    clearTimeout(cutOff);
    link.close();
    buyerLink.close();
    await repeater.close();
    await ledger.close();
  }
  return {
    ...acts,
    url,
    port,
    close() {
      closing ??= close();
      return closing;
    },
  };
}

function clockOf(asked: SandboxSettings['clock'], kept: string | undefined): SandboxClock {
  if (typeof asked === 'function') return systemClock(asked);
  if (kept === undefined) return asked === undefined ? systemClock() : virtualClock(asked);
  return virtualClock({ ...(asked ?? { wire: 'system' }), virtualFrom: new Date(kept) });
}

async function takeSettings(
  { faults, chaos }: SandboxSettings,
  plan: FaultPlan,
  time: SandboxClock,
  ledger: Ledger,
): Promise<void> {
  if (time.kind === 'virtual') await ledger.keep({ clock: time.now().toISOString() });
  if (faults !== undefined) await plan.clear();
  const added = await Promise.all((faults ?? []).map((rule) => plan.add(rule)));
  const set = chaos === undefined ? { ok: true as const } : await plan.setChaos(chaos);
  const wrong = [...added, set].find((done) => !done.ok);
  if (wrong !== undefined) throw new TypeError(wrong.problem);
}

function reply(
  response: ServerResponse,
  httpStatus: number,
  contentType: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  const bytes = Buffer.from(body);
  response.writeHead(httpStatus, {
    'content-type': contentType,
    'content-length': bytes.length,
    'x-content-type-options': 'nosniff',
    ...headers,
  });
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
