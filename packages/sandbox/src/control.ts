import type { IncomingMessage } from 'node:http';
import {
  bool,
  choice,
  type Decoded,
  decodeJson,
  digits,
  type Infer,
  list,
  logisticsInfo,
  optional,
  required,
  type SpiMethod,
  type StructSchema,
  struct,
  text,
} from '@cardwright/top';
import { masked } from './call-log.ts';
import type { CallStyle, MakerReply } from './maker-link.ts';
import type { Declined, OrderInput } from './platform.ts';
import { cardCount, type OrderRecord } from './records.ts';
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

export interface ControlAnswer {
  readonly httpStatus: number;
  /** Written as JSON; every bigint as text. */
  readonly body: unknown;
}

/**
 * Whether a request may use the control interface: it comes from this machine and not from a web page open on
 * it (pages send `Origin`, and a rebound name shows in `Host`).
 */
export function isLocalRequest(request: IncomingMessage): boolean {
  const address = (request.socket.remoteAddress ?? '').replace(/^::ffff:/, '');
  if (address !== '::1' && !address.startsWith('127.')) return false;
  if (request.headers.origin !== undefined) return false;
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i.test(request.headers.host ?? '');
}

/** Answers one request of the control interface; `path` is what follows `/control`. */
export async function answerControl(
  sandbox: SandboxActs,
  httpMethod: string,
  path: string,
  body: string,
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
      return ok({ orders: sandbox.orders().map(orderView) });
    case 'POST /orders':
      return withBody(newOrder, body, (input) => createOrder(sandbox, input));
    case 'POST /probe':
      return withBody(styled, body, async (input) => {
        const { passed, reply } = await sandbox.probe(styleOf(input.style));
        return ok({ passed, reply: replyView(reply) });
      });
    case 'POST /sample':
      return withBody(styled, body, async (input) =>
        orderAnswer(await sandbox.placeSample(styleOf(input.style))),
      );
    default:
      return answerOrderRoute(sandbox, route, id ?? '', body);
  }
}

function answerOrderRoute(
  sandbox: SandboxActs,
  route: string,
  idText: string,
  body: string,
): Promise<ControlAnswer> | ControlAnswer {
  const id = /^[1-9][0-9]{0,18}$/.test(idText) ? BigInt(idText) : undefined;
  if (id === undefined) return notFound;
  switch (route) {
    case 'GET /orders/ID': {
      const order = sandbox.order(id);
      return order === undefined ? notFound : ok({ order: orderView(order) });
    }
    case 'POST /orders/ID/resend':
      return withBody(styled, body, async (input) =>
        orderAnswer(await sandbox.resendOrder(id, styleOf(input.style))),
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
  return orderAnswer(await sandbox.placeOrder(order));
}

function orderAnswer(done: Awaited<ReturnType<SandboxActs['placeOrder']>>): ControlAnswer {
  return done.ok ? ok({ order: orderView(done.order), reply: replyView(done.reply) }) : declined(done);
}

async function withBody<S extends StructSchema>(
  schema: S,
  body: string,
  work: (input: Infer<S>) => Promise<ControlAnswer>,
): Promise<ControlAnswer> {
  const decoded: Decoded<Infer<S>> = decodeJson(schema, body === '' ? '{}' : body);
  if (decoded.ok) return work(decoded.value);
  const { path, expected, found } = decoded.issue;
  const problem = `${path || 'the body'} should be ${expected}, found ${found}`;
  return { httpStatus: 400, body: { ok: false, problem } };
}

const notFound: ControlAnswer = { httpStatus: 404, body: { ok: false, problem: 'not found' } };

function ok(body: object): ControlAnswer {
  return { httpStatus: 200, body: { ok: true, ...body } };
}

function declined({ problem }: Declined): ControlAnswer {
  return { httpStatus: 409, body: { ok: false, problem } };
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

export type Stage = 'unanswered' | 'accepted' | 'refused' | 'finished' | 'shipped' | 'received';

/** An order as it is shown: with its stage and number of cards, the receiver masked. */
export interface OrderView extends OrderRecord {
  readonly stage: Stage;
  readonly cards: number;
}

function stageOf(order: OrderRecord): Stage {
  if (order.receiptAt !== undefined) return 'received';
  if (order.shipment !== undefined) return 'shipped';
  if (order.finishedAt !== undefined) return 'finished';
  if (order.makerAnswer === undefined) return 'unanswered';
  return order.makerAnswer.accepted ? 'accepted' : 'refused';
}

function orderView(order: OrderRecord): OrderView {
  const shown = { ...order, stage: stageOf(order), cards: cardCount(order) };
  const { receiver } = order;
  if (receiver === undefined) return shown;
  const maskedReceiver = {
    receiver_name: masked(receiver.receiver_name),
    receiver_number: masked(receiver.receiver_number),
    receiver_address: masked(receiver.receiver_address),
    receiver_zip_code: masked(receiver.receiver_zip_code),
  };
  return { ...shown, receiver: maskedReceiver };
}
