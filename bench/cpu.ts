import { randomBytes } from 'node:crypto';
import { readSpiCall, type SpiRequest, verifySpi, writeSpiAnswer } from '@cardwright/top';
import { createAcceptCardOrder } from '../packages/server/src/card-order/accept.ts';
import { Vault } from '../packages/server/src/vault/vault.ts';
import { composeCall, sampleOrder, secrets } from '../packages/server/test/gateway/house.ts';
import { takeInStringWise } from './string-wise.ts';
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

const stringwise = async (message: SpiRequest): Promise<void> => {
  takeInStringWise(message, secrets.daily, vault);
};

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
