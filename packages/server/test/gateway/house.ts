import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Charset,
  type ComposedBody,
  composeSpi,
  encodeSpiBody,
  readSpiAnswer,
  type SpiAnswerOf,
  type SpiMethod,
  type SpiRequest,
  type SpiRequestOf,
} from '@cardwright/top';
import type { Pool } from 'pg';
import { loadConfig } from '../../src/config.ts';
import { startEmbeddedPostgres } from '../../src/db/embedded/start.ts';
import { openHouse } from '../../src/house.ts';
import { createLog } from '../../src/log.ts';

export const secrets = { daily: 'helloworld', pre: 'other secret', online: 'third' } as const;
const make = 'alibaba.fundplatform.cardorder.make';

/** The whole product on a real PostgreSQL and a real socket, and a caller that plays the platform. */
export interface TestHouse {
  readonly port: number;
  readonly pool: Pool;
  call<M extends SpiMethod>(method: M, params: SpiRequestOf<M>, style?: CallStyle): Promise<SpiAnswerOf<M>>;
  send(message: SpiRequest): Promise<{ status: number; contentType: string; body: Buffer }>;
  close(): Promise<void>;
}

export interface CallStyle {
  readonly kind?: ComposedBody['kind'];
  readonly charset?: Charset;
  readonly format?: 'json' | 'xml';
  readonly secret?: string;
  readonly url?: string;
  readonly timestamp?: Date;
}

export function composeCall<M extends SpiMethod>(
  method: M,
  params: SpiRequestOf<M>,
  style: CallStyle = {},
): SpiRequest {
  return composeSpi({
    url: style.url ?? '/spi',
    method,
    appKey: '12345678',
    secret: style.secret ?? secrets.daily,
    timestamp: style.timestamp ?? new Date(),
    body: encodeSpiBody(method, params, style.kind ?? 'form'),
    ...(style.charset === undefined ? {} : { charset: style.charset }),
    ...(style.format === undefined ? {} : { format: style.format }),
  });
}

export async function openTestHouse(environment: Record<string, string> = {}): Promise<TestHouse> {
  const dataDir = mkdtempSync(join(tmpdir(), 'cardwright-house-'));
  const server = await startEmbeddedPostgres({ dataDir: join(dataDir, 'postgres') });
  const env = {
    CARDWRIGHT_PORT: '0',
    CARDWRIGHT_DATA_DIR: dataDir,
    ...Object.fromEntries(
      Object.entries(secrets).flatMap(([name, secret]) => [
        [`CARDWRIGHT_${name.toUpperCase()}_APP_KEY`, '12345678'],
        [`CARDWRIGHT_${name.toUpperCase()}_APP_SECRETS`, secret],
      ]),
    ),
    ...environment,
  };
  const house = await openHouse(loadConfig({ env }), server.connectionString, createLog('silent'));
  await house.serveWorker();
  const { port } = await house.serveGateway();
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const send: TestHouse['send'] = (message) => sendTo(port, agent, message);
  return {
    port,
    pool: house.pool,
    send,
    call: async (method, params, style = {}) => {
      const answer = await send(composeCall(method, params, style));
      const decoded = readSpiAnswer(method, answer.body, style.charset);
      if (!decoded.ok) throw new Error(`${JSON.stringify(decoded.issue)} in ${answer.body.toString()}`);
      return decoded.value;
    },
    close: async () => {
      agent.destroy();
      await house.close();
      await server.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

function sendTo(port: number, agent: Agent, message: SpiRequest): ReturnType<TestHouse['send']> {
  return new Promise((resolve, reject) => {
    const headers = Object.fromEntries(
      Object.entries(message.headers).filter(([, value]) => value !== undefined),
    );
    const outgoing = request(
      {
        host: '127.0.0.1',
        port,
        agent,
        method: message.method,
        path: message.url,
        headers: { ...(headers as Record<string, string>), 'Content-Length': message.body.length },
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('end', () =>
          resolve({
            status: incoming.statusCode ?? 0,
            contentType: incoming.headers['content-type'] ?? '',
            body: Buffer.concat(chunks),
          }),
        );
        incoming.on('error', reject);
      },
    );
    outgoing.on('error', reject);
    outgoing.end(message.body);
  });
}

/** The order of the published page; override what a test is about. */
export function sampleOrder(overrides: Partial<SpiRequestOf<typeof make>> = {}): SpiRequestOf<typeof make> {
  return {
    card_order_id: 16002n,
    own_sign: 'daily',
    card_product_infos: [
      {
        template_no: '3010030E02',
        count: 500n,
        par_value: 100n,
        card_name: '猫超储值卡面额100',
        picture_url: 'http://www.taobao.com/1.jpg',
      },
    ],
    logistics_info: {
      receiver_name: '张三',
      receiver_number: '15512345678',
      receiver_address: '浙江省-杭州市-余杭区-五常街道文一西路969号1号楼小邮局',
      receiver_zip_code: '310000',
    },
    ...overrides,
  };
}
