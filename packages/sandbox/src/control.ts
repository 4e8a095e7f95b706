import type { IncomingMessage } from 'node:http';
import {
  bool,
  choice,
  digits,
  type Infer,
  list,
  logisticsInfo,
  optional,
  required,
  type SpiMethod,
  struct,
  text,
} from '@cardwright/top';
import { answerBuyingRoute } from './buying/buying-routes.ts';
import { type ControlAnswer, declined, idOf, notFound, ok, withBody } from './control-answer.ts';
import { answerFaultRoute } from './faults/fault-routes.ts';
import type { CallStyle, MakerReply } from './maker-link.ts';
import { orderView } from './order-view.ts';
import type { OrderInput } from './platform.ts';
import { sampleTemplate } from './samples.ts';
import type { SandboxActs } from './sandbox.ts';

const style = struct({
  body: optional(choice('form', 'json', 'xml', 'multipart', 'get')),
  charset: optional(choice('utf-8', 'gbk', 'gb2312', 'gb18030')),
  format: optional(choice('json', 'xml')),
});
const styled = struct({ style: optional(style) });
const newTemplate = struct({
  templateNo: optional(text(64)),
  cardName: optional(text(256)),
  parValueFen: optional(digits()),
  pictureUrl: optional(text(2048)),
  isTest: optional(bool()),
  style: optional(style),
});
const newOrder = struct({
  cardOrderId: optional(digits()),
  lines: optional(
    list(struct({ templateNo: required(text(64)), count: required(digits()) }), { max: 1000, tag: 'line' }),
  ),
  /** Instead of `lines`: `cards` of each of so many `templates`. */
  templates: optional(digits()),
  cards: optional(digits()),
  receiver: optional(logisticsInfo),
  withoutReceiver: optional(bool()),
  style: optional(style),
});

/** Whether a request comes from this machine, to an address of this machine: a rebound name shows in `Host`. */
export function isLocalRequest(request: IncomingMessage): boolean {
  const address = (request.socket.remoteAddress ?? '').replace(/^::ffff:/, '');
  if (address !== '::1' && !address.startsWith('127.')) return false;
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i.test(request.headers.host ?? '');
}

/** Whether a request was made by a web page other than the sandbox's own. */
export function isForeignPage({ headers }: IncomingMessage): boolean {
  const { origin, host } = headers;
  if (origin !== undefined && origin !== `http://${host}`) return true;
  // What a page embeds comes without Origin.
  const site = headers['sec-fetch-site'];
  return site !== undefined && site !== 'same-origin' && site !== 'none';
}

/** Answers one request of the control interface; `path` is what follows `/control`. */
export async function answerControl(
  sandbox: SandboxActs,
  httpMethod: string,
  path: string,
  body: string,
  query = new URLSearchParams(),
): Promise<ControlAnswer> {
  const [, noun = '', id, verb, ...rest] = path.split('/');
  const route = `${httpMethod} /${noun}${id === undefined ? '' : '/ID'}${verb === undefined ? '' : `/${verb}`}`;
  if (rest.length > 0) return notFound;
  switch (route) {
    case 'GET /':
      return ok({
        ...sandbox.about(),
        templates: sandbox.templates().length,
        orders: sandbox.orders().length,
      });
    case 'GET /templates':
      return ok({ templates: sandbox.templates() });
    case 'POST /templates':
      return withBody(newTemplate, body, (input) => createTemplate(sandbox, input));
    case 'GET /orders':
      return listOrders(sandbox, query.get('newest'));
    case 'GET /calls':
      return ok(sandbox.callsSince(Number(/^\d{1,15}$/.exec(query.get('since') ?? '')?.[0] ?? 0)));
    case 'POST /orders':
      return withBody(newOrder, body, (input) => createOrder(sandbox, input));
    case 'POST /probe':
      return withBody(styled, body, async (input) => {
        const { passed, reply } = await sandbox.probe(styleOf(input.style));
        return ok({ passed, reply: replyView(reply) });
      });
    case 'POST /sample':
      return withBody(styled, body, async (input) =>
        orderAnswer(sandbox, await sandbox.placeSample(styleOf(input.style))),
      );
    default:
      return (
        answerBuyingRoute(sandbox, route, id, { body, query }) ??
        answerFaultRoute(sandbox, route, id, body) ??
        answerOrderRoute(sandbox, route, id, body)
      );
  }
}

