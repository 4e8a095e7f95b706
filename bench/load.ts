import { connect } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { httpBytes, randomOrderId, signedOrder } from './orders.ts';

/** Bounded in time: so many keep-alive connections, each sending the next order when it has its answer. */
const { port, connections, seconds } = workerData as { port: number; connections: number; seconds: number };
const linesAnOrder = 3;
const composedAhead = seconds * 4_000;
// Composed before the clock starts: the load generator shares the two cores with what it measures.
const messages = Array.from({ length: composedAhead }, () =>
  httpBytes(signedOrder(linesAnOrder, randomOrderId())),
);
const latenciesMs: number[] = [];
const startedAt = performance.now();
const endsAt = startedAt + seconds * 1000;

function run(): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1').setNoDelay(true);
    let sentAt = 0;
    let received = '';
    const send = (): void => {
      received = '';
      const message = messages.pop() ?? httpBytes(signedOrder(linesAnOrder, randomOrderId()));
      sentAt = performance.now();
      socket.write(message);
    };
    socket.once('connect', send);
    socket.once('error', reject);
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      if (!received.endsWith('}')) return;
      if (!received.includes('"success":true')) return reject(new Error(received));
      latenciesMs.push(performance.now() - sentAt);
      if (performance.now() < endsAt) return send();
      socket.end();
      resolve();
    });
  });
}

await Promise.all(Array.from({ length: connections }, run));
const elapsedSeconds = (performance.now() - startedAt) / 1000;
const sorted = latenciesMs.toSorted((a, b) => a - b);
const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
parentPort?.postMessage({ perSecond: sorted.length / elapsedSeconds, p50Ms: at(0.5), p99Ms: at(0.99) });
