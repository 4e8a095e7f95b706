import { advanceTestOrder } from '../card-order/advance-test-order.ts';
import { type ReportParts, reportFinish, reportSended } from '../card-order/report.ts';
import { orderKeyOf } from './payload.ts';
import type { Task } from './tasks.ts';

/** The tasks that tell the platform what was made and shipped, and those that let test orders live. */
export function reportTasks(parts: ReportParts): readonly Task[] {
  return [
    {
      name: 'report-finish',
      lane: 'slow',
      zh: '通知平台制卡完成',
      en: 'tells the platform that an order is made',
      run: (payload, work) => reportFinish(parts, work, orderKeyOf(payload)),
    },
    {
      name: 'report-sended',
      lane: 'slow',
      zh: '通知平台已发货',
      en: 'tells the platform that an order was shipped',
      run: (payload, work) => reportSended(parts, work, orderKeyOf(payload)),
    },
    {
      name: 'advance-test-order',
      zh: '测试单走完各状态',
      en: 'takes an order of test templates through its next state',
      run: (payload, work) => advanceTestOrder(work, orderKeyOf(payload)),
    },
  ];
}
