import { userInfo } from 'node:os';
import { createInterface } from 'node:readline';
import { environments } from '@cardwright/top';
import { type Command, Option } from 'commander';
import type { House } from '../house.ts';
import {
  type CardAnswer,
  type CardComparison,
  compareWithPlatform,
  findCardsByNumber,
} from '../personalisation/look-up.ts';
import { type CommandContext, type CommonFlags, withJson } from './context.ts';
import { print, printError, printJson, printTable } from './terminal.ts';

type Environment = (typeof environments)[number];

interface FindFlags extends CommonFlags {
  readonly environment: Environment;
  readonly ask?: boolean;
  readonly by?: string;
}

/** `cardwright cards …`. Card numbers come by standard input: what stands on a command line, others can read. */
export function addCardsCommands(program: Command, { withHouse }: CommandContext): void {
  const cards = program.command('cards').description('卡 · single cards');
  withJson(
    cards
      .command('find')
      .description(
        '按卡号查卡：属于哪个制卡单、哪个位置 · in which order and place a card is, by its number',
      ),
  )
    .addOption(
      new Option('--environment <name>', 'daily | pre | online').choices([...environments]).default('online'),
    )
    .option('--ask', '同时向平台查询并比对 · also ask the platform for these cards, and compare')
    .option('--by <name>', '操作人 · who asks (default: the user of this machine)')
    .addHelpText(
      'after',
      '\n卡号从标准输入读取，每行一个 · numbers come by standard input, one a line:\n  cardwright cards find --environment daily < numbers.txt',
    )
    .action((flags: FindFlags) => withHouse(flags, (house) => find(house, flags)));
}

const mostAtOnce = 500;

async function find(house: House, flags: FindFlags): Promise<number> {
  const cardNos = await readNumbers();
  if (cardNos.length === 0 || cardNos.length > mostAtOnce) {
    printError(`需要 1 到 ${mostAtOnce} 个卡号 · 1 to ${mostAtOnce} card numbers are needed, one a line`);
    return 2;
  }
  const { pool, cardVault } = house;
  const actor = (flags.by ?? userInfo().username).normalize('NFKC').trim();
  let answers = await findCardsByNumber(pool, cardVault, flags.environment, cardNos, actor);
  if (flags.ask === true) {
    const compared = await compareWithPlatform(
      pool,
      cardVault,
      house.platformOf(flags.environment),
      flags.environment,
      cardNos,
      answers,
    );
    if ('problem' in compared) {
      printError(`平台查询失败 · the platform gave no answer: ${compared.problem}`);
      return 1;
    }
    answers = compared;
  }
  if (flags.json === true)
    printJson(
      answers.map(({ found, now }) => ({ ...found, cardOrderId: found?.cardOrderId.toString(), now })),
    );
  else printAnswers(answers);
  return answers.every(
    ({ found, now }) => found !== undefined && (now === undefined || now.comparison === 'same'),
  )
    ? 0
    : 1;
}

async function readNumbers(): Promise<string[]> {
  const numbers: string[] = [];
  for await (const line of createInterface({ input: process.stdin })) {
    const number = line.trim();
    if (number !== '') numbers.push(number);
  }
  return numbers;
}

const comparisonWords: Readonly<Record<CardComparison, string>> = {
  same: '一致 the same',
  'status-changed': '状态已变 other status',
  'content-changed': '内容不同 OTHER CONTENT',
  'not-given': '平台未返回 not given',
};

function printAnswers(answers: readonly CardAnswer[]): void {
  printTable(
    ['行 LINE', '制卡单 ORDER', '页 PAGE', '位 PLACE', '模板 TEMPLATE', '状态 STATUS', '平台现在 NOW'],
    answers.map(({ found, now }, index) => [
      String(index + 1),
      found === undefined ? '未找到 not found' : String(found.cardOrderId),
      found === undefined ? '' : String(found.pageNo),
      found === undefined ? '' : String(found.slot + 1),
      found?.templateNo ?? '',
      found?.platformStatus ?? '',
      now === undefined ? '' : `${comparisonWords[now.comparison]} ${now.status ?? ''}`.trim(),
    ]),
  );
  print();
}
