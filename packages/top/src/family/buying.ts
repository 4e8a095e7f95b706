import type { Decoded } from '../schema/schema.ts';
import {
  blankable,
  bool,
  choice,
  type Infer,
  int64,
  list,
  optional,
  required,
  struct,
  text,
} from '../schema/schema.ts';
import type { ComposedBody } from '../spi/compose.ts';
import type { Charset } from '../wire/charset.ts';
import { environments, type plainAnswer } from './spi.ts';
import { readSpiAnswer } from './spi-answer.ts';
import { encodeBody } from './spi-compose.ts';

/**
 * The third role of the interface family: the business party (业务方) that buys cards, beside the platform and the
 * card maker. Only a simulated platform needs it.
 */

const result = struct({
  result: required(
    struct({
      success: required(bool()),
      // The gateway leaves empty texts out.
      result_code: required(blankable(128)),
      result_message: required(blankable()),
    }),
  ),
});

/** `num` cards of one template; `price` in fen (分), the template's own if it is left out. */
const cardFetchDetail = struct({
  template_no: required(text(64)),
  num: required(int64(1n)),
  price: optional(int64()),
});

/** The interfaces that the platform implements and the business party calls through the TOP gateway. */
export const buyingApiFamily = {
  /** 异步批量生成储值卡: answers that it was taken; the cards follow, and with them `cardorder.make.success`. */
  'alibaba.fundplatform.cardorder.fetch.card.async': {
    request: struct({
      param_card_fetch_async_request: required(
        struct({
          /** The idempotency key. */
          out_biz_id: required(text(32)),
          /** Whether the cards are active from the beginning. Published as required with the default true. */
          active: optional(bool()),
          buy_entity_type: optional(choice('company', 'person')),
          sale_mode: optional(choice('online', 'offline')),
          subiz_type: required(int64()),
          user_id: required(int64()),
          card_fetch_details: required(
            list(cardFetchDetail, { min: 1, max: 1000, tag: 'card_fetch_detail_dto' }),
          ),
        }),
      ),
    }),
    answer: result,
  },
  /** 储值卡激活: all or nothing; cards that are all active already are a success. */
  'alibaba.fundplatform.cardorder.card.active': {
    request: struct({
      param_card_active_request: required(
        struct({
          /** The idempotency key of this activation. */
          out_biz_id: required(text(64)),
          opt_user_id: required(int64()),
          /** Not both left out: the cards themselves, or the `out_biz_id` that they were bought with. */
          card_nos: optional(list(text(256), { max: 10_000, tag: 'string' })),
          fetch_out_biz_id: optional(blankable(32)),
        }),
      ),
    }),
    answer: result,
  },
} as const;

export type BuyingApiMethod = keyof typeof buyingApiFamily;
export type BuyingApiRequestOf<M extends BuyingApiMethod> = Infer<(typeof buyingApiFamily)[M]['request']>;
export type BuyingApiAnswerOf<M extends BuyingApiMethod> = Infer<(typeof buyingApiFamily)[M]['answer']>;

export function isBuyingApiMethod(name: string): name is BuyingApiMethod {
  return Object.hasOwn(buyingApiFamily, name);
}

/** 通知制卡成功: the platform tells the business party, by a signed SPI call, that its cards are made. */
export const makeSuccessMethod = 'alibaba.fundplatform.cardorder.make.success';

/** The parameters of `cardorder.make.success`; `order_id` is the card order's. */
export const cardOrderMakeSuccess = struct({
  request: required(
    struct({
      order_id: required(int64(1n)),
      out_biz_id: required(text(32)),
      own_sign: required(choice(...environments)),
    }),
  ),
});
export type CardOrderMakeSuccess = Infer<typeof cardOrderMakeSuccess>;
export type MakeSuccessAnswer = Infer<typeof plainAnswer>;

/** Encodes `cardorder.make.success` as the platform sends it. */
export function encodeMakeSuccess(params: CardOrderMakeSuccess, kind: ComposedBody['kind']): ComposedBody {
  return encodeBody(cardOrderMakeSuccess, params, kind);
}

/** Reads the business party's answer, in any dialect that a card maker's may have. */
export function readMakeSuccessAnswer(body: Uint8Array, charset?: Charset): Decoded<MakeSuccessAnswer> {
  // Both answers are the same three fields, flat.
  return readSpiAnswer('alibaba.fundplatform.cardorder.receipt', body, charset);
}
