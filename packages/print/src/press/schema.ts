import { type Static, type TObject, type TProperties, type TSchema, Type } from 'typebox';

const record = <P extends TProperties>(properties: P, description: string): TObject<P> =>
  Type.Object(properties, { additionalProperties: false, description });
const mm = (minimum: number, maximum: number, description: string, byDefault?: number) =>
  Type.Number({ minimum, maximum, description, ...(byDefault === undefined ? {} : { default: byDefault }) });
const count = (minimum: number, maximum: number, description: string, byDefault?: number) =>
  Type.Integer({ minimum, maximum, description, ...(byDefault === undefined ? {} : { default: byDefault }) });
const flag = (description: string) => Type.Boolean({ default: false, description });
const line = (maxLength: number, description: string) =>
  Type.String({
    minLength: 1,
    maxLength,
    pattern: '^[^\\p{Z}\\p{C}][^\\p{C}\\p{Zl}\\p{Zp}]*$',
    description,
  });

const edges = [
  Type.Literal('top'),
  Type.Literal('left'),
  Type.Literal('right'),
  Type.Literal('bottom'),
] as const;
export type Edge = 'top' | 'left' | 'right' | 'bottom';
const place = (description: string) =>
  Type.Union([Type.Boolean(), ...edges], {
    default: false,
    description: `${description}: false, true (the edge with most room), top, left, right or bottom of the front`,
  });

const card = record(
  { widthMm: mm(10, 500, 'Trimmed width'), heightMm: mm(10, 500, 'Trimmed height') },
  'The only card size that this press takes; the layout must have it.',
);

const sheet = record(
  {
    widthMm: mm(20, 2000, 'Across, as the front is looked at'),
    heightMm: mm(20, 2000, 'Upwards, as the front is looked at'),
    columns: count(1, 100, 'Cards side by side'),
    rows: count(1, 100, 'Cards one above another'),
    gutterXMm: mm(0, 100, 'Between columns, trim to trim. Below twice the bleed, bleeds end halfway.'),
    gutterYMm: mm(0, 100, 'Between rows, trim to trim. Below twice the bleed, bleeds end halfway.'),
    gripperMm: mm(0, 100, 'Left blank along the gripper edge', 0),
    gripperEdge: Type.Union([...edges], {
      default: 'bottom',
      description: 'The edge that enters the press first',
    }),
    marginMm: mm(0, 100, 'Left blank along the other edges: what the press cannot print', 3),
    cards: Type.Union([Type.Literal('upright'), Type.Literal('quarter-turn')], {
      default: 'upright',
      description: 'How cards lie on the front; a quarter turn is clockwise',
    }),
  },
  'Cards imposed on sheets, cut and stacked. Without it: one card a page.',
);

const duplex = record(
  {
    turn: Type.Union([Type.Literal('side'), Type.Literal('head')], {
      description: 'How the sheet is turned for its back: like a page of a book (side) or tumbled (head)',
    }),
    back: Type.Union([Type.Literal('head-to-head'), Type.Literal('head-to-foot')], {
      default: 'head-to-head',
      description: 'Where the back has its head when the card is turned like a page of a book',
    }),
  },
  'Printing of both sides. Sheets without it have a front only.',
);

const marks = record(
  {
    crop: flag('Crop marks outside the bleed, and between cards where there is room'),
    registration: flag('Registration targets at the corners of the block, on every plate'),
    colourBar: place('Patches of each ink and of grey'),
    slug: place('Job, file, sheet, side, date and record range, with the sheet number as Code 128'),
    stackNumbers: flag('The number of each stack beside its crop marks'),
  },
  'What is printed on the sheet outside the cards.',
);

const outputIntent = record(
  {
    profile: line(1024, 'File of the ICC profile'),
    condition: line(64, 'Name of the printing condition, such as FOGRA39'),
    registry: Type.Optional(line(256, 'Where that name is registered')),
    info: Type.Optional(line(256, 'The condition in words')),
  },
  'The printing condition that colours are meant for (ISO 15930-7, 6.2).',
);

/** A press (印刷机) as data, version 1. The type and `schema/press-1.json` come from this one value. */
export const pressSchema = record(
  {
    version: Type.Literal(1),
    name: line(64, 'What people call this press'),
    dotsPerInch: count(72, 5080, 'Dots of the press: codes and cards are laid on them'),
    bleedMm: mm(0, 10, 'Artwork beyond the trim, 出血'),
    card: Type.Optional(card),
    codes: Type.Union([Type.Literal('mask'), Type.Literal('rectangles')], {
      default: 'mask',
      description: 'Codes as 1-bit image masks of one sample a module, or as filled rectangles',
    }),
    minDotsPerModule: count(1, 100, 'Below so many dots a module, a code is refused', 4),
    sheet: Type.Optional(sheet),
    duplex: Type.Optional(duplex),
    marks: Type.Optional(marks),
    separateLayers: Type.Array(
      Type.String({
        pattern: '^[\\p{L}\\p{N}][\\p{L}\\p{N}_\\-]{0,31}$',
        description: 'A layer of the layout',
      }),
      { default: [], maxItems: 16, uniqueItems: true, description: 'Layers that go to files of their own' },
    ),
    sheetsPerFile: Type.Optional(count(1, 100_000, 'Sheets in a file and in a cut stack; 500 unless stated')),
    cardsPerFile: Type.Optional(
      count(1, 10_000_000, 'Without sheet: cards in a file; 100,000 unless stated'),
    ),
    maxInkPercent: Type.Number({
      minimum: 100,
      maximum: 400,
      default: 300,
      description: 'Limit of total ink',
    }),
    minImageDpi: Type.Number({
      minimum: 36,
      maximum: 5080,
      default: 300,
      description: 'Of artwork, as placed',
    }),
    outputIntent: Type.Optional(outputIntent),
    compress: Type.Boolean({ default: false, description: 'Whether page contents are deflated' }),
  },
  'Press profile of @cardwright/print (印刷机参数)',
);

/** A press that was read and checked: settings that were left out have their defaults. Lengths are millimetres. */
export type PressProfile = Static<typeof pressSchema>;
export type PressSheet = NonNullable<PressProfile['sheet']>;
export type PressMarks = NonNullable<PressProfile['marks']>;

/** The JSON Schema for people who write presses: what has a default may be left out. */
export function writtenPressSchema(): object {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    ...(withDefaultsOptional(pressSchema) as object),
  };
}

function withDefaultsOptional(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withDefaultsOptional);
  if (typeof value !== 'object' || value === null) return value;
  const copy = Object.fromEntries(
    Object.entries(value).map(([key, part]) => [key, withDefaultsOptional(part)]),
  );
  const { required, properties } = value as { required?: string[]; properties?: Record<string, TSchema> };
  if (required !== undefined && properties !== undefined)
    copy['required'] = required.filter((name) => !('default' in (properties[name] as object)));
  return copy;
}
