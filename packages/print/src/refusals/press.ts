import type { RefusalText } from './refusal-text.ts';

/** What is wrong with a press, a run or its manifest. */
export const pressRefusals = {
  'job-name-unusable': {
    zh: '任务名无法使用',
    en: 'the name of the job cannot be printed on slugs or stand in documents',
    next: 'Name the job in 1 to 200 characters that can be seen, on one line.',
  },
  'manifest-malformed': {
    zh: '印刷清单无法识别',
    en: 'a run manifest is not understood',
    next: 'Take the manifest as the run wrote it; if it was changed, run the job again.',
  },
  'press-card-differs': {
    zh: '卡片尺寸与印刷机参数不符',
    en: 'the layout is not of the card size that the press takes',
    next: 'Use the layout or the press made for that card.',
  },
  'press-does-not-fit': {
    zh: '拼版超出印张可印范围',
    en: 'the grid does not fit on the sheet',
    next: 'Take fewer columns or rows, smaller gutters, fewer marks, or a larger sheet.',
  },
  'press-lacks-duplex': {
    zh: '版式有背面，但印刷机参数未设双面印刷',
    en: 'the layout has a back and the press prints the front only',
    next: 'State duplex in the press profile, or take the back off the layout.',
  },
  'press-lacks-sheet': {
    zh: '该印刷机参数没有印张',
    en: 'the press profile has no sheet to impose on',
    next: 'Use a press profile with a sheet, or the command pdf.',
  },
  'press-malformed': {
    zh: '印刷机参数无法识别',
    en: 'a press profile is not understood',
    next: 'Mend the setting that the message names; schema/press-1.json lists all of them.',
  },
  'run-folder-busy': {
    zh: '另一进程正在该文件夹中输出',
    en: 'another run writes into the folder',
    next: 'Wait until it has ended, or stop it; then run the command again.',
  },
  'run-folder-taken': {
    zh: '输出文件夹中已有另一任务',
    en: 'the folder holds the output of another run',
    next: 'Choose an empty folder; to make a run anew, remove its files first.',
  },
  'run-interrupted': {
    zh: '任务被中断，已完成的文件保留',
    en: 'the run was interrupted; whole files stay',
    next: 'Run the same command again: it goes on after the last whole file.',
  },
  'slug-character-missing': {
    zh: '印张信息行中有字体不含的字符',
    en: 'the sheet slug has a character that its typeface lacks',
    next: 'Choose another job name, or give the marks a typeface that has the character.',
  },
} as const satisfies Readonly<Record<string, RefusalText>>;
