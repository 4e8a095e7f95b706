import { connect, type Socket } from 'node:net';
import { parentPort, Worker } from 'node:worker_threads';
import { httpBytes, randomOrderId, signedOrder } from './orders.ts';
import { quantile } from './table.ts';

/** What one load brought, over the measured time only. */
export interface LoadResult {
  readonly ordersPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly failures: number;
}

interface LoadOrder {
  readonly port: number;
  readonly connections: number;
  readonly warmupSeconds: number;
  readonly seconds: number;
}

/** A load generator on a thread of its own; its requests are composed and signed before anything is measured. */
export interface LoadGenerator {
  run(load: LoadOrder): Promise<LoadResult>;
  close(): Promise<unknown>;
}

type Message = { compose: number } | LoadOrder;

/** `requests`: how many are kept ready; a load that uses them up fails rather than repeat an order. */
export async function startLoadGenerator(requests: number): Promise<LoadGenerator> {
  const worker = new Worker(new URL(import.meta.url));
  const ask = <T>(message: Message): Promise<T> =>
    new Promise((resolve, reject) => {
      const fail = (error: Error): void => reject(error);
      worker.once('error', fail);
      worker.once('message', (answer: T | { error: string }) => {
        worker.removeListener('error', fail);
        if (typeof answer === 'object' && answer !== null && 'error' in answer)
          reject(new Error(answer.error));
        else resolve(answer);
      });
      worker.postMessage(message);
    });
  await ask({ compose: requests });
  return { run: (load) => ask<LoadResult>(load), close: () => worker.terminate() };
}

const linesPerOrder = 3;
let pool: Buffer[] = [];

parentPort?.on('message', (message: Message) => {
  if ('compose' in message) {
    pool = Array.from({ length: message.compose }, () =>
      httpBytes(signedOrder(linesPerOrder, randomOrderId())),
    );
    parentPort?.postMessage(pool.length);
  } else {
    runLoad(message).then(
      (result) => parentPort?.postMessage(result),
      (error: unknown) => parentPort?.postMessage({ error: String(error) }),
    );
  }
});

async function runLoad(load: LoadOrder): Promise<LoadResult> {
  let next = 0;
  let stopped = false;
  let measuring = false;
  let failures = 0;
  let latenciesMs: number[] = [];
  const source: RequestSource = {
    take: () => {
      if (stopped) return undefined;
      const request = pool[next++];
      if (request === undefined) throw new Error(`the ${pool.length} composed orders were not enough`);
      return request;
    },
    done: (latencyMs, accepted) => {
      if (!accepted) failures++;
      if (measuring && accepted) latenciesMs.push(latencyMs);
    },
  };
  const callers = Promise.all(Array.from({ length: load.connections }, () => callInTurn(load.port, source)));
  const phases = async (): Promise<number> => {
    await pause(load.warmupSeconds * 1000);
    measuring = true;
    const startedMs = performance.now();
    await pause(load.seconds * 1000);
    measuring = false;
    stopped = true;
    return (performance.now() - startedMs) / 1000;
  };
  const [measuredSeconds] = await Promise.all([phases(), callers]);
  latenciesMs = latenciesMs.sort((a, b) => a - b);
  return {
    ordersPerSecond: latenciesMs.length / measuredSeconds,
    p50Ms: quantile(latenciesMs, 0.5),
    p99Ms: quantile(latenciesMs, 0.99),
    failures,
  };
}

interface RequestSource {
  /** The next request, or undefined when the time is up. */
  take(): Buffer | undefined;
  done(latencyMs: number, accepted: boolean): void;
}

/** One keep-alive connection: a request, its answer, the next request. */
function callInTurn(port: number, source: RequestSource): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    let sentMs = 0;
    let received = '';
    const sendNext = (): void => {
      const request = source.take();
      if (request === undefined) {
        finish(socket, resolve);
        return;
      }
      sentMs = performance.now();
      socket.write(request);
    };
    socket.on('connect', () => attempt(sendNext, socket));
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1');
      if (!isWhole(received)) return;
      source.done(performance.now() - sentMs, isAccepted(received));
      received = '';
      attempt(sendNext, socket);
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the gateway closed a connection')));
  });
}

function attempt(work: () => void, socket: Socket): void {
  try {
    work();
  } catch (error) {
    socket.destroy(error as Error);
  }
}

function finish(socket: Socket, resolve: () => void): void {
  socket.removeAllListeners('close');
  socket.end();
  resolve();
}

function isWhole(answer: string): boolean {
  const headEnd = answer.indexOf('\r\n\r\n');
  if (headEnd < 0) return false;
  const length = /content-length: *(\d+)/i.exec(answer)?.[1];
  if (length === undefined) throw new Error('an answer without Content-Length');
  return answer.length >= headEnd + 4 + Number(length);
}

function isAccepted(answer: string): boolean {
  return answer.startsWith('HTTP/1.1 200') && answer.includes('"making_card_no":"CW');
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
