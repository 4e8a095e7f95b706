import { encodeFields, encodeJson, encodeXmlFields } from '../schema/encode.ts';
import { type SpiMethod, type SpiRequestOf, spiFamily } from './spi.ts';

/** The business part of an SPI request, ready for `composeSpi`. */
export type SpiBody =
  | { kind: 'form' | 'get' | 'multipart'; fields: Record<string, string> }
  | { kind: 'json' | 'xml' | 'text'; payload: string };

/** Encodes the parameters of an SPI method the way the platform sends them, in the body style asked for. */
export function encodeSpiBody<M extends SpiMethod>(
  method: M,
  params: SpiRequestOf<M>,
  kind: SpiBody['kind'],
): SpiBody {
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
