import type { NewJob } from '../db/add-job.ts';
import type { OrderKey } from './move.ts';

/** The job that tells the platform that all cards of an order are made (make.finish). */
export const reportFinishJob = (key: OrderKey): NewJob => orderJob('report-finish', key);
/** The job that tells the platform that an order was shipped (sended). */
export const reportSendedJob = (key: OrderKey): NewJob => orderJob('report-sended', key);
/** The job that takes an order of test templates through its next state, without a card being made. */
export const advanceTestOrderJob = (key: OrderKey): NewJob => orderJob('advance-test-order', key);

const orderJob = (task: string, { environment, cardOrderId }: OrderKey): NewJob => ({
  task,
  payload: { environment, cardOrderId: String(cardOrderId) },
  key: `${task}:${environment}:${cardOrderId}`,
});
