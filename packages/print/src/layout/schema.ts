import { type Static, type TObject, type TProperties, Type } from 'typebox';

/** How far beyond the trim an element may reach: more than any press's bleed (出血, commonly 1–3 mm). */
export const furthestBleedMm = 5;
/** The longest side of a card; the widest thing ever printed with this is a folded carrier on A4. */
const longestSideMm = 330;

const record = <P extends TProperties>(properties: P): TObject<P> =>
  Type.Object(properties, { additionalProperties: false });
const part = Type.Number({ minimum: 0, maximum: 1 });
const positionMm = Type.Number({ minimum: -furthestBleedMm, maximum: longestSideMm });
const lengthMm = Type.Number({ exclusiveMinimum: 0, maximum: longestSideMm + 2 * furthestBleedMm });
const sizePt = Type.Number({ minimum: 2, maximum: 200 });
const radiusMm = Type.Number({ minimum: 0, maximum: 50 });
const spacingPt = Type.Number({ minimum: -5, maximum: 20 });
const name = Type.String({ minLength: 1, maxLength: 64 });
/** Text in which `{field}` stands for the record's field; `{{` and `}}` for the brackets themselves. */
const template = Type.String({ minLength: 1, maxLength: 1000 });
const cmyk = Type.Tuple([part, part, part, part]);

const cmykInkSchema = record({ cmyk, overprint: Type.Optional(Type.Boolean()) });
const spotInkSchema = record({
  spot: name,
  tint: Type.Optional(part),
  overprint: Type.Optional(Type.Boolean()),
});
/** An ink (油墨): the four process inks, or a tint of a declared spot ink. Black alone (K100) where it is left out. */
export const inkSchema = Type.Union([cmykInkSchema, spotInkSchema]);

const anyElement = { name: Type.Optional(name), layer: Type.Optional(name) };
const corner = { xMm: positionMm, yMm: positionMm };
const box = { ...corner, widthMm: lengthMm, heightMm: lengthMm };
const ink = Type.Optional(inkSchema);
const anchor = Type.Optional(
  Type.Union([Type.Literal('top'), Type.Literal('middle'), Type.Literal('bottom'), Type.Literal('baseline')]),
);
const align = Type.Optional(
  Type.Union([Type.Literal('left'), Type.Literal('center'), Type.Literal('right')]),
);

const lettering = {
  ...anyElement,
  value: template,
  ...corner,
  widthMm: lengthMm,
  heightMm: Type.Optional(lengthMm),
  font: Type.Optional(name),
  sizePt,
  align,
  anchor,
  letterSpacingPt: Type.Optional(spacingPt),
  ink,
};

export const imageSchema = record({ ...anyElement, type: Type.Literal('image'), artwork: name, ...box });

/**
 * One text. `anchor` says what `yMm` or the box's height hold: `top` (default) the top of the first line, `baseline` its
 * baseline, `middle` and `bottom` need `heightMm`. Data that does not fit is refused, shrunk as far as `minSizePt`, or
 * wrapped into `maxLines`; there is no ellipsis, since a card that says less than its record is a wrong card.
 */
export const textSchema = record({
  type: Type.Literal('text'),
  ...lettering,
  overflow: Type.Optional(Type.Union([Type.Literal('refuse'), Type.Literal('shrink'), Type.Literal('wrap')])),
  minSizePt: Type.Optional(sizePt),
  maxLines: Type.Optional(Type.Integer({ minimum: 1, maximum: 50 })),
  /** Of the type size. */
  lineHeight: Type.Optional(Type.Number({ minimum: 0.8, maximum: 4 })),
});

/**
 * A password (密码) in groups with a gap, in a typeface whose `alphabet` is of one width. With `length` every card's
 * password has as many characters, so that nothing can be told from outside.
 */
export const passwordSchema = record({
  type: Type.Literal('password'),
  ...lettering,
  group: Type.Optional(Type.Integer({ minimum: 1, maximum: 32 })),
  /** Between groups, of the type size. */
  gap: Type.Optional(Type.Number({ minimum: 0, maximum: 4 })),
  length: Type.Optional(Type.Integer({ minimum: 1, maximum: 64 })),
  alphabet: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
});

