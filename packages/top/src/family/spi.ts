import {
  blankable,
  bool,
  choice,
  digits,
  type Infer,
  int64,
  list,
  optional,
  required,
  struct,
  text,
} from '../schema/schema.ts';

/** `own_sign`: daily (日常), pre (预发), online (线上). */
export const environments = ['daily', 'pre', 'online'] as const;
export type Environment = (typeof environments)[number];

const ownSign = choice(...environments);

/** Where to ship. If given, all four fields are required. */
export const logisticsInfo = struct({
  receiver_name: required(text(128)),
  receiver_number: required(text(64)),
  receiver_address: required(text(512)),
  receiver_zip_code: required(text(32)),
});

/** One line of a card order: `count` cards of one template, `par_value` in fen (分). */
export const cardProductInfo = struct({
  template_no: required(text(64)),
  count: required(int64(1n)),
  par_value: required(digits()),
  card_name: required(text(256)),
  picture_url: optional(text(2048)),
});

/** `alibaba.fundplatform.cardorder.make` (通知制卡商制卡), at most 999 lines. */
export const cardOrderMake = struct({
  card_order_id: required(int64(1n)),
  own_sign: required(ownSign),
  card_product_infos: required(list(cardProductInfo, { min: 1, max: 999, tag: 'card_product_info' })),
  logistics_info: optional(logisticsInfo),
});

/** `alibaba.fundplatform.card.template.new` (新增实体卡模板). */
export const cardTemplateNew = struct({
  template_no: required(text(64)),
  card_name: required(text(256)),
  par_value: required(digits()),
  picture_url: optional(text(2048)),
  is_test: required(bool()),
  own_sign: required(ownSign),
});

const orderReference = struct({ card_order_id: required(int64(1n)), own_sign: required(ownSign) });

/** `alibaba.fundplatform.cardorder.status.query` (查询制卡商制卡进度). */
export const cardOrderStatusQuery = struct({ request: required(orderReference) });

/** `alibaba.fundplatform.cardorder.receipt` (通知确认收货). */
export const cardOrderReceipt = orderReference;

const outcome = {
  result_message: required(blankable()),
  result_code: required(blankable(128)),
  success: required(bool()),
};

export const cardOrderMakeAnswer = struct({
  response: required(struct({ making_card_no: required(blankable(64)), ...outcome })),
});

/** The platform's four statuses (制卡进度). */
export const platformStatuses = [
  'REQUEST_RECEIVED',
  'REQUEST_NOT_EXIST',
  'WAITING_DELIVERY',
  'DELIVERED',
] as const;
export type PlatformStatus = (typeof platformStatuses)[number];

export const cardOrderStatusQueryAnswer = struct({
  response: required(
    struct({
      status: required(blankable(64)),
      ...outcome,
      logistics_company: required(blankable(128)),
      logistics_order_id: required(blankable(128)),
    }),
  ),
});

export const plainAnswer = struct(outcome);

/** The interfaces that the card maker implements and the platform calls. */
export const spiFamily = {
  'alibaba.fundplatform.cardorder.make': { request: cardOrderMake, answer: cardOrderMakeAnswer },
  'alibaba.fundplatform.card.template.new': { request: cardTemplateNew, answer: plainAnswer },
  'alibaba.fundplatform.cardorder.status.query': {
    request: cardOrderStatusQuery,
    answer: cardOrderStatusQueryAnswer,
  },
  'alibaba.fundplatform.cardorder.receipt': { request: cardOrderReceipt, answer: plainAnswer },
} as const;

export type SpiMethod = keyof typeof spiFamily;
export type SpiRequestOf<M extends SpiMethod> = Infer<(typeof spiFamily)[M]['request']>;
export type SpiAnswerOf<M extends SpiMethod> = Infer<(typeof spiFamily)[M]['answer']>;

export function isSpiMethod(name: string): name is SpiMethod {
  return Object.hasOwn(spiFamily, name);
}

export type CardOrderMake = Infer<typeof cardOrderMake>;
export type CardTemplateNew = Infer<typeof cardTemplateNew>;
export type CardOrderReference = Infer<typeof orderReference>;
export type LogisticsInfo = Infer<typeof logisticsInfo>;
export type CardProductInfo = Infer<typeof cardProductInfo>;
