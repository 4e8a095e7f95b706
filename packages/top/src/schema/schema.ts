/**
 * The shapes of the interface family as values: the wire decoders and the TypeScript types come from the same
 * schema, so that they cannot drift apart.
 */

export type Schema =
  | { readonly kind: 'int64'; readonly min: bigint }
  | { readonly kind: 'digits' }
  | { readonly kind: 'text' | 'blankable'; readonly maxLength: number; readonly quoted?: true }
  | { readonly kind: 'bool' }
  | { readonly kind: 'choice'; readonly options: readonly string[] }
  | {
      readonly kind: 'list';
      readonly item: Schema;
      readonly min: number;
      readonly max: number;
      readonly tag: string;
    }
  | StructSchema;

export interface Field<S extends Schema = Schema, R extends boolean = boolean> {
  readonly schema: S;
  readonly required: R;
}
export type Fields = Readonly<Record<string, Field>>;
export interface StructSchema<F extends Fields = Fields> {
  readonly kind: 'struct';
  readonly fields: F;
}

const fieldLists = new WeakMap<StructSchema, readonly (readonly [name: string, field: Field])[]>();

/** The fields of a struct in their order, listed once for each schema. */
export function fieldList(schema: StructSchema): readonly (readonly [name: string, field: Field])[] {
  const known = fieldLists.get(schema);
  if (known !== undefined) return known;
  const fields = Object.entries(schema.fields);
  fieldLists.set(schema, fields);
  return fields;
}

type Simplified<T> = { [K in keyof T]: T[K] } & {};
type RequiredKeys<F extends Fields> = { [K in keyof F]: F[K]['required'] extends true ? K : never }[keyof F];

/** The TypeScript type of the values that a schema describes. */
export type Infer<S> = S extends { kind: 'int64' | 'digits' }
  ? bigint
  : S extends { kind: 'text' | 'blankable' }
    ? string
    : S extends { kind: 'bool' }
      ? boolean
      : S extends { kind: 'choice'; options: readonly (infer O)[] }
        ? O
        : S extends { kind: 'list'; item: infer I }
          ? readonly Infer<I>[]
          : S extends { kind: 'struct'; fields: infer F extends Fields }
            ? Simplified<
                { readonly [K in RequiredKeys<F>]: Infer<F[K]['schema']> } & {
                  readonly [K in Exclude<keyof F, RequiredKeys<F>>]?: Infer<F[K]['schema']>;
                }
              >
            : never;

/** What a value should have been: `path` like `card_product_infos[3].count`; `found` never repeats the value. */
export interface Issue {
  readonly path: string;
  readonly expected: string;
  readonly found: string;
}
export type Decoded<T> = { ok: true; value: T } | { ok: false; issue: Issue };

/** A signed 64-bit integer of at least `min` (0 unless told), read losslessly as bigint. */
export const int64 = (min = 0n) => ({ kind: 'int64', min }) as const;
/** An integer ≥ 0 that travels as text (par values in fen), as bigint. */
export const digits = () => ({ kind: 'digits' }) as const;
/** Text of 1 to `maxLength` UTF-16 units. */
export const text = (maxLength = 1024) => ({ kind: 'text', maxLength }) as const;
/** Text that may be empty: the fields of an answer that are always sent. */
export const blankable = (maxLength = 1024) => ({ kind: 'blankable', maxLength }) as const;
/** The same text, for which no JSON number may stand: it may begin with zeros, which a number has lost. */
export const quoted = <S extends { readonly kind: 'text' | 'blankable' }>(schema: S) =>
  ({ ...schema, quoted: true }) as const;
export const bool = () => ({ kind: 'bool' }) as const;
export const choice = <const O extends readonly string[]>(...options: O) =>
  ({ kind: 'choice', options }) as const;
/** `tag` is the element name of one item in XML and the key of the wrapped list in JSON API answers. */
export const list = <S extends Schema>(item: S, bounds: { min?: number; max: number; tag: string }) =>
  ({ kind: 'list', item, min: bounds.min ?? 0, max: bounds.max, tag: bounds.tag }) as const;
export const struct = <const F extends Fields>(fields: F) => ({ kind: 'struct', fields }) as const;
export const required = <S extends Schema>(schema: S): Field<S, true> => ({ schema, required: true });
export const optional = <S extends Schema>(schema: S): Field<S, false> => ({ schema, required: false });
