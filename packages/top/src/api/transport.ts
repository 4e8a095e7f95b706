/** One HTTP exchange with the gateway: bounded in time and size, never following redirects, never throwing. */
import http from 'node:http';
import https from 'node:https';
import { promisify } from 'node:util';
import zlib from 'node:zlib';

export interface ExchangeInput {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** false: a connection of its own. */
  readonly agent: http.Agent | false;
  readonly connectTimeoutMs: number;
  /** The longest silence between two pieces of the answer. */
  readonly readTimeoutMs: number;
  readonly totalTimeoutMs: number;
  /** Of the body, as received and unpacked. */
  readonly maxAnswerBytes: number;
  readonly signal?: AbortSignal | undefined;
}

export interface RawAnswer {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly body: Buffer;
}
export interface ExchangeFailure {
  readonly problem: 'connection' | 'timeout' | 'too-large' | 'unreadable' | 'aborted';
  /** Whether the gateway may have seen the request. */
  readonly sent: boolean;
  readonly detail: string;
}
export type ExchangeOutcome =
  | { readonly ok: true; readonly answer: RawAnswer }
  | { readonly ok: false; readonly failure: ExchangeFailure };

const gunzip = promisify(zlib.gunzip);

/** Keeps connections for reading calls; idle ones do not keep the process alive. */
export function keepAliveAgent(url: URL): http.Agent {
  return url.protocol === 'https:'
    ? new https.Agent({ keepAlive: true })
    : new http.Agent({ keepAlive: true });
}

/** Sends a POST request and receives the answer whole. */
export async function exchange(input: ExchangeInput): Promise<ExchangeOutcome> {
  const received = await receive(input);
  if (!received.ok) return received;
  const { status, headers, packed } = received;
  const contentType = headers['content-type'];
  const encoding = (headers['content-encoding'] ?? '').trim().toLowerCase();
  if (encoding === '' || encoding === 'identity')
    return { ok: true, answer: { status, contentType, body: packed } };
  if (encoding !== 'gzip' && encoding !== 'x-gzip') return unreadable('an unknown Content-Encoding');
  try {
    const body = await gunzip(packed, { maxOutputLength: input.maxAnswerBytes });
    return { ok: true, answer: { status, contentType, body } };
  } catch (error) {
    if (codeOf(error) !== 'ERR_BUFFER_TOO_LARGE') return unreadable('broken gzip data');
    return { ok: false, failure: tooLarge(input) };
  }
}

function unreadable(detail: string): ExchangeOutcome {
  return { ok: false, failure: { problem: 'unreadable', sent: true, detail } };
}

function tooLarge({ maxAnswerBytes }: ExchangeInput): ExchangeFailure {
  return { problem: 'too-large', sent: true, detail: `more than ${maxAnswerBytes} bytes` };
}

type Received =
  | {
      readonly ok: true;
      readonly status: number;
      readonly headers: http.IncomingHttpHeaders;
      readonly packed: Buffer;
    }
  | { readonly ok: false; readonly failure: ExchangeFailure };

/** The state of one request: whichever of its events comes first settles it, the others find it settled. */
class Exchange {
  readonly #input: ExchangeInput;
  readonly #settle: (received: Received) => void;
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #request: http.ClientRequest;
  #settled = false;
  #sent = false;

  constructor(input: ExchangeInput, settle: (received: Received) => void) {
    this.#input = input;
    this.#settle = settle;
    const isTls = input.url.protocol === 'https:';
    const { headers, agent } = input;
    const options: https.RequestOptions = { method: 'POST', headers, agent };
    this.#request = (isTls ? https : http).request(input.url, options);
    this.#request.on('error', (error) => this.#onError(error));
    this.#request.on('close', () => this.#fail('connection', 'the connection was closed'));
    this.#request.on('response', (response) => this.#onResponse(response));
    const connectTimer = this.#after(input.connectTimeoutMs, 'no connection in time');
    this.#request.on('socket', (socket) => {
      const onConnected = (): void => {
        clearTimeout(connectTimer);
        this.#sent = true;
        const silence = this.#after(input.readTimeoutMs, 'no answer in time');
        this.#request.on('response', (response) => response.on('data', () => silence.refresh()));
      };
      if (this.#request.reusedSocket) onConnected();
      else socket.once(isTls ? 'secureConnect' : 'connect', onConnected);
    });
    this.#after(input.totalTimeoutMs, 'the call took too long as a whole');
    input.signal?.addEventListener('abort', this.#onAbort, { once: true });
    this.#request.end(input.body);
  }

  readonly #onAbort = (): void => this.#fail('aborted', 'by the caller');

  #after(ms: number, detail: string): NodeJS.Timeout {
    const timer = setTimeout(() => this.#fail('timeout', detail), ms);
    this.#timers.push(timer);
    return timer;
  }

  #finish(received: Received): void {
    if (this.#settled) return;
    this.#settled = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#input.signal?.removeEventListener('abort', this.#onAbort);
    if (!received.ok) this.#request.destroy();
    this.#settle(received);
  }

  #fail(problem: ExchangeFailure['problem'], detail: string): void {
    this.#finish({ ok: false, failure: { problem, sent: this.#sent, detail } });
  }

  #onError(error: Error): void {
    const code = codeOf(error);
    // The parser of node:http: the peer does not speak HTTP, or its headers are too large.
    if (code.startsWith('HPE_')) this.#fail('unreadable', 'not an HTTP answer');
    else this.#fail('connection', code);
  }

  #onResponse(response: http.IncomingMessage): void {
    const { maxAnswerBytes } = this.#input;
    const chunks: Buffer[] = [];
    let bytes = 0;
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > maxAnswerBytes) this.#finish({ ok: false, failure: tooLarge(this.#input) });
      else chunks.push(chunk);
    });
    response.on('error', (error) => this.#onError(error));
    response.on('close', () => this.#fail('connection', 'the answer was cut off'));
    response.on('end', () => {
      if (!response.complete) return this.#fail('connection', 'the answer was cut off');
      const { statusCode: status = 0, headers } = response;
      this.#finish({ ok: true, status, headers, packed: Buffer.concat(chunks, bytes) });
    });
  }
}

function receive(input: ExchangeInput): Promise<Received> {
  if (input.signal?.aborted) {
    const failure: ExchangeFailure = { problem: 'aborted', sent: false, detail: 'by the caller' };
    return Promise.resolve({ ok: false, failure });
  }
  return new Promise((resolve) => {
    new Exchange(input, resolve);
  });
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'an unknown error';
}
