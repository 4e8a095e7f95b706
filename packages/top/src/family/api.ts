import {
  blankable,
  bool,
  type Infer,
  int64,
  list,
  optional,
  quoted,
  required,
  struct,
  text,
} from '../schema/schema.ts';

const page = {
  page_size: required(int64(1n)),
  current_page: required(int64(1n)),
};
const success = struct({ result: required(struct({ success: required(bool()) })) });
const cardPage = struct({
  result: required(
    struct({
      // An empty list may be left out by the gateway.
      card_making_infos: optional(list(text(16_384), { max: 10_000, tag: 'string' })),
      success: required(bool()),
    }),
  ),
});

/**
 * One card, the JSON text in each element of `card_making_infos`. The four first are money; lengths and
 * alphabets are not published and never assumed.
 */
export const cardMakingInfo = struct({
  cardNo: required(quoted(text(256))),
  cardPassword: required(quoted(text(256))),
  qrCode: optional(quoted(blankable(4096))),
  shortQrCode: optional(quoted(blankable(4096))),
  templateNo: required(quoted(text(64))),
  status: required(text(64)),
});
export type CardMakingInfo = Infer<typeof cardMakingInfo>;

/** The interfaces that the platform implements and the card maker calls through the TOP gateway. */
export const apiFamily = {
  /** 根据制卡单分页查询卡信息: `page_size` ≤ 500, pages from 1; the end is a page that is short or empty. */
  'alibaba.fundplatform.cardorders.info.query': {
    request: struct({
      parameters: required(
        struct({ ...page, signture: required(text(4096)), card_order_id: required(int64(1n)) }),
      ),
    }),
    answer: cardPage,
  },
  /** 通过卡号查询卡信息. */
  'alibaba.fundplatform.cardorders.info.query.by.cardno': {
    request: struct({
      parameters: required(
        struct({
          ...page,
          signture: required(text(4096)),
          card_nos: required(list(text(256), { min: 1, max: 500, tag: 'string' })),
        }),
      ),
    }),
    answer: cardPage,
  },
  /** 制卡商通知制卡完成. */
  'alibaba.fundplatform.cardorders.status.make.finish': {
    request: struct({ card_order_id: required(int64(1n)) }),
    answer: success,
  },
  /** 制卡商通知实体卡发货完成 (the spelling is the platform's). */
  'alibaba.fundplatform.cardorders.status.sended': {
    request: struct({
      card_order_id: required(int64(1n)),
      logistics_order_id: required(text(128)),
      logistics_company: required(text(128)),
    }),
    answer: success,
  },
  /** The gateway's outgoing addresses. */
  'taobao.top.ipout.get': {
    request: struct({}),
    answer: struct({ ip_list: required(blankable(65_536)) }),
  },
} as const;

export type ApiMethod = keyof typeof apiFamily;
export type ApiRequestOf<M extends ApiMethod> = Infer<(typeof apiFamily)[M]['request']>;
export type ApiAnswerOf<M extends ApiMethod> = Infer<(typeof apiFamily)[M]['answer']>;

export function isApiMethod(name: string): name is ApiMethod {
  return Object.hasOwn(apiFamily, name);
}
