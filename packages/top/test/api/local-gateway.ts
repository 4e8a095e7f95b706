import { once } from 'node:events';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type ApiRefusal, writeApiAnswer, writeApiError } from '../../src/api/answer.ts';
import { TopClient, type TopClientOptions } from '../../src/api/client.ts';
import type { TopError } from '../../src/api/errors.ts';
import { type ApiCall, readApiCall } from '../../src/api/gateway.ts';
import { type ApiAnswerOf, type ApiMethod, apiFamily } from '../../src/family/api.ts';
import type { StructSchema } from '../../src/schema/schema.ts';
import type { SpiRequest } from '../../src/spi/request.ts';

export const appKey = '12345678';
export const appSecret = 'helloworld';

export type Serve = (request: SpiRequest, response: ServerResponse, message: IncomingMessage) => void;

/** A real HTTP server on loopback, closed with all its connections when the test ends. */
export async function startServer(context: TestContext, serve: Serve): Promise<string> {
  const server = http.createServer(async (message, response) => {
    const body = await buffer(message);
    const { method = '', url = '', headers } = message;
    serve({ method, url, headers, body }, response, message);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/router/rest`;
}

export function newClient(
  context: TestContext,
  gateway: string,
  options: Partial<TopClientOptions> = {},
): TopClient {
  const client = new TopClient({ appKey, appSecret, gateway, ...options });
  context.after(() => client.close());
  return client;
}

export type Answer =
  | { readonly value: unknown; readonly schema?: StructSchema }
  | { readonly refusal: ApiRefusal };

/** What the platform does, with `readApiCall` and `writeApiAnswer`: the peer of every client test. */
export function platform(
  answer: (call: ApiCall) => Answer,
  wire: { gzip?: boolean; comment?: string; contentType?: string } = {},
): Serve {
  return (request, response) => {
    const reading = readApiCall(request, (key) => (key === appKey ? appSecret : undefined), Date.now());
    const comment = wire.comment === undefined ? {} : { comment: wire.comment };
    const style = { format: reading.format, requestId: 'req-1', ...comment };
    const given: Answer = reading.ok ? answer(reading) : { refusal: reading.refusal };
    const written =
      'refusal' in given || !reading.ok
        ? writeApiError((given as { refusal: ApiRefusal }).refusal, style)
        : writeApiAnswer(
            reading.method,
            given.schema ?? apiFamily[reading.method as ApiMethod].answer,
            given.value as never,
            { ...style, simplify: reading.simplify },
          );
    response.setHeader('Content-Type', wire.contentType ?? written.contentType);
    if (wire.gzip) response.setHeader('Content-Encoding', 'gzip');
    response.end(wire.gzip ? gzipSync(written.body) : written.body);
  };
}

export function answers<M extends ApiMethod>(_method: M, value: ApiAnswerOf<M>): Answer {
  return { value };
}

/** Answers with fixed bytes, whatever was asked. */
export function fixed(
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>> = {},
  status = 200,
): Serve {
  return (_request, response) => {
    response.writeHead(status, headers);
    response.end(body);
  };
}

/** A clock that moves only when somebody sleeps. */
export function virtualTiming(randomValue = 0) {
  const pausesMs: number[] = [];
  let elapsedMs = 0;
  return {
    pausesMs,
    timing: {
      wallMs: Date.now,
      monotonicMs: () => elapsedMs,
      sleep: async (ms: number) => {
        pausesMs.push(ms);
        elapsedMs += ms;
      },
      random: () => randomValue,
    },
  };
}

/** The error of a call that must fail with a `TopError`. */
export async function failureOf(call: Promise<unknown>): Promise<TopError> {
  let value: unknown;
  try {
    value = await call;
  } catch (error) {
    if ((error as Error).name === 'TopError') return error as TopError;
    throw error;
  }
  throw new Error(`a TopError was expected, not ${typeof value}`);
}
