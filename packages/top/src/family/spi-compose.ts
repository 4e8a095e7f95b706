import { encodeFields, encodeJson, encodeXmlFields } from '../schema/encode.ts';
import type { Infer, StructSchema } from '../schema/schema.ts';
import type { ComposedBody } from '../spi/compose.ts';
import { type SpiMethod, type SpiRequestOf, spiFamily } from './spi.ts';

/** Encodes the parameters of an SPI method the way the platform sends them, in the body style asked for. */
export function encodeSpiBody<M extends SpiMethod>(
  method: M,
  params: SpiRequestOf<M>,
  kind: ComposedBody['kind'],
): ComposedBody {
  return encodeBody(spiFamily[method].request, params as never, kind);
}

/** Encodes a struct as the parameters of an SPI call; `<request>` is the root in XML. */
export function encodeBody<S extends StructSchema>(
  schema: S,
  params: Infer<S>,
  kind: ComposedBody['kind'],
): ComposedBody {
  switch (kind) {
    case 'form':
    case 'get':
    case 'multipart':
      return { kind, fields: encodeFields(schema, params) };
    case 'json':
    case 'text':
      return { kind, payload: encodeJson(schema, params) };
    case 'xml':
      return { kind, payload: `<request>${encodeXmlFields(schema, params)}</request>` };
  }
}
