import {
  type AnswerStyle,
  type Environment,
  environments,
  peekSpi,
  type WireAnswer,
  writeSpiAnswer,
  writeSpiFailure,
} from '@cardwright/top';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { Overloaded } from '../card-order/commit-coalescer.ts';
import { failpoint } from '../failpoint.ts';
import type { Admit, AdmittedRequest } from './admit.ts';
import { type GatewayServices, handleCall } from './handlers.ts';
import { failure } from './result-codes.ts';

export const bodyLimitBytes = 4 * 1024 * 1024;

export interface GatewayOptions {
  readonly admit: Admit;
  readonly services: GatewayServices;
  /** The answer dialect of an environment (of the first one where it is not known). */
  readonly dialectOf: (environment: Environment | undefined) => AnswerStyle['dialect'];
  /** Whether everything that an order needs is there; says what is missing. */
  readonly readiness: () => Promise<{ ready: boolean; detail: string }>;
  readonly trustedProxies: readonly string[];
  readonly log: Logger;
  /** More requests at once are answered "busy" without being looked at. */
  readonly maxRequestsInFlight?: number;
}

/** The HTTP server that the platform calls: `/spi`, `/spi/{environment}`, `/livez`, `/readyz`. */
export function createGateway(options: GatewayOptions): FastifyInstance {
  const app = Fastify({
    logger: false,
    trustProxy: options.trustedProxies.length === 0 ? false : [...options.trustedProxies],
    bodyLimit: bodyLimitBytes,
    requestTimeout: 15_000,
    keepAliveTimeout: 75_000,
    http: { headersTimeout: 10_000, maxHeaderSize: 32_768, connectionsCheckingInterval: 1_000 },
    forceCloseConnections: 'idle',
    routerOptions: { querystringParser: () => ({}) },
  });
  // Bodies stay bytes: the signature covers them exactly as sent.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.setErrorHandler((error: { statusCode?: number }, request, reply) => {
    const tooLarge = error.statusCode === 413;
    if (!tooLarge && (error.statusCode ?? 500) >= 500)
      options.log.error({ err: error }, 'a request failed unexpectedly');
    const answer = tooLarge
      ? failure('invalid-request', 'the body is larger than 4 MiB')
      : failure('invalid-request');
    send(
      reply.status(error.statusCode ?? 500),
      writeFailure(snapshot(request), answer, options.dialectOf(undefined)),
    );
  });
  registerHealth(app, options);
  registerSpi(app, options);
  return app;
}

function registerHealth(app: FastifyInstance, options: GatewayOptions): void {
  app.get('/livez', (_request, reply) => reply.type('text/plain').send('ok\n'));
  app.get('/readyz', async (_request, reply) => {
    const { ready, detail } = await options.readiness();
    return reply.status(ready ? 200 : 503).send({ ready, detail });
  });
}

function registerSpi(app: FastifyInstance, options: GatewayOptions): void {
  const maxInFlight = options.maxRequestsInFlight ?? 2_000;
  let inFlight = 0;
  const handler = async (
    request: FastifyRequest,
    environment: Environment | undefined,
    reply: FastifyReply,
  ): Promise<FastifyReply> => {
    const admitted = snapshot(request);
    if (inFlight >= maxInFlight) {
      return send(reply, writeFailure(admitted, failure('system-busy'), options.dialectOf(environment)));
    }
    inFlight++;
    try {
      return send(reply, await answerCall(options, admitted, environment));
    } finally {
      inFlight--;
    }
  };
  app.route({
    method: ['GET', 'POST'],
    url: '/spi',
    handler: (request, reply) => handler(request, undefined, reply),
  });
  for (const name of environments) {
    app.route({
      method: ['GET', 'POST'],
      url: `/spi/${name}`,
      handler: (request, reply) => handler(request, name, reply),
    });
  }
}

async function answerCall(
  options: GatewayOptions,
  request: AdmittedRequest,
  environment: Environment | undefined,
): Promise<WireAnswer> {
  const admission = options.admit(request, environment);
  if (!admission.ok) {
    options.log.warn(
      { code: admission.failure.code, reason: admission.reason, from: request.remoteAddress },
      'SPI call refused',
    );
    return writeFailure(request, admission.failure, options.dialectOf(environment));
  }
  const { call } = admission;
  const style = { format: call.format, charset: call.charset, dialect: admission.environment.dialect };
  try {
    const handled = await handleCall(options.services, call);
    await failpoint('intake:before-answer');
    if (handled.ok) return writeSpiAnswer(call.method, handled.answer as never, style);
    options.log.warn({ code: handled.failure.code, method: call.method }, 'SPI call refused');
    return writeSpiFailure(call.method, handled.failure, style);
  } catch (error) {
    // Doubt about a commit ends here: failure, so that the platform repeats, and the repeat is compared.
    if (!(error instanceof Overloaded))
      options.log.error({ err: error, method: call.method }, 'SPI call failed');
    return writeSpiFailure(call.method, failure('system-busy'), style);
  }
}

function writeFailure(
  request: AdmittedRequest,
  answer: ReturnType<typeof failure>,
  dialect: AnswerStyle['dialect'],
): WireAnswer {
  const { method, format, charset } = peekSpi(request);
  return writeSpiFailure(method, answer, { format, charset, ...(dialect === undefined ? {} : { dialect }) });
}

const noBody = new Uint8Array();

function snapshot(request: FastifyRequest): AdmittedRequest {
  return Object.freeze({
    method: request.method,
    url: request.raw.url ?? '',
    headers: request.headers,
    body: request.body instanceof Uint8Array ? request.body : noBody,
    remoteAddress: request.ip,
  });
}

function send(reply: FastifyReply, answer: WireAnswer): FastifyReply {
  return reply.header('content-type', answer.contentType).send(answer.body);
}