/** All orders, oldest first, or with `newest` only so many, the newest first. */
function listOrders(sandbox: SandboxActs, newest: string | null): ControlAnswer {
  const orders = sandbox.orders();
  const shown = newest === null ? orders : orders.slice(-Math.max(Number(newest) || 1, 1)).reverse();
  return ok({ total: orders.length, orders: shown.map((order) => orderView(order, sandbox)) });
}

function answerOrderRoute(
  sandbox: SandboxActs,
  route: string,
  idText: string | undefined,
  body: string,
): Promise<ControlAnswer> | ControlAnswer {
  const id = idOf(idText);
  if (id === undefined) return notFound;
  switch (route) {
    case 'GET /orders/ID': {
      const order = sandbox.order(id);
      return order === undefined ? notFound : ok({ order: orderView(order, sandbox) });
    }
    case 'POST /orders/ID/resend':
      return withBody(styled, body, async (input) =>
        orderAnswer(sandbox, await sandbox.resendOrder(id, styleOf(input.style))),
      );
    case 'POST /orders/ID/status':
      return withBody(styled, body, async (input) =>
        ok({ reply: replyView(await sandbox.queryStatus(id, styleOf(input.style))) }),
      );
    case 'POST /orders/ID/receipt':
      return withBody(styled, body, async (input) => {
        const done = await sandbox.confirmReceipt(id, styleOf(input.style));
        return done.ok ? ok({ reply: replyView(done.reply) }) : declined(done);
      });
    default:
      return notFound;
  }
}

async function createTemplate(
  sandbox: SandboxActs,
  input: Infer<typeof newTemplate>,
): Promise<ControlAnswer> {
  let ordinal = sandbox.templates().length;
  const taken = new Set(sandbox.templates().map(({ templateNo }) => templateNo));
  while (taken.has(sampleTemplate(ordinal).templateNo)) ordinal++;
  const { style: asked, ...given } = input;
  const template = { ...sampleTemplate(ordinal), ...given };
  const done = await sandbox.newTemplate(template, styleOf(asked));
  return done.ok ? ok({ template, reply: replyView(done.reply) }) : declined(done);
}

async function createOrder(sandbox: SandboxActs, input: Infer<typeof newOrder>): Promise<ControlAnswer> {
  const { lines, templates, cards } = input;
  if (lines !== undefined && (templates !== undefined || cards !== undefined))
    return declined({ ok: false, problem: 'give either lines or templates and cards, not both' });
  if (templates !== undefined && templates > 1000n)
    return declined({ ok: false, problem: 'an order has at most 999 lines' });
  const order: OrderInput = {
    ...(input.cardOrderId === undefined ? {} : { cardOrderId: input.cardOrderId }),
    lines: lines ?? { templates: Number(templates ?? 1n), cards: cards ?? 500n },
    ...(input.receiver === undefined ? {} : { receiver: input.receiver }),
    ...(input.withoutReceiver === true ? { receiver: null } : {}),
    style: styleOf(input.style),
  };
  return orderAnswer(sandbox, await sandbox.placeOrder(order));
}

function orderAnswer(
  sandbox: SandboxActs,
  done: Awaited<ReturnType<SandboxActs['placeOrder']>>,
): ControlAnswer {
  if (!done.ok) return declined(done);
  return ok({ order: orderView(done.order, sandbox), reply: replyView(done.reply) });
}

function styleOf(asked: Infer<typeof style> | undefined): CallStyle {
  const format = asked?.format;
  return {
    body: asked?.body ?? 'form',
    charset: asked?.charset ?? 'utf-8',
    ...(format === undefined ? {} : { format }),
  };
}

/** What came of a call to the maker, with the answer's fields at hand whether or not `response` wraps them. */
export interface ReplyView {
  readonly outcome: MakerReply<SpiMethod>['outcome'];
  readonly elapsedMs: number;
  /** Why there is no answer. */
  readonly detail?: string;
  readonly answer?: AnswerFields;
}
export interface AnswerFields {
  readonly success: boolean;
  readonly result_code: string;
  readonly result_message: string;
  readonly making_card_no?: string;
  readonly status?: string;
  readonly logistics_company?: string;
  readonly logistics_order_id?: string;
}

function replyView(reply: MakerReply<SpiMethod>): ReplyView {
  if (reply.outcome !== 'answered') return reply;
  const { answer, ...rest } = reply;
  return { ...rest, answer: 'response' in answer ? answer.response : answer };
}
