import { composeSpi, encodeSpiBody, readSpiAnswer, type SpiRequestOf } from '@cardwright/top';
import {
  composeCall,
  openTestHouse,
  sampleOrder,
  secrets,
  type TestHouse,
} from '../../packages/server/test/gateway/house.ts';
import { runCrashes, shuffledVictims } from '../crash/harness.ts';
import { pick, type Random, seededRandom } from '../crash/random.ts';
import { type Shown, type Size, shareOf } from './property.ts';

const make = 'alibaba.fundplatform.cardorder.make';
type Order = SpiRequestOf<typeof make>;

/** R1: the product with the PostgreSQL of its own, killed under intake load. */
export async function intakeCrashes(size: Size): Promise<Shown> {
  const rounds = shareOf(50, size);
  const victims = shuffledVictims(
    { product: rounds, postmaster: rounds, backend: rounds, all: rounds },
    seededRandom(size.seed),
  );
  const report = await runCrashes({ seed: size.seed, victims, onRound: size.say });
  return {
    property: 'R1',
    what: 'kill -9 of the product, of PostgreSQL, of a backend, of everything, under intake load',
    count: victims.length + report.secondKills,
    seed: size.seed,
    violations: report.violations,
    figures: `${report.orders} orders, ${report.acknowledged} acknowledged in the end, ready again after ${Math.max(...Object.values(report.recoveryMs).map(({ worst }) => worst))} ms at worst`,
  };
}

const repeats = 1_000;

/** R2: the same request a thousand times at once, on 64 connections. */
export async function parallelRepeats(size: Size): Promise<Shown> {
  const rounds = shareOf(100, size);
  const house = await openTestHouse();
  const violations: string[] = [];
  try {
    for (let round = 0; round < rounds; round++) {
      const order = sampleOrder({ card_order_id: BigInt(1_000_000 + round) });
      const message = composeCall(make, order);
      const answers = await Promise.all(Array.from({ length: repeats }, () => house.send(message)));
      const different = new Set(answers.map(({ body }) => body.toString()));
      if (different.size !== 1) violations.push(`round ${round}: ${different.size} different answers`);
      if (!/"success":true/.test([...different][0] ?? '')) violations.push(`round ${round}: no success`);
    }
    const { rows } = await house.pool.query<{ n: bigint }>('select count(*) as n from card_order');
    if (rows[0]?.n !== BigInt(rounds)) violations.push(`${rows[0]?.n} rows for ${rounds} orders`);
  } finally {
    await house.close();
  }
  return {
    property: 'R2',
    what: `${repeats} equal requests at once on 64 connections`,
    count: rounds * repeats,
    seed: size.seed,
    violations,
    figures: `${rounds} rounds, one row and one answer each`,
  };
}

/** R3: one order, against each single change of it, and against the same content written otherwise. */
export async function sameIdOtherContent(size: Size): Promise<readonly Shown[]> {
  const random = seededRandom(size.seed);
  const count = shareOf(10_000, size);
  const order = { ...sampleOrder({ card_order_id: 16_002n }), card_product_infos: linesOfSample() };
  const house = await openTestHouse();
  try {
    await house.call(make, order);
    const stored = await contentOf(house);
    const taken = await inLanes(count, async () => {
      const mutant = mutated(order, random);
      const { response } = await house.call(make, mutant.order, {
        kind: pick(random, ['form', 'json', 'xml']),
      });
      return response.success || response.result_code !== 'order-conflict'
        ? `${mutant.what}: ${response.result_code || 'success'}`
        : undefined;
    });
    const refused = await inLanes(count, async () => {
      const body = await house.send(rewritten(order, random));
      const answer = readSpiAnswer(make, body.body);
      return answer.ok && answer.value.response.success ? undefined : body.body.toString();
    });
    if ((await contentOf(house)) !== stored) taken.push('the stored order was changed');
    const row = (what: string, violations: readonly string[]): Shown => ({
      property: 'R3',
      what,
      count,
      seed: size.seed,
      violations,
      figures: `${count - violations.length} as they should be`,
    });
    return [
      row('single-field changes of one order refused as conflicts', taken),
      row('rewritings of the same content taken as repeats', refused),
    ];
  } finally {
    await house.close();
  }
}

const linesOfSample = (): Order['card_product_infos'] => {
  const [line] = sampleOrder().card_product_infos;
  if (line === undefined) throw new Error('a sample without lines');
  return [line, { ...line, template_no: '3010030E03', count: 7n, card_name: '猫超储值卡"面额\\200"' }];
};

