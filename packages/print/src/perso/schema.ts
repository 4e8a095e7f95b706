import { type Static, type TObject, type TProperties, Type } from 'typebox';

const record = <P extends TProperties>(properties: P): TObject<P> =>
  Type.Object(properties, { additionalProperties: false });
const columnPattern = '^[\\p{L}_][^{}]{0,63}$';
const column = Type.String({ pattern: columnPattern });
/** Text in which `{column}` stands for the record's text; `{{` and `}}` for the brackets themselves. */
const template = Type.String({ minLength: 1, maxLength: 1000 });
const width = Type.Integer({ minimum: 1, maximum: 4000 });
/** Printed in columns, so no line break; never a quote or a separator. */
const plainWord = Type.String({ pattern: '^[A-Za-z0-9#*_.]{1,16}$' });

const padding = record({
  side: Type.Union([Type.Literal('left'), Type.Literal('right')]),
  character: Type.String({ pattern: '^[A-Za-z0-9 #*_.]$' }),
});
const placed = {
  /** The header's text in CSV and fixed width, the key in JSON lines. */
  name: Type.String({ pattern: '^[\\p{L}][^"\\\\{}|,;\\p{C}]{0,63}$' }),
  width: Type.Optional(width),
  /** Without it, a value must have the field's width exactly. */
  pad: Type.Optional(padding),
};

const textFieldSchema = record({
  ...placed,
  from: Type.Literal('record'),
  value: template,
  /** ASCII letters only: others may change their number. */
  case: Type.Optional(Type.Union([Type.Literal('upper'), Type.Literal('lower')])),
  check: Type.Optional(
    record({
      scheme: Type.Union([
        Type.Literal('luhn'),
        Type.Literal('gs1'),
        Type.Literal('mod-11-2'),
        Type.Literal('mod-11-10'),
        Type.Literal('mod-97-10'),
      ]),
      do: Type.Union([Type.Literal('verify'), Type.Literal('append')]),
    }),
  ),
  mayBeEmpty: Type.Optional(Type.Boolean()),
  /** What CSV does with a cell that a spreadsheet would compute; `refuse` where it is left out. */
  formula: Type.Optional(
    Type.Union([Type.Literal('refuse'), Type.Literal('signed-number'), Type.Literal('allow')]),
  ),
});
const sequenceFieldSchema = record({
  ...placed,
  from: Type.Literal('sequence'),
  start: Type.Optional(Type.Integer({ minimum: 0, maximum: 1e12 })),
});
/** A sign at the last card of each bundle (扎), and at the last of the file. */
const bundleEndFieldSchema = record({
  ...placed,
  from: Type.Literal('bundle-end'),
  last: plainWord,
  other: Type.String({ pattern: '^[A-Za-z0-9#*_. ]{0,16}$' }),
});
/** Blanks that the line overwrites in place once a card is made (完成标记). */
const doneMarkFieldSchema = record({ ...placed, from: Type.Literal('done-mark'), width });
/** What the camera compares (匹配码): a keyed digest of columns that are not secret. */
const matchKeyFieldSchema = record({
  ...placed,
  from: Type.Literal('match-key'),
  value: template,
  characters: Type.Integer({ minimum: 6, maximum: 26 }),
});
/** What the machine writes into its log of each card (日志串): only columns that are not secret. */
const logFieldSchema = record({ ...placed, from: Type.Literal('log'), value: template });

/**
 * What a personalisation line reads (个人化数据文件规格), version 1: one card a row. The JSON schema and the type are
 * this one value.
 */
export const persoProfileSchema = Type.Object(
  {
    version: Type.Literal(1),
    name: Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$' }),
    format: Type.Union([Type.Literal('csv'), Type.Literal('fixed-width'), Type.Literal('jsonl')]),
    encoding: Type.Union([Type.Literal('utf-8'), Type.Literal('gb18030')]),
    /** UTF-8 only. */
    byteOrderMark: Type.Optional(Type.Boolean()),
    lineEnd: Type.Union([Type.Literal('crlf'), Type.Literal('lf')]),
    header: Type.Optional(Type.Boolean()),
    /** CSV only; a comma where it is left out. */
    separator: Type.Optional(
      Type.Union([Type.Literal(','), Type.Literal(';'), Type.Literal('\t'), Type.Literal('|')]),
    ),
    /** CSV only; `never` where it is left out: a value that would need quotes is refused. */
    quotes: Type.Optional(
      Type.Union([Type.Literal('never'), Type.Literal('where-needed'), Type.Literal('always')]),
    ),
    /** What widths count: machines that cut lines by position count bytes. Characters are code points. */
    widthIn: Type.Optional(Type.Union([Type.Literal('bytes'), Type.Literal('characters')])),
    /** Every column that the profile may use. One that is not listed counts as secret everywhere. */
    columns: Type.Record(column, record({ secret: Type.Optional(Type.Boolean()) }), {
      minProperties: 1,
      maxProperties: 1000,
      additionalProperties: false,
    }),
    fields: Type.Array(
      Type.Union([
        textFieldSchema,
        sequenceFieldSchema,
        bundleEndFieldSchema,
        doneMarkFieldSchema,
        matchKeyFieldSchema,
        logFieldSchema,
      ]),
      { minItems: 1, maxItems: 200 },
    ),
    /** Cards in a bundle; with `marker`, a line after each bundle: the marker, the bundle's number, its cards. */
    bundle: Type.Optional(
      record({ size: Type.Integer({ minimum: 1, maximum: 1_000_000 }), marker: Type.Optional(plainWord) }),
    ),
    /**
     * The last line: the marker, the number of cards, the sum of a column of whole numbers (hash total) where asked, and
     * the SHA-256 of all bytes of the file before this line.
     */
    totals: Type.Optional(record({ marker: plainWord, sum: Type.Optional(column) })),
    /** SHA-256 of the canonical JSON of all else: with it, a changed profile is refused. */
    lock: Type.Optional(Type.String({ pattern: '^[0-9a-f]{64}$' })),
  },
  { title: 'Personalisation profile · 个人化文件规格', additionalProperties: false },
);

export type PersoProfileJson = Static<typeof persoProfileSchema>;
export type PersoField = PersoProfileJson['fields'][number];
export type PersoTextField = Extract<PersoField, { from: 'record' }>;
export type PersoFormat = PersoProfileJson['format'];
