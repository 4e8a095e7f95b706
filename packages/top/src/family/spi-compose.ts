import { encodeFields, encodeJson, encodeXmlFields } from '../schema/encode.ts';
import type { ComposedBody } from '../spi/compose.ts';
import { type SpiMethod, type SpiRequestOf, spiFamily } from './spi.ts';

/** Encodes the parameters of an SPI method the way the platform sends them, in the body style asked for. */
export function encodeSpiBody<M extends SpiMethod>(
  method: M,
  params: SpiRequestOf<M>,
  kind: ComposedBody['kind'],
): ComposedBody {
  const schema = spiFamily[method].request;
  switch (kind) {
    case 'form':
    case 'get':
    case 'multipart':
      return { kind, fields: encodeFields(schema, params as never) };
    case 'json':
    case 'text':
      return { kind, payload: encodeJson(schema, params as never) };
    case 'xml':
      return { kind, payload: `<request>${encodeXmlFields(schema, params as never)}</request>` };
  }
}
