import { type Static, type TObject, type TProperties, Type } from 'typebox';

/** One line of text; control and bidirectional characters are refused by `parsePaper`. */
const line = (maxLength: number) => Type.String({ minLength: 1, maxLength, pattern: '\\S' });
const record = <P extends TProperties>(properties: P): TObject<P> =>
  Type.Object(properties, { additionalProperties: false });
const quantity = (minimum: number) => Type.Integer({ minimum, maximum: 1_000_000_000 });
const sha256 = Type.String({ pattern: '^[0-9a-f]{64}$' });

/** Ids go into Code 128 as they are: printable ASCII without what printers and scanners take for commands. */
const codedId = Type.String({ pattern: '^[0-9A-Za-z][0-9A-Za-z._/:-]{0,39}$' });
/** Whole or masked already; papers show it masked whatever comes in. */
const cardNo = Type.String({ pattern: '^[0-9A-Za-z*-]{1,32}$' });
const parValueFen = quantity(0);
const date = line(40);
const person = record({ name: line(60), phone: line(60), address: line(200) });
const cardKind = { templateCode: Type.Optional(line(40)), templateName: line(80), parValueFen };

/**
 * The label of one container (扎, 盒 or 箱): `number` of `of` in its order, `containerId` as the code to scan,
 * `holds` how many containers of the next smaller kind are inside.
 */
export const labelSchema = record({
  version: Type.Literal(1),
  orderNo: line(64),
  ...cardKind,
  count: quantity(1),
  firstCardNo: cardNo,
  lastCardNo: cardNo,
  containerId: codedId,
  number: quantity(1),
  of: quantity(1),
  holds: Type.Optional(quantity(1)),
  date,
  maker: Type.Optional(line(60)),
  remark: Type.Optional(line(100)),
  symbology: Type.Optional(
    Type.Union([Type.Literal('code128'), Type.Literal('qr'), Type.Literal('datamatrix')]),
  ),
});
export type Label = Static<typeof labelSchema>;

const packedBox = record({
  id: codedId,
  ...cardKind,
  count: quantity(1),
  firstCardNo: cardNo,
  lastCardNo: cardNo,
});
const packedCarton = record({
  id: codedId,
  count: quantity(1),
  weightKg: Type.Optional(Type.Number({ minimum: 0, maximum: 10_000 })),
  boxes: Type.Array(packedBox, { minItems: 1, maxItems: 10_000 }),
});
/** What is in a dispatch: cartons (箱) in the order of their numbers from 1, the boxes (盒) of each, and the totals. */
export const packingListSchema = record({
  version: Type.Literal(1),
  orderNo: line(64),
  listNo: Type.Optional(line(64)),
  maker: Type.Optional(line(60)),
  receiver: Type.Optional(person),
  date,
  cartons: Type.Array(packedCarton, { minItems: 1, maxItems: 100_000 }),
  total: record({ cartons: quantity(1), boxes: quantity(1), cards: quantity(1) }),
  remark: Type.Optional(line(200)),
});
export type PackingList = Static<typeof packingListSchema>;

/** The waybill (面单) of one parcel, `number` of `of`. Sender and receiver come in whole and are shown masked. */
export const waybillSchema = record({
  version: Type.Literal(1),
  orderNo: line(64),
  courier: record({ name: line(40), service: Type.Optional(line(40)) }),
  trackingNo: codedId,
  sortingCode: Type.Optional(line(24)),
  receiver: person,
  sender: person,
  goods: line(80),
  number: quantity(1),
  of: quantity(1),
  weightKg: Type.Optional(Type.Number({ minimum: 0, maximum: 10_000 })),
  date,
  remark: Type.Optional(line(100)),
});
export type Waybill = Static<typeof waybillSchema>;

const party = record({ name: line(40), unit: Type.Optional(line(60)) });
/** The sheet (交接单) on which two people sign that containers went from one to the other. */
export const handOverSchema = record({
  version: Type.Literal(1),
  sheetNo: codedId,
  orderNo: line(64),
  maker: Type.Optional(line(60)),
  from: party,
  to: party,
  place: Type.Optional(line(80)),
  date,
  items: Type.Array(
    record({
      containerId: codedId,
      what: line(80),
      count: quantity(1),
      sealNo: Type.Optional(line(40)),
    }),
    { minItems: 1, maxItems: 100_000 },
  ),
  total: record({ items: quantity(1), cards: quantity(1) }),
  remark: Type.Optional(line(200)),
});
export type HandOver = Static<typeof handOverSchema>;

/**
 * What became of an order (订单证明). For each line `printedGood` cards were good at the first printing and `remade` at a
 * later one, so that ordered = fetched = printedGood + remade = scanned = packed = shipped; spoiled sheets are `spoiled`.
 */
export const certificateSchema = record({
  version: Type.Literal(1),
  certificateId: codedId,
  orderNo: line(64),
  maker: line(60),
  date,
  lines: Type.Array(
    record({
      ...cardKind,
      ordered: quantity(1),
      fetched: quantity(0),
      printedGood: quantity(0),
      remade: quantity(0),
      spoiled: Type.Optional(quantity(0)),
      scanned: quantity(0),
      packed: quantity(0),
      shipped: quantity(0),
    }),
    { minItems: 1, maxItems: 1_000 },
  ),
  shipments: Type.Array(record({ courier: line(40), trackingNo: line(64), cards: quantity(1) }), {
    maxItems: 10_000,
  }),
  files: Type.Array(record({ name: line(160), sha256, cards: quantity(0) }), { maxItems: 100_000 }),
  audit: record({ head: sha256, entries: quantity(1) }),
});
export type Certificate = Static<typeof certificateSchema>;

/** Every paper by the name that the command line gives it. */
export const paperSchemas = {
  'bundle-label': labelSchema,
  'box-label': labelSchema,
  'carton-label': labelSchema,
  'packing-list': packingListSchema,
  waybill: waybillSchema,
  'hand-over': handOverSchema,
  certificate: certificateSchema,
} as const;
export type PaperKind = keyof typeof paperSchemas;
export type PaperData<K extends PaperKind> = Static<(typeof paperSchemas)[K]>;
