import type { Command } from 'commander';

/** What `--help` shows and a test runs: in this order, in an empty folder, each works as it stands. */
const examples = `
cardwright-print pdf     --records sample:sample-100 --layout sample:gift-card --press sample:one-up-600dpi --out out/cards
cardwright-print impose  --records sample:sample-100 --layout sample:gift-card --press sample:digital-sra3 --out out/sheets
cardwright-print verify  out/sheets
cardwright-print impose  --records sample:sample-100 --layout sample:gift-card --press sample:digital-sra3 --range 7,31-34 --out out/remake
cardwright-print proof   --records sample:sample-100 --layout sample:gift-card --press sample:one-up-600dpi --out out/proof
cardwright-print preview --layout sample:gift-card --side back --out out/back.png
cardwright-print perso   --records sample:sample-100 --profile sample:line-csv --unencrypted --out out/perso
cardwright-print perso-verify out/perso/cards.csv --profile sample:line-csv
cardwright-print perso-lock sample:line-csv
cardwright-print export  --records sample:sample-100 --profile sample:line-csv --columns card_no=卡号 par_value=面值 --out out/cards.xlsx
cardwright-print label   --kind box-label --data sample:box-label --out out/box.pdf
cardwright-print schema  layout`
  .trim()
  .split('\n');

const heading = '可直接运行 works as it stands:';

/** Gives every command its own examples, and the program all of them. */
export function addExamples(program: Command): void {
  const exitCodes =
    '退出码 exit codes: 0 完成 done, 1 拒绝或不完好 refused or not whole, 2 用法错误 wrong usage, 130 中断 interrupted';
  program.addHelpText('after', `\n${block(examples)}\n\n${exitCodes}`);
  for (const command of program.commands) {
    const own = examples.filter((line) => line.split(' ')[1] === command.name());
    if (own.length > 0) command.addHelpText('after', `\n${block(own)}`);
  }
}

const block = (lines: readonly string[]): string => [heading, ...lines.map((line) => `  ${line}`)].join('\n');
