export { type ApiRefusal, apiRefusal, writeApiAnswer, writeApiError } from './api/answer.ts';
export {
  type CardPage,
  type CardPageRequest,
  type CardPagesRequest,
  type CardsByNumberRequest,
  cardNumbersToSign,
  maxPageSize,
} from './api/card-pages.ts';
export {
  type ApiResult,
  type CallOptions,
  type CardPagesOptions,
  TopClient,
  type TopClientOptions,
} from './api/client.ts';
export { gatewayErrors, judgeGatewayError, TopError, type TopErrorKind } from './api/errors.ts';
export {
  type ApiCall,
  type ApiCallReading,
  readApiCall,
} from './api/gateway.ts';
export type { Timing } from './api/retry.ts';
export { type SignMethod, signApi } from './api/sign.ts';
export {
  type ApiAnswerOf,
  type ApiMethod,
  type ApiRequestOf,
  apiFamily,
  type CardMakingInfo,
  cardMakingInfo,
  isApiMethod,
} from './family/api.ts';
export {
  type BuyingApiAnswerOf,
  type BuyingApiMethod,
  type BuyingApiRequestOf,
  buyingApiFamily,
  type CardOrderMakeSuccess,
  cardOrderMakeSuccess,
  encodeMakeSuccess,
  isBuyingApiMethod,
  type MakeSuccessAnswer,
  makeSuccessMethod,
  readMakeSuccessAnswer,
} from './family/buying.ts';
export {
  type CardOrderMake,
  type CardOrderReference,
  type CardProductInfo,
  type CardTemplateNew,
  type Environment,
  environments,
  isSpiMethod,
  type LogisticsInfo,
  logisticsInfo,
  type PlatformStatus,
  platformStatuses,
  type SpiAnswerOf,
  type SpiMethod,
  type SpiRequestOf,
  spiFamily,
} from './family/spi.ts';
export {
  type AnswerStyle,
  peekSpi,
  readSpiAnswer,
  type WireAnswer,
  writeSpiAnswer,
  writeSpiFailure,
} from './family/spi-answer.ts';
export { encodeSpiBody } from './family/spi-compose.ts';
export {
  type AnswerFormat,
  formatTimestamp,
  parseTimestamp,
  readSpiCall,
  type SpiCall,
  type SpiCallReading,
  type SpiCallRefusal,
} from './family/spi-request.ts';
export { type JsonReading, type JsonValue, readJson } from './json/read-json.ts';
export { decodeFields, decodeJson, decodeXml } from './schema/decode.ts';
export {
  type Dialect,
  encodeFields,
  encodeJson,
  encodeXmlFields,
  publishedDialect,
} from './schema/encode.ts';
export {
  blankable,
  bool,
  choice,
  type Decoded,
  digits,
  type Infer,
  type Issue,
  int64,
  list,
  optional,
  required,
  type Schema,
  type StructSchema,
  struct,
  text,
} from './schema/schema.ts';
export { type CallToCompose, type ComposedBody, composeSpi } from './spi/compose.ts';
export { explainSpi, type LabelledSecret, type SpiExplanation } from './spi/explain.ts';
export { type SpiParts, type SpiRefusal, type SpiRequest, spiRefusals } from './spi/request.ts';
export { signSpi } from './spi/sign.ts';
export { type SpiVerdict, verifySpi } from './spi/verify.ts';
export type { Charset } from './wire/charset.ts';
export { parseContentType } from './wire/content-type.ts';
