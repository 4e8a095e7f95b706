import { userInfo } from 'node:os';
import type { Command } from 'commander';
import type { Pool } from 'pg';
import { acknowledgeAlarm, alarmWords, listAlarms } from '../alarm/alarm-store.ts';
import { type CommandContext, type CommonFlags, withJson } from './context.ts';
import { localTime, print, printError, printJson, printTable } from './terminal.ts';

/** `cardwright alarms …`. */
export function addAlarmsCommands(program: Command, { withHouse }: CommandContext): void {
  const alarms = program.command('alarms').description('警报 · what a person should look at');
  withJson(alarms.command('list').description('未确认的警报 · alarms that nobody has acknowledged'))
    .option('--all', '包括已确认的 · those that were acknowledged too')
    .action((flags: CommonFlags & { all?: boolean }) =>
      withHouse(flags, ({ pool }) => alarmsList(pool, flags.all === true, flags.json === true)),
    );
  withJson(alarms.command('ack <id>').description('确认已处理 · say that it is being dealt with'))
    .option('--by <name>', '操作人 · who does this (default: the user of this machine)')
    .action((id: string, flags: CommonFlags & { by?: string }) =>
      withHouse(flags, ({ pool }) =>
        alarmsAcknowledge(pool, id, flags.by ?? userInfo().username, flags.json === true),
      ),
    );
}

async function alarmsList(pool: Pool, all: boolean, asJson: boolean): Promise<number> {
  const alarms = await listAlarms(pool, { all });
  if (asJson) printJson(alarms);
  else if (alarms.length === 0) print('没有警报 · no alarms');
  else {
    printTable(
      ['警报 ALARM', '时间 RAISED', '环境 ENV', '制卡单 ORDER', '内容 WHAT', '确认 ACKNOWLEDGED'],
      alarms.map((alarm) => [
        alarm.alarmId,
        localTime(alarm.raisedAt),
        alarm.environment,
        alarm.cardOrderId ?? '',
        alarmWords(alarm).title,
        alarm.acknowledgedBy ?? '',
      ]),
    );
    for (const alarm of alarms) {
      const { advice } = alarmWords(alarm);
      if (alarm.acknowledgedAt === null && advice !== '') print(`  ${alarm.alarmId}: ${advice}`);
    }
  }
  return 0;
}

async function alarmsAcknowledge(pool: Pool, id: string, person: string, asJson: boolean): Promise<number> {
  const ok = /^\d{1,18}$/.test(id) && (await acknowledgeAlarm(pool, BigInt(id), person));
  if (asJson) printJson({ ok });
  else if (ok) print(`已确认 · acknowledged: ${id}`);
  else printError(`没有未确认的警报 · no open alarm ${id}; see: cardwright alarms list`);
  return ok ? 0 : 1;
}
