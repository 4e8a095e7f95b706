import { connect } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { composeCall, sampleOrder } from '../packages/server/test/gateway/house.ts';

/** Bounded in time: so many keep-alive connections, each sending the next order when it has its answer. */
const { port, connections, seconds } = workerData as { port: number; connections: number; seconds: number };
const line = { template_no: '3010030E02', count: 500n, par_value: 100n, card_name: '猫超储值卡面额100' };
const latenciesMs: number[] = [];
const startedAt = performance.now();
const endsAt = startedAt + seconds * 1000;
let nextId = BigInt(Math.floor(Math.random() * 2 ** 40)) * 1_000_000n + 1n;

function nextMessage(): Buffer {
  const { method, url, headers, body } = composeCall(
    'alibaba.fundplatform.cardorder.make',
    sampleOrder({ card_order_id: nextId++, card_product_infos: [line, line, line] }),
  );
  const head = Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');
  return Buffer.concat([
    Buffer.from(`${method} ${url} HTTP/1.1\r\nHost: maker\r\n${head}Content-Length: ${body.length}\r\n\r\n`),
    body,
  ]);
}

function run(): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1').setNoDelay(true);
    let sentAt = 0;
    let received = '';
    const send = (): void => {
      received = '';
      const message = nextMessage();
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
