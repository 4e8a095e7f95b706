import type { Environment, LogisticsInfo, SpiAnswerOf, SpiMethod } from '@cardwright/top';
import type { Ledger } from './ledger.ts';
import type { CallStyle, MakerLink, MakerReply } from './maker-link.ts';
import { type OrderLine, type OrderRecord, orderLimitProblem, type TemplateRecord } from './records.ts';
import { sampleReceiver, sampleTemplate } from './samples.ts';

/** An act that the sandbox itself declines, with the reason; nothing was sent. */
export interface Declined {
  readonly ok: false;
  readonly problem: string;
}
export type Done<T> = ({ readonly ok: true } & T) | Declined;

export interface OrderInput {
  /** Undefined: the next free id. */
  readonly cardOrderId?: bigint;
  /** Which cards: lines of known templates, or so many cards of each of so many templates, made as needed. */
  readonly lines:
    | readonly { readonly templateNo: string; readonly count: bigint }[]
    | { readonly templates: number; readonly cards: bigint };
  /** Undefined: the receiver of the published sample; null: no logistics block. */
  readonly receiver?: LogisticsInfo | null;
  readonly style?: CallStyle;
}

type Reply<M extends SpiMethod> = { readonly reply: MakerReply<M> };

/** The acts of the platform (汇金) towards its card maker. Each is recorded before and after it is sent. */
export interface Platform {
  /** Announces a template (card.template.new); one with the same content is announced again. */
  newTemplate(
    template: TemplateRecord,
    style?: CallStyle,
  ): Promise<Done<Reply<'alibaba.fundplatform.card.template.new'>>>;
  /** The known templates in order, and as many new ones, announced in `style`, as are missing. */
  templatesUpTo(count: number, style?: CallStyle): Promise<readonly TemplateRecord[]>;
  /** Places a card order (cardorder.make). */
  placeOrder(
    input: OrderInput,
  ): Promise<Done<{ readonly order: OrderRecord } & Reply<'alibaba.fundplatform.cardorder.make'>>>;
  /** Sends a known order again with the same content, as after a timeout. */
  resendOrder(
    cardOrderId: bigint,
    style?: CallStyle,
  ): Promise<Done<{ readonly order: OrderRecord } & Reply<'alibaba.fundplatform.cardorder.make'>>>;
  /** Asks for the progress (cardorder.status.query), also of orders that this sandbox never placed. */
  queryStatus(
    cardOrderId: bigint,
    style?: CallStyle,
  ): Promise<MakerReply<'alibaba.fundplatform.cardorder.status.query'>>;
  /** Passes on the buyer's receipt (cardorder.receipt) of a shipped order. */
  confirmReceipt(
    cardOrderId: bigint,
    style?: CallStyle,
  ): Promise<Done<Reply<'alibaba.fundplatform.cardorder.receipt'>>>;
  /** The wrongly signed call that precedes publishing: it must be refused with `sign-check-failure`. */
  probe(
    style?: CallStyle,
  ): Promise<{ readonly passed: boolean } & Reply<'alibaba.fundplatform.cardorder.make'>>;
}

