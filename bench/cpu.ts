import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type SpiRequest, writeSpiAnswer } from '@cardwright/top';
import { createAcceptCardOrder } from '../packages/server/src/card-order/accept.ts';
import { loadConfig } from '../packages/server/src/config.ts';
import { createAdmit } from '../packages/server/src/gateway/admit.ts';
import { handleCall } from '../packages/server/src/gateway/handlers.ts';
import { keyProvider } from '../packages/server/src/vault/key-provider.ts';
import { openVault, type Vault } from '../packages/server/src/vault/vault.ts';
import { secrets } from '../packages/server/test/gateway/house.ts';
import { gatewaySettings, randomOrderId, signedOrder } from './orders.ts';
import { takeInStringWise } from './string-wise.ts';
import { formatNumber, formatRatio, median, type Row } from './table.ts';

export interface CpuOptions {
  readonly runs: number;
  readonly seconds: number;
  readonly progress: (text: string) => void;
}

/** Lines of an order, and the most microseconds it may cost. */
const sizes: readonly (readonly [number, number | undefined])[] = [
  [1, undefined],
  [10, 60],
  [999, 3_000],
];
const longestBlockMs = 10;

type TakeIn = (request: SpiRequest) => Promise<void> | void;

/** What an order costs without network and database: signature, strict decoding, sealing, fingerprint, answer. */
export async function measureCpu(options: CpuOptions): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'cardwright-bench-'));
  try {
    const vault = await openVault(keyProvider({ kind: 'file', path: join(folder, 'vault.key') }));
    const ours = createTakeIn(vault);
    const peer: TakeIn = (request) => {
      takeInStringWise(request, secrets.online, vault);
    };
    const block = await measureBlock(ours);
    const rows: Row[] = [];
    for (const [lines, goalUs] of sizes) rows.push(await compare(options, lines, goalUs, ours, peer));
    const warm = await measureBlock(ours);
    rows.push(blockRow('first of its process', block.firstMs), blockRow('longest of 300', warm.longestMs));
    return rows;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The product's own path, with a store that accepts at once. */
function createTakeIn(vault: Vault): TakeIn {
  const config = loadConfig({ env: { ...gatewaySettings } });
  const admit = createAdmit(config.environments, Date.now);
  const unused = (): never => {
    throw new Error('not part of this measurement');
  };
  const services = {
    acceptCardOrder: createAcceptCardOrder(vault, async ({ makingCardNo }) => ({
      kind: 'accepted',
      makingCardNo,
    })),
    storeTemplate: unused,
    findProgress: unused,
    storeReceipt: unused,
  };
  return async (request) => {
    const admission = admit({ ...request, remoteAddress: '127.0.0.1' }, undefined);
    if (!admission.ok) throw new Error(admission.reason);
    const { call, environment } = admission;
    const handled = await handleCall(services, call);
    if (!handled.ok) throw new Error(handled.failure.code);
    const style = { format: call.format, charset: call.charset, dialect: environment.dialect };
    writeSpiAnswer(call.method, handled.answer as never, style);
  };
}

async function compare(
  options: CpuOptions,
  lines: number,
  goalUs: number | undefined,
  ours: TakeIn,
  peer: TakeIn,
): Promise<Row> {
  const requests = Array.from({ length: lines > 100 ? 20 : 500 }, () => signedOrder(lines, randomOrderId()));
  const slice = options.seconds / 4;
  await microsecondsEach(ours, requests, slice);
  await microsecondsEach(peer, requests, slice);
  const oursUs: number[] = [];
  const peerUs: number[] = [];
  for (let run = 1; run <= options.runs; run++) {
    for (const [takeIn, list] of run % 2 === 1
      ? [[peer, peerUs] as const, [ours, oursUs] as const]
      : [[ours, oursUs] as const, [peer, peerUs] as const])
      list.push(await microsecondsEach(takeIn, requests, slice));
    options.progress(
      `run ${run}: ${lines} lines: ours ${formatNumber(oursUs.at(-1) ?? 0)} µs, string-wise ${formatNumber(peerUs.at(-1) ?? 0)} µs`,
    );
  }
  const [our, their] = [median(oursUs), median(peerUs)];
  return {
    stage: `CPU, ${lines} line${lines === 1 ? '' : 's'}`,
    ours: `${formatNumber(our)} µs an order`,
    peer: `string-wise ${formatNumber(their)} µs`,
    ratio: formatRatio(their / our),
    ...(goalUs === undefined ? { goal: '' } : { goal: `≤ ${formatNumber(goalUs)} µs`, met: our <= goalUs }),
  };
}

async function microsecondsEach(
  takeIn: TakeIn,
  requests: readonly SpiRequest[],
  seconds: number,
): Promise<number> {
  const before = process.cpuUsage();
  const endMs = performance.now() + seconds * 1000;
  let orders = 0;
  do {
    for (const request of requests) await takeIn(request);
    orders += requests.length;
  } while (performance.now() < endMs);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / orders;
}

/** How long an order of 999 lines keeps the event loop to itself, garbage collection included. */
async function measureBlock(takeIn: TakeIn): Promise<{ firstMs: number; longestMs: number }> {
  const request = signedOrder(999, randomOrderId());
  const blocksMs: number[] = [];
  for (let index = 0; index < 300; index++) {
    await new Promise((resolve) => setImmediate(resolve));
    const startedMs = performance.now();
    await takeIn(request);
    blocksMs.push(performance.now() - startedMs);
  }
  return { firstMs: blocksMs[0] ?? Number.NaN, longestMs: Math.max(...blocksMs) };
}

function blockRow(which: string, ms: number): Row {
  return {
    stage: `event loop blocked by 999 lines, ${which}`,
    ours: `${formatNumber(ms)} ms`,
    peer: '',
    ratio: '',
    goal: `≤ ${longestBlockMs} ms`,
    met: ms <= longestBlockMs,
  };
}
