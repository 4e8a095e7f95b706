import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import {
  type ApiAnswerOf,
  type ApiCall,
  type ApiMethod,
  type ApiRequestOf,
  apiFamily,
  apiRefusal,
  type Decoded,
  decodeFields,
  decodeJson,
  decodeXml,
  isApiMethod,
  readApiCall,
  type WireAnswer,
  writeApiAnswer,
  writeApiError,
} from '@cardwright/top';
import type { ApiActs, ApiOutcome, ApiRefusal } from './api-acts.ts';
import { describeApiCall } from './call-log.ts';

/** Answers one request to `/router/rest`, whose body was read already. */
export type Gateway = (request: IncomingMessage, body: Buffer, response: ServerResponse) => Promise<void>;

const gzipped = promisify(gzip);
// Below one network packet compression saves nothing.
const minGzipBytes = 1400;

/** The TOP gateway of a platform with one application: any client style, every answer with HTTP status 200. */
export function createGateway(parts: {
  acts: ApiActs;
  appKey: string;
  appSecret: string;
  clock: () => Date;
  log: (line: string) => void;
}): Gateway {
  const { acts, log } = parts;
  let answered = 0;

  async function answerTo(request: IncomingMessage, body: Buffer): Promise<WireAnswer> {
    const startedMs = performance.now();
    const nowMs = parts.clock().getTime();
    const requestId = `${nowMs.toString(36)}-${(++answered).toString(36)}`;
    const { method = '', url = '', headers } = request;
    const secretOf = (appKey: string): string | undefined =>
      appKey === parts.appKey ? parts.appSecret : undefined;
    const reading = readApiCall({ method, url, headers, body }, secretOf, nowMs);
    const tell = (apiMethod: string, what: string): void =>
      log(`← ${apiMethod} ${what}, ${Math.round(performance.now() - startedMs)} ms`);
    const refuse = (apiMethod: string, refusal: Partial<ApiRefusal> & Pick<ApiRefusal, 'code' | 'msg'>) => {
      tell(apiMethod, `refused: ${refusal.code} ${refusal.subCode ?? refusal.msg}`);
      return writeApiError(refusal, { format: reading.format, requestId });
    };
    if (!reading.ok) return refuse(printable(reading.method), reading.refusal);
    if (!isApiMethod(reading.method)) {
      return refuse(printable(reading.method), apiRefusal(22, 'isv.invalid-method'));
    }
    const performed = await perform(acts, reading.method, reading);
    if (!performed.ok) return refuse(reading.method, performed.refusal);
    tell(reading.method, performed.description);
    const { format, simplify } = reading;
    return writeApiAnswer(
      reading.method,
      apiFamily[reading.method].answer,
      performed.answer as ApiAnswerOf<never>,
      { format, simplify, requestId },
    );
  }

  return async (request, body, response) => {
    const answer = await answerTo(request, body);
    const compress =
      answer.body.length >= minGzipBytes && /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
    const bytes = compress ? await gzipped(answer.body, { level: 1 }) : answer.body;
    response.writeHead(200, {
      'content-type': answer.contentType,
      'content-length': bytes.length,
      ...(compress ? { 'content-encoding': 'gzip' } : {}),
    });
    response.end(bytes);
  };
}

/** Decodes the fields of a call, performs it and describes it for the log. */
async function perform<M extends ApiMethod>(
  acts: ApiActs,
  method: M,
  call: ApiCall,
): Promise<{ ok: true; answer: ApiAnswerOf<M>; description: string } | { ok: false; refusal: ApiRefusal }> {
  const decoded = decodeRequest(method, call);
  if (!decoded.ok) {
    const { path, expected, found } = decoded.issue;
    const isMissing = found === 'nothing';
    const subMsg = `${path || '参数 parameters'}: ${expected}`;
    const refusal = isMissing
      ? { code: 40, msg: 'Missing Required Arguments', subCode: `isv.missing-parameter:${path}`, subMsg }
      : { code: 41, msg: 'Invalid Arguments', subCode: `isv.invalid-parameter:${path}`, subMsg };
    return { ok: false, refusal };
  }
  const act = acts[method] as (request: ApiRequestOf<M>) => Promise<ApiOutcome<M>>;
  const outcome = await act(decoded.value);
  if (!outcome.ok) return outcome;
  return { ...outcome, description: describeApiCall(decoded.value, outcome.answer) };
}

function decodeRequest<M extends ApiMethod>(method: M, call: ApiCall): Decoded<ApiRequestOf<M>> {
  const schema = apiFamily[method].request;
  const { payload } = call;
  const decoded =
    payload === undefined || payload === ''
      ? decodeFields(schema, call.fields)
      : payload.trimStart().startsWith('<')
        ? decodeXml(schema, payload)
        : decodeJson(schema, payload);
  return decoded as Decoded<ApiRequestOf<M>>;
}

/** A method's name as the caller wrote it, made safe for a log line. */
function printable(method: string | undefined): string {
  return method !== undefined && /^[\w.]{1,128}$/.test(method) ? method : '(no method)';
}