export function createPlatform(parts: {
  ledger: Ledger;
  maker: MakerLink;
  ownSign: Environment;
  clock: () => Date;
}): Platform {
  const { ledger, maker, ownSign } = parts;
  const now = (): string => parts.clock().toISOString();

  async function newTemplate(template: TemplateRecord, style?: CallStyle) {
    if (!(await ledger.addTemplate(template)))
      return declined(`template ${template.templateNo} exists with other content`);
    const { templateNo, cardName, parValueFen, pictureUrl, isTest } = template;
    const reply = await maker.call(
      'alibaba.fundplatform.card.template.new',
      {
        template_no: templateNo,
        card_name: cardName,
        par_value: parValueFen,
        ...(pictureUrl === undefined ? {} : { picture_url: pictureUrl }),
        is_test: isTest,
        own_sign: ownSign,
      },
      style,
    );
    return { ok: true as const, reply };
  }

  async function templatesUpTo(count: number, style?: CallStyle): Promise<readonly TemplateRecord[]> {
    for (let ordinal = 0; ledger.templates().length < count; ordinal++) {
      const template = sampleTemplate(ordinal);
      if (ledger.template(template.templateNo) === undefined) await newTemplate(template, style);
    }
    return ledger.templates().slice(0, count);
  }

  async function linesOf(input: OrderInput): Promise<Done<{ lines: readonly OrderLine[] }>> {
    const asked = input.lines;
    const wanted: { templateNo: string; count: bigint }[] = [];
    if ('templates' in asked) {
      const problem = orderLimitProblem(
        Array.from({ length: Math.min(asked.templates, 1000) }, () => ({ count: asked.cards })),
      );
      if (problem !== undefined) return declined(problem);
      for (const { templateNo } of await templatesUpTo(asked.templates, input.style))
        wanted.push({ templateNo, count: asked.cards });
    } else wanted.push(...asked);
    const problem = orderLimitProblem(wanted);
    if (problem !== undefined) return declined(problem);
    const lines: OrderLine[] = [];
    for (const { templateNo, count } of wanted) {
      const template = ledger.template(templateNo);
      if (template === undefined) return declined(`template ${templateNo} is not known; announce it first`);
      const { cardName, parValueFen, pictureUrl } = template;
      const picture = pictureUrl === undefined ? {} : { pictureUrl };
      lines.push({ templateNo, count, parValueFen, cardName, ...picture });
    }
    return { ok: true, lines };
  }

  async function sendOrder(order: OrderRecord, style?: CallStyle) {
    const reply = await maker.call('alibaba.fundplatform.cardorder.make', makeRequest(order, ownSign), style);
    if (reply.outcome === 'answered')
      await ledger.noteMakerAnswer(order.cardOrderId, { at: now(), ...answerOf(reply.answer) });
    return { ok: true as const, order: ledger.order(order.cardOrderId) ?? order, reply };
  }

  return {
    newTemplate,
    templatesUpTo,

    async placeOrder(input) {
      if (input.cardOrderId !== undefined && ledger.order(input.cardOrderId) !== undefined)
        return declined(`order ${input.cardOrderId} exists; send it again with resend`);
      const planned = await linesOf(input);
      if (!planned.ok) return planned;
      const receiver = input.receiver === undefined ? sampleReceiver : input.receiver;
      const order: OrderRecord = {
        cardOrderId: input.cardOrderId ?? ledger.nextOrderId(),
        placedAt: now(),
        lines: planned.lines,
        ...(receiver === null ? {} : { receiver }),
      };
      if (!(await ledger.addOrder(order))) return declined(`order ${order.cardOrderId} exists`);
      return sendOrder(order, input.style);
    },

    async resendOrder(cardOrderId, style) {
      const order = ledger.order(cardOrderId);
      return order === undefined ? unknownOrder(cardOrderId) : sendOrder(order, style);
    },

    queryStatus(cardOrderId, style) {
      const request = { card_order_id: cardOrderId, own_sign: ownSign };
      return maker.call('alibaba.fundplatform.cardorder.status.query', { request }, style);
    },

    async confirmReceipt(cardOrderId, style) {
      const order = ledger.order(cardOrderId);
      if (order === undefined) return unknownOrder(cardOrderId);
      if (order.shipment === undefined)
        return declined(`order ${cardOrderId} has not been shipped: nothing can have arrived`);
      const request = { card_order_id: cardOrderId, own_sign: ownSign };
      const reply = await maker.call('alibaba.fundplatform.cardorder.receipt', request, style);
      if (reply.outcome === 'answered' && reply.answer.success) await ledger.noteReceipt(cardOrderId, now());
      return { ok: true, reply };
    },

    async probe(style) {
      const { templateNo, parValueFen, cardName } = sampleTemplate(0);
      const lines = [{ templateNo, count: 1n, parValueFen, cardName }];
      const request = makeRequest({ cardOrderId: 1n, placedAt: now(), lines }, ownSign);
      const reply = await maker.callWronglySigned('alibaba.fundplatform.cardorder.make', request, style);
      return { passed: reply.outcome === 'answered' && isSignRefusal(reply.answer), reply };
    },
  };
}

function declined(problem: string): Declined {
  return { ok: false, problem };
}

function unknownOrder(cardOrderId: bigint): Declined {
  return declined(`order ${cardOrderId} is not known`);
}

function makeRequest(order: OrderRecord, ownSign: Environment) {
  return {
    card_order_id: order.cardOrderId,
    own_sign: ownSign,
    card_product_infos: order.lines.map(({ templateNo, count, parValueFen, cardName, pictureUrl }) => ({
      template_no: templateNo,
      count,
      par_value: parValueFen,
      card_name: cardName,
      ...(pictureUrl === undefined ? {} : { picture_url: pictureUrl }),
    })),
    ...(order.receiver === undefined ? {} : { logistics_info: order.receiver }),
  };
}

function answerOf({ response }: SpiAnswerOf<'alibaba.fundplatform.cardorder.make'>) {
  return {
    accepted: response.success,
    ...(response.making_card_no === '' ? {} : { makingCardNo: response.making_card_no }),
    ...(response.result_code === '' ? {} : { resultCode: response.result_code }),
  };
}

function isSignRefusal({ response }: SpiAnswerOf<'alibaba.fundplatform.cardorder.make'>): boolean {
  return !response.success && response.result_code === 'sign-check-failure';
}
