import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pool } from 'pg';
import { startEmbeddedPostgres } from '../packages/server/src/db/embedded/start.ts';
import { createPool } from '../packages/server/src/db/pool.ts';
import { prepareDatabase } from '../packages/server/src/house.ts';
import { type FetchDone, type FetchTask, startFetchProcess, templateNo } from './fetch-process.ts';
import { formatNumber, formatRatio, median, type Row } from './table.ts';

export interface FetchOptions {
  readonly runs: number;
  /** Of the order that is fetched in each run. */
  readonly cards: number;
  readonly progress: (text: string) => void;
}

/** Its rate does not depend on the size of the order, and it is slow. */
const peerCards = 10_000;

/**
 * Fetches an order over HTTP from the sandbox, in a process of its own: parsed, checked, sealed, stored and proven; beside
 * the same with a statement a card. Platform, product and PostgreSQL share the machine.
 */
export async function measureFetch({ runs, cards, progress }: FetchOptions): Promise<Row[]> {
  const dataDir = mkdtempSync(join(tmpdir(), 'cardwright-bench-'));
  const server = await startEmbeddedPostgres({ dataDir: join(dataDir, 'postgres') });
  const pool = createPool(server.connection, {
    applicationName: 'bench',
    maxConnections: 1,
    statementTimeoutMs: 0,
  });
  try {
    await prepareDatabase(server.connectionString, pool);
    const orders = Array.from({ length: runs }, (_, run) => ({ ours: 2 * run + 1, peer: 2 * run + 2 }));
    const platform = await startFetchProcess<number>({
      kind: 'platform',
      orders: orders.flatMap(({ ours, peer }) => [
        { id: String(ours), cards },
        { id: String(peer), cards: peerCards },
      ]),
    });
    const gateway = `http://127.0.0.1:${platform.result}/router/rest`;
    const { connectionString } = server;
    const ours: FetchDone[] = [];
    const peer: FetchDone[] = [];
    const fetchOne = async (kind: 'ours' | 'row by row', id: number, count: number): Promise<FetchDone> => {
      await insertPlanned(pool, id, count);
      await pool.query('checkpoint');
      const task: FetchTask = { kind, cardOrderId: String(id), gateway, connectionString };
      const { result, close } = await startFetchProcess<FetchDone>(task);
      await close();
      progress(
        `${kind}: ${formatNumber(count / result.seconds)} cards/s, ${formatNumber(result.rssMiB)} MiB, ` +
          `${formatNumber((result.cpuSeconds / count) * 1e6)} µs of CPU a card`,
      );
      return result;
    };
    for (const [run, ids] of orders.entries()) {
      if (run % 2 === 0) peer.push(await fetchOne('row by row', ids.peer, peerCards));
      ours.push(await fetchOne('ours', ids.ours, cards));
      if (run % 2 === 1) peer.push(await fetchOne('row by row', ids.peer, peerCards));
      await checkFetched(pool, ids.ours, cards);
      await pool.query('truncate card, card_page cascade');
    }
    await platform.close();
    return rowsOf(ours, peer, cards);
  } finally {
    await pool.end();
    await server.stop('immediate');
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function insertPlanned(pool: Pool, id: number, cards: number): Promise<void> {
  const line = { templateNo, count: String(cards), parValueFen: '100', cardName: '猫超卡' };
  await pool.query(
    `insert into card_order (environment, card_order_id, making_card_no, content_fingerprint, lines, card_count, state, is_test)
     values ('daily', $1, $2, '\\x00', $3, $4, 'planned', false)`,
    [id, `bench-${id}`, JSON.stringify([line]), cards],
  );
}

async function checkFetched(pool: Pool, id: number, cards: number): Promise<void> {
  const { rows } = await pool.query<{ state: string; hold_reason: string | null; cards: bigint }>(
    `select state, hold_reason, (select count(*) from placed_card where card_order_id = $1) as cards
     from card_order where environment = 'daily' and card_order_id = $1`,
    [id],
  );
  const order = rows[0];
  if (order?.state !== 'cards_fetched' || order.cards !== BigInt(cards))
    throw new Error(`order ${id} is ${order?.state} (${order?.hold_reason}) with ${order?.cards} cards`);
}

function rowsOf(ours: readonly FetchDone[], peer: readonly FetchDone[], cards: number): Row[] {
  const rate = median(ours.map(({ seconds }) => cards / seconds));
  const peerRate = median(peer.map(({ seconds }) => peerCards / seconds));
  const ratio = median(
    ours.map(({ seconds }, run) => cards / seconds / (peerCards / (peer[run]?.seconds ?? Number.NaN))),
  );
  const rssMiB = Math.max(...ours.map((result) => result.rssMiB));
  const what = `fetch of ${formatNumber(cards)} cards`;
  return [
    {
      stage: `${what}, stored and proven`,
      ours: `${formatNumber(rate)} cards/s`,
      peer: `row by row ${formatNumber(peerRate)} cards/s`,
      ratio: formatRatio(ratio),
      goal: '≥ 10 ×',
      met: ratio >= 10,
    },
    {
      stage: what,
      ours: `${formatNumber(rate)} cards/s`,
      peer: '',
      ratio: '',
      goal: '≥ 40,000 cards/s',
      met: rate >= 40_000,
    },
    {
      stage: `${what}, RSS`,
      ours: `${formatNumber(rssMiB)} MiB`,
      peer: '',
      ratio: '',
      goal: '≤ 200 MB',
      met: rssMiB <= 190.7,
    },
  ];
}
