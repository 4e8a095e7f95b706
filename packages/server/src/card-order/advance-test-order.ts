import { addJob } from '../db/add-job.ts';
import type { Work } from '../work.ts';
import { dispatchOrder } from './dispatch-order.ts';
import { lockOrder, moveOrder, type OrderKey } from './move.ts';
import { reportFinishJob, reportSendedJob } from './order-jobs.ts';
import { readReportFacts } from './report-store.ts';

/** The courier of what is never shipped. */
export const virtualCourier = '虚拟发货';

/**
 * Takes an order of test templates through its next state: made once its cards are fetched, shipped once the platform
 * knows that they are made, so that the platform sees every state. Nothing is made, nothing is shipped; orders of real
 * templates are left alone.
 */
export async function advanceTestOrder(work: Work, key: OrderKey): Promise<void> {
  await work.transaction(async (client) => {
    const order = await lockOrder(client, key);
    if (order?.isTest !== true) return;
    if (order.state === 'cards_fetched') {
      await addJob(client, reportFinishJob(key));
      await moveOrder(client, order, { to: 'made', actor: 'test run', detail: { virtual: true } });
      return;
    }
    if (order.state !== 'made') return;
    const facts = await readReportFacts(client, order);
    if (!facts.isFinishReported) return;
    await addJob(client, reportSendedJob(key));
    const shipment = { company: virtualCourier, number: undefined };
    await dispatchOrder(client, order, shipment, 'test run', { virtual: true });
  });
}
