import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type Dialect,
  peekSpi,
  readSpiCall,
  type SpiAnswerOf,
  type SpiCall,
  type SpiMethod,
  type SpiRequest,
  verifySpi,
  type WireAnswer,
  writeSpiAnswer,
  writeSpiFailure,
} from '@cardwright/top';

export const appKey = '12345678';
export const appSecret = 'helloworld';

export interface FakeMaker {
  readonly url: string;
  /** The calls that verified and decoded, in order. */
  readonly calls: SpiCall[];
  /** Every request, as it came. */
  readonly requests: SpiRequest[];
  close(): Promise<void>;
}

/** A card maker that verifies every call and accepts what it understands, or answers as `answerWith` says. */
export async function startFakeMaker(
  options: {
    dialect?: Dialect;
    /** Instead of the maker's own answer; `undefined` inside: never answer. */
    answerWith?: () => { httpStatus?: number; contentType?: string; body: Buffer } | undefined;
  } = {},
): Promise<FakeMaker> {
  const calls: SpiCall[] = [];
  const requests: SpiRequest[] = [];
  const server = createServer((incoming, response) => {
    incoming.toArray().then((chunks: Buffer[]) => {
      const request: SpiRequest = {
        method: incoming.method ?? '',
        url: incoming.url ?? '',
        headers: incoming.headers,
        body: Buffer.concat(chunks),
      };
      requests.push(request);
      const own = options.answerWith === undefined ? answerTo(request, calls, options.dialect) : undefined;
      const answer = own ?? options.answerWith?.();
      if (answer === undefined) return;
      response.writeHead('httpStatus' in answer ? (answer.httpStatus ?? 200) : 200, {
        'content-type': answer.contentType ?? 'application/json',
      });
      response.end(answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/spi`,
    calls,
    requests,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function answerTo(request: SpiRequest, calls: SpiCall[], dialect: Dialect | undefined): WireAnswer {
  const { method, format, charset } = peekSpi(request);
  const failed = (code: string, message: string): WireAnswer =>
    writeSpiFailure(method, { code, message }, { format, charset });
  const verdict = verifySpi(request, appSecret);
  if (!verdict.ok) return failed('sign-check-failure', 'Illegal request');
  const reading = readSpiCall(verdict.parts);
  if (!reading.ok) return failed('bad-parameter', reading.refusal.issue.path);
  const { call } = reading;
  calls.push(call);
  const style = { format: call.format, charset: call.charset, ...(dialect === undefined ? {} : { dialect }) };
  return writeSpiAnswer(call.method, acceptance(call.method), style);
}

function acceptance(method: SpiMethod): SpiAnswerOf<SpiMethod> {
  const outcome = { success: true, result_code: '', result_message: '已接收' };
  if (method === 'alibaba.fundplatform.cardorder.make')
    return { response: { making_card_no: 'N0001', ...outcome } };
  if (method !== 'alibaba.fundplatform.cardorder.status.query') return outcome;
  const logistics = { logistics_company: '', logistics_order_id: '' };
  return { response: { status: 'REQUEST_RECEIVED', ...logistics, ...outcome } };
}
