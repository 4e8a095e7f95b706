import { spawn } from 'node:child_process';
import { existsSync, globSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { linesJson, receiverJson } from '../packages/server/src/card-order/content.ts';
import type { EmbeddedConnection } from '../packages/server/src/db/embedded/start.ts';
import { createPool } from '../packages/server/src/db/pool.ts';
import { environment, orderOf, randomOrderId } from './orders.ts';

/** Stores orders through the product's own SQL function, one order a transaction, with nothing around it. */
export interface Peer {
  readonly name: string;
  ordersPerSecond(clients: number, seconds: number): Promise<number>;
}

/** pgbench where it is installed, or else a loop in Node with prepared statements, which reaches less. */
export function createPeer(connection: EmbeddedConnection, folder: string): Peer {
  const program = findPgbench();
  if (program === undefined) {
    return {
      name: 'Node loop (pgbench not found)',
      ordersPerSecond: (clients, seconds) => loopInNode(connection, clients, seconds),
    };
  }
  const script = join(folder, 'accept.sql');
  writeFileSync(script, pgbenchScript());
  return {
    name: 'pgbench',
    ordersPerSecond: (clients, seconds) => runPgbench(program, connection, script, clients, seconds),
  };
}

function findPgbench(): string | undefined {
  const folders = [
    ...(process.env['PATH'] ?? '').split(delimiter),
    ...globSync('/usr/lib/postgresql/*/bin').sort().reverse(),
  ];
  return folders.map((folder) => join(folder, 'pgbench')).find((path) => existsSync(path));
}

/** An order's columns of the same size as the product's; the id is left to the caller. */
function sampleColumns(): { lines: string; receiverBytes: number; cardCount: bigint } {
  const order = orderOf(3, 1n);
  const envelopeBytes = 28;
  return {
    lines: linesJson(order),
    receiverBytes: Buffer.byteLength(receiverJson(order) ?? '') + envelopeBytes,
    cardCount: order.card_product_infos.reduce((sum, line) => sum + line.count, 0n),
  };
}

const wrappedKeyBytes = 60;

function pgbenchScript(): string {
  const { lines, receiverBytes, cardCount } = sampleColumns();
  const bytea = (bytes: number): string => `array['\\x${'a7'.repeat(bytes)}'::bytea]`;
  return [
    '\\set id random(1, 140737488355328)',
    `select * from accept_card_orders(array['${environment}'], array[(:id)::bigint], array['CWN' || (:id)::text], ` +
      `${bytea(32)}, array['${lines.replaceAll("'", "''")}'], array[${cardCount}::bigint], ` +
      `array['0123456789abcdef'], ${bytea(wrappedKeyBytes)}, ${bytea(receiverBytes)});`,
    '',
  ].join('\n');
}

async function runPgbench(
  program: string,
  connection: EmbeddedConnection,
  script: string,
  clients: number,
  seconds: number,
): Promise<number> {
  const { host, port, user, password, database } = connection;
  const place = ['-h', host, '-p', String(port), '-U', user];
  const load = [
    '-n',
    '-M',
    'prepared',
    '-f',
    script,
    '-c',
    String(clients),
    '-j',
    '2',
    '-T',
    String(seconds),
  ];
  const child = spawn(program, [...place, ...load, database], {
    env: { ...process.env, PGPASSWORD: password },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => {
      output += text;
    });
  }
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const rate = /tps = ([\d.]+)/.exec(output)?.[1];
  if (code !== 0 || rate === undefined) throw new Error(`pgbench ended with ${code}:\n${output}`);
  return Number(rate);
}

async function loopInNode(connection: EmbeddedConnection, clients: number, seconds: number): Promise<number> {
  const { lines, receiverBytes, cardCount } = sampleColumns();
  const pool = createPool(connection, { applicationName: 'bench peer', maxConnections: clients });
  const endMs = performance.now() + seconds * 1000;
  let orders = 0;
  const client = async (): Promise<void> => {
    while (performance.now() < endMs) {
      const id = String(randomOrderId());
      await pool.query({
        name: 'bench-accept',
        text: 'select * from accept_card_orders($1, $2, $3, $4, $5, $6, $7, $8, $9)',
        values: [
          [environment],
          [id],
          [`CWN${id}`],
          [Buffer.alloc(32, 7)],
          [lines],
          [String(cardCount)],
          ['0123456789abcdef'],
          [Buffer.alloc(wrappedKeyBytes, 7)],
          [Buffer.alloc(receiverBytes, 7)],
        ],
      });
      orders++;
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  await pool.end();
  return orders / seconds;
}
