import type { Pool } from 'pg';
import { newestEvents } from '../audit/list.ts';
import { print, printJson, printTable } from './terminal.ts';

/** `cardwright audit list`. */
export async function auditList(
  pool: Pool,
  flags: { order?: string; limit: number; json?: boolean },
): Promise<number> {
  const events = await newestEvents(pool, { cardOrderId: flags.order, limit: flags.limit });
  if (flags.json === true) {
    printJson(events);
  } else if (events.length === 0) {
    print('没有审计事件 · no audit events');
  } else {
    printTable(
      ['时间 TIME', '操作者 ACTOR', '动作 ACTION', '环境 ENV', '制卡单 ORDER', '详情 DETAIL', '位置 PLACE'],
      events.map((event) => [
        event.at,
        event.actor,
        event.action,
        event.environment ?? '',
        event.cardOrderId ?? '',
        event.detail,
        event.place,
      ]),
    );
  }
  return 0;
}
