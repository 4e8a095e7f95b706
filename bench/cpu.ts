import { createHash, randomBytes } from 'node:crypto';
import { readSpiCall, type SpiRequest, verifySpi, writeSpiAnswer } from '@cardwright/top';
import { createAcceptCardOrder } from '../packages/server/src/card-order/accept.ts';
import { Vault } from '../packages/server/src/vault/vault.ts';
import { composeCall, sampleOrder, secrets } from '../packages/server/test/gateway/house.ts';
import { median, type Row } from './table.ts';

const make = 'alibaba.fundplatform.cardorder.make';
const vault = new Vault({ keyId: 'bench', wrapping: randomBytes(32), fingerprint: randomBytes(32) });
const accept = createAcceptCardOrder(vault, async ({ makingCardNo }) => ({ kind: 'accepted', makingCardNo }));

/** All that one order costs without a database: verify, decode, fingerprint, seal, answer. */
async function ours(message: SpiRequest): Promise<void> {
  const verdict = verifySpi(message, secrets.daily);
  const reading = verdict.ok ? readSpiCall(verdict.parts) : undefined;
  if (reading?.ok !== true || reading.call.method !== make) throw new Error('the order is refused');
  const acceptance = await accept('daily', reading.call.params);
  if (acceptance.kind !== 'accepted') throw new Error('not accepted');
  const answer = {
    making_card_no: acceptance.makingCardNo,
    result_message: '',
    result_code: '',
    success: true,
  };
  writeSpiAnswer(make, { response: answer }, reading.call);
}

/** The usual hand-made way: strings, URLSearchParams, one MD5, JSON.parse; no strictness, nothing sealed. */
async function stringwise(message: SpiRequest): Promise<void> {
  const query = new URLSearchParams(message.url.slice(message.url.indexOf('?') + 1));
  const form = new URLSearchParams(Buffer.from(message.body).toString('utf8'));
  const all = new Map([...query, ...form]);
  const sign = all.get('sign');
  all.delete('sign');
  let text = secrets.daily;
  for (const key of [...all.keys()].sort()) text += key + all.get(key);
  const digest = createHash('md5')
    .update(text + secrets.daily, 'utf8')
    .digest('hex')
    .toUpperCase();
  if (digest !== sign) throw new Error('wrong sign');
  const lines: unknown = JSON.parse(all.get('card_product_infos') ?? '');
  const receiver: unknown = JSON.parse(all.get('logistics_info') ?? '');
  createHash('sha256')
    .update(JSON.stringify([lines, receiver]))
    .digest();
  JSON.stringify({ response: { making_card_no: '1', result_message: '', result_code: '', success: true } });
}

async function microsPerOrder(
  work: (message: SpiRequest) => Promise<void>,
  message: SpiRequest,
  times: number,
): Promise<number> {
  const startedAt = performance.now();
  for (let n = 0; n < times; n++) await work(message);
  return ((performance.now() - startedAt) * 1000) / times;
}

export async function benchCpu(runs: number): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [lines, times, goal] of [
    [1, 4_000, '—'],
    [10, 2_000, '≤ 60 µs'],
    [999, 60, '≤ 3,000 µs'],
  ] as const) {
    const infos = Array.from({ length: lines }, (_, n) => ({
      template_no: `3010030E${n}`,
      count: 500n,
      par_value: 100n,
      card_name: '猫超储值卡面额100',
    }));
    const message = composeCall(make, sampleOrder({ card_product_infos: infos }));
    await microsPerOrder(ours, message, times);
    await microsPerOrder(stringwise, message, times);
    const pairs: [number, number][] = [];
    for (let run = 0; run < runs; run++) {
      pairs.push([
        await microsPerOrder(ours, message, times),
        await microsPerOrder(stringwise, message, times),
      ]);
    }
    rows.push({
      stage: `CPU of an order of ${lines} line${lines === 1 ? '' : 's'}, without database`,
      ours: `${median(pairs.map(([own]) => own)).toFixed(0)} µs`,
      peer: `string-wise ${median(pairs.map(([, peer]) => peer)).toFixed(0)} µs`,
      ratio: `${median(pairs.map(([own, peer]) => own / peer)).toFixed(2)} × its time`,
      goal,
    });
  }
  return rows;
}
