import type { Environment } from '@cardwright/top';
import { planOrder, replanHeldFor } from '../card-order/plan.ts';
import { orderKeyOf, textsOf } from './payload.ts';
import type { Task } from './tasks.ts';

/** The tasks that plan orders. */
export const planningTasks: readonly Task[] = [
  {
    name: 'plan-card-order',
    zh: '排产制卡单',
    en: 'plans a card order',
    run: (payload, { transaction }) => planOrder(transaction, orderKeyOf(payload)),
  },
  {
    name: 'replan-held-orders',
    zh: '模板到达后重新排产',
    en: 'plans the orders again that were held for a template',
    run: (payload, { transaction }) => {
      const { environment, templateNo } = textsOf(payload, ['environment', 'templateNo']);
      return replanHeldFor(transaction, environment as Environment, templateNo);
    },
  },
];
