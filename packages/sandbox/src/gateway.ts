import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import {
  type ApiCall,
  type ApiMethod,
  apiFamily,
  apiRefusal,
  decodeFields,
  isApiMethod,
  readApiCall,
  type WireAnswer,
  writeApiAnswer,
  writeApiError,
} from '@cardwright/top';
import type { ApiActs, ApiOutcome, ApiRefusal } from './api-acts.ts';

export interface GatewayParts {
  readonly acts: ApiActs;
  readonly appKey: string;
  readonly appSecret: string;
  readonly clock: () => Date;
  /** One line for each call, without secrets and card data. */
  readonly log: (line: string) => void;
}

/** The TOP gateway at `/router/rest`, for every client style. Answers always with HTTP status 200. */
export function createGateway(
  parts: GatewayParts,
): (request: IncomingMessage, body: Buffer, response: ServerResponse) => Promise<void> {
  const lookup = (appKey: string): string | undefined =>
    appKey === parts.appKey ? parts.appSecret : undefined;
  return async (request, body, response) => {
    const requestId = randomBytes(8).toString('hex');
    const { method = 'GET', url = '', headers } = request;
    const call = readApiCall({ method, url, headers, body }, lookup, parts.clock().getTime());
    if (!call.ok) {
      parts.log(
        `← ${call.method ?? '?'}: refused with ${call.refusal.code} ${call.refusal.subCode ?? ''}`.trimEnd(),
      );
      return send(request, response, writeApiError(call.refusal, { format: call.format, requestId }));
    }
    const answered = await answer(parts.acts, call, requestId);
    parts.log(`← ${call.method}${describeFields(call)}: ${answered.outcome}`);
    send(request, response, answered.wire);
  };
}

async function answer(
  acts: ApiActs,
  call: ApiCall,
  requestId: string,
): Promise<{ wire: WireAnswer; outcome: string }> {
  const { format, simplify } = call;
  const refuse = (refusal: ApiRefusal | ReturnType<typeof apiRefusal>) => ({
    wire: writeApiError(refusal, { format, requestId }),
    outcome: `refused with ${refusal.code} ${refusal.subCode ?? ''}`.trimEnd(),
  });
  if (!isApiMethod(call.method)) return refuse(apiRefusal(22, 'isv.invalid-method'));
  const family = apiFamily[call.method];
  const request = decodeFields(family.request, call.fields);
  if (!request.ok) {
    const code = request.issue.found === 'nothing' ? 40 : 41;
    const subCode = code === 40 ? 'isv.missing-parameter' : 'isv.invalid-parameter';
    return refuse(apiRefusal(code, `${subCode}:${request.issue.path}`, `expected ${request.issue.expected}`));
  }
  const act = acts[call.method] as (request: unknown) => Promise<ApiOutcome<ApiMethod>>;
  const outcome = await act(request.value);
  if (!outcome.ok) return refuse(outcome.refusal);
  const wire = writeApiAnswer(call.method, family.answer, outcome.answer as never, {
    format,
    simplify,
    requestId,
  });
  return { wire, outcome: 'answered' };
}

/** Which order and page a call is about: ids, never card numbers. */
function describeFields(call: ApiCall): string {
  const fields = [...call.fields.values()].join(' ');
  const order = /"?card_order_id"?\s*:?\s*"?(\d+)/.exec(fields)?.[1] ?? call.fields.get('card_order_id');
  const page = /"current_page"\s*:\s*"?(\d+)/.exec(fields)?.[1];
  return `${order === undefined ? '' : ` order=${order}`}${page === undefined ? '' : ` page=${page}`}`;
}

/** Compressed where the client takes it and it pays, as the real gateway does. */
function send(request: IncomingMessage, response: ServerResponse, wire: WireAnswer): void {
  const compress =
    wire.body.length > 1024 && /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
  const body = compress ? gzipSync(wire.body) : wire.body;
  response.writeHead(200, {
    'content-type': wire.contentType,
    'content-length': body.length,
    ...(compress ? { 'content-encoding': 'gzip' } : {}),
  });
  response.end(body);
}