async function contentOf({ pool }: TestHouse): Promise<string> {
  const { rows } = await pool.query(
    `select string_agg(md5(lines::text || content_fingerprint::text), ' ' order by card_order_id) as content from card_order`,
  );
  return JSON.stringify(rows);
}

async function inLanes(count: number, act: () => Promise<string | undefined>): Promise<string[]> {
  const wrong: string[] = [];
  let left = count;
  const lane = async (): Promise<void> => {
    while (left-- > 0) {
      const found = await act();
      if (found !== undefined) wrong.push(found);
    }
  };
  await Promise.all(Array.from({ length: 16 }, lane));
  return wrong;
}

/** The order with one thing changed. */
function mutated(order: Order, random: Random): { what: string; order: Order } {
  const lines = order.card_product_infos;
  const at = Math.floor(random() * lines.length);
  const line = lines[at] as Order['card_product_infos'][number];
  const text = (value: string): string => {
    const place = Math.floor(random() * (value.length + 1));
    return (
      `${value.slice(0, place)}${pick(random, ['1', 'x', '卡', '𠮷', ' '])}${value.slice(place)}`.trim() + '_'
    );
  };
  const withLine = (changed: Partial<typeof line>): Order => ({
    ...order,
    card_product_infos: lines.with(at, { ...line, ...changed }),
  });
  const receiver = order.logistics_info as NonNullable<Order['logistics_info']>;
  const withReceiver = (changed: Partial<typeof receiver>): Order => ({
    ...order,
    logistics_info: { ...receiver, ...changed },
  });
  const more = 1n + BigInt(Math.floor(random() * 1_000));
  return pick(random, [
    { what: 'template_no', order: withLine({ template_no: text(line.template_no) }) },
    { what: 'count', order: withLine({ count: line.count + more }) },
    { what: 'par_value', order: withLine({ par_value: line.par_value + more }) },
    { what: 'card_name', order: withLine({ card_name: text(line.card_name) }) },
    { what: 'picture_url', order: withLine({ picture_url: `http://www.taobao.com/${more}.png` }) },
    { what: 'lines in another order', order: { ...order, card_product_infos: lines.toReversed() } },
    { what: 'a line more', order: { ...order, card_product_infos: [...lines, line] } },
    { what: 'a line less', order: { ...order, card_product_infos: lines.slice(1) } },
    { what: 'receiver_name', order: withReceiver({ receiver_name: text(receiver.receiver_name) }) },
    { what: 'receiver_number', order: withReceiver({ receiver_number: text(receiver.receiver_number) }) },
    { what: 'receiver_address', order: withReceiver({ receiver_address: text(receiver.receiver_address) }) },
    {
      what: 'receiver_zip_code',
      order: withReceiver({ receiver_zip_code: text(receiver.receiver_zip_code) }),
    },
  ]);
}

/** The same content in another dress: body kind, charset, and for JSON its spaces, escapes and the order of its keys. */
function rewritten(order: Order, random: Random): ReturnType<typeof composeCall> {
  const kind = pick(random, ['form', 'json', 'xml', 'multipart'] as const);
  if (kind !== 'json') return composeCall(make, order, { kind, charset: pick(random, ['utf-8', 'gb18030']) });
  const plain = encodeSpiBody(make, order, 'json');
  if (!('payload' in plain)) throw new Error('a JSON body is a payload');
  return composeSpi({
    url: '/spi',
    method: make,
    appKey: '12345678',
    secret: secrets.daily,
    timestamp: new Date(),
    body: { ...plain, payload: redressed(plain.payload, random) },
  });
}

function redressed(json: string, random: Random): string {
  const write = (value: unknown): string => {
    const space = pick(random, ['', ' ', '\n\t']);
    if (typeof value === 'string') {
      const text = JSON.stringify(value);
      return random() < 0.5
        ? text
        : text.replaceAll(
            /[\u0080-\uffff]/g,
            (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
          );
    }
    if (Array.isArray(value)) return `[${space}${value.map(write).join(`${space},`)}${space}]`;
    if (typeof value === 'object' && value !== null) {
      const entries = Object.entries(value).toSorted(() => random() - 0.5);
      return `{${entries.map(([name, each]) => `${space}${JSON.stringify(name)}${space}:${write(each)}`).join(',')}${space}}`;
    }
    return JSON.stringify(value);
  };
  return write(JSON.parse(json));
}