const code = { ...anyElement, type: Type.Literal('code'), value: template, ...corner };
/** Sizes are of the whole box, quiet zone (静区) included. */
export const qrSchema = record({
  ...code,
  symbology: Type.Literal('qr'),
  level: Type.Optional(
    Type.Union([Type.Literal('L'), Type.Literal('M'), Type.Literal('Q'), Type.Literal('H')]),
  ),
  /** No smaller version (1–40) is used: with that of the longest text all cards have symbols of one size. */
  minVersion: Type.Optional(Type.Integer({ minimum: 1, maximum: 40 })),
  sizeMm: lengthMm,
  ink,
});
export const dataMatrixSchema = record({
  ...code,
  symbology: Type.Literal('datamatrix'),
  sizeMm: lengthMm,
  ink,
});
export const code128Schema = record({
  ...code,
  symbology: Type.Literal('code128'),
  widthMm: lengthMm,
  heightMm: lengthMm,
  ink,
});

export const rectSchema = record({
  ...anyElement,
  type: Type.Literal('rect'),
  ...box,
  radiusMm: Type.Optional(radiusMm),
  ink,
});
export const lineSchema = record({
  ...anyElement,
  type: Type.Literal('line'),
  x1Mm: positionMm,
  y1Mm: positionMm,
  x2Mm: positionMm,
  y2Mm: positionMm,
  widthPt: Type.Number({ minimum: 0.05, maximum: 100 }),
  ink,
});
/** A covering (刮刮层, 涂层) in a spot ink. It must be 0.5 mm larger on each side than what it hides. */
export const panelSchema = record({
  ...anyElement,
  type: Type.Literal('panel'),
  spot: name,
  tint: Type.Optional(part),
  overprint: Type.Optional(Type.Boolean()),
  ...box,
  radiusMm: Type.Optional(radiusMm),
});

/** By `type`, and codes by their symbology, so that a mistake is explained by the one schema that was meant. */
export const elementSchemas = {
  image: imageSchema,
  text: textSchema,
  password: passwordSchema,
  'code qr': qrSchema,
  'code datamatrix': dataMatrixSchema,
  'code code128': code128Schema,
  rect: rectSchema,
  line: lineSchema,
  panel: panelSchema,
} as const;

export const elementSchema = Type.Union([
  imageSchema,
  textSchema,
  passwordSchema,
  qrSchema,
  dataMatrixSchema,
  code128Schema,
  rectSchema,
  lineSchema,
  panelSchema,
]);

/** What stands in a proof (样张) for a value: its length is kept, nothing else. See `dummyRow`. */
export const dummySchema = Type.Union([
  Type.Literal('digits'),
  Type.Literal('letters'),
  Type.Literal('same-width'),
]);
const fieldSchema = record({
  secret: Type.Optional(Type.Boolean()),
  dummy: Type.Optional(dummySchema),
  /** Shown by previews that have no record. */
  sample: Type.Optional(Type.String({ maxLength: 500 })),
});

const shell = {
  version: Type.Literal(1),
  name,
  card: record({
    widthMm: Type.Number({ minimum: 10, maximum: longestSideMm }),
    heightMm: Type.Number({ minimum: 10, maximum: longestSideMm }),
    cornerRadiusMm: Type.Optional(radiusMm),
    /** Text and codes nearer to the edge than this are warned of. 2.5–4 is usual. */
    safeMm: Type.Optional(Type.Number({ minimum: 0, maximum: 20 })),
  }),
  fields: Type.Optional(Type.Record(Type.String(), fieldSchema)),
  spots: Type.Optional(Type.Array(record({ name, cmyk }), { maxItems: 32 })),
  artworks: Type.Optional(
    Type.Record(Type.String(), record({ file: Type.String({ minLength: 1, maxLength: 255 }) })),
  ),
};
const mostElements = { maxItems: 500 };
/** A layout whose elements have not been looked at. */
export const shellSchema = record({
  ...shell,
  front: Type.Optional(Type.Array(Type.Unknown(), mostElements)),
  back: Type.Optional(Type.Array(Type.Unknown(), mostElements)),
});

/** A card's layout, version 1. Millimetres from the trim's top left corner, y downwards; elements from the lowest up. */
export const layoutSchema = record({
  ...shell,
  front: Type.Optional(Type.Array(elementSchema, mostElements)),
  back: Type.Optional(Type.Array(elementSchema, mostElements)),
});

export type Layout = Static<typeof layoutSchema>;
export type LayoutElement = Static<typeof elementSchema>;
export type ElementOf<T extends LayoutElement['type']> = Extract<LayoutElement, { type: T }>;
export type LayoutInk = Static<typeof inkSchema>;
export type DummyKind = Static<typeof dummySchema>;
