import { type Command, InvalidArgumentError, Option } from 'commander';
import type { TextEncoding } from '../records/text-lines.ts';

/** A typeface of the user's own, by the name that the layout gives it. */
export interface GivenFont {
  readonly name: string;
  readonly path: string;
}

export interface RecordFlags {
  readonly records: string;
  readonly encoding: TextEncoding;
  readonly uniqueBy?: readonly string[];
  readonly range?: string;
  readonly remake?: string;
  readonly remakeBy?: string;
}

/** Options of records that several commands share. */
export function withRecordOptions(command: Command): Command {
  return command
    .requiredOption('--records <file>', '记录 records: a .csv or .jsonl file, or sample:sample-100')
    .addOption(encodingOption())
    .option('--unique-by <columns...>', '唯一列 columns in which no value may come twice')
    .addOption(
      new Option('--range <ranges>', '记录范围 only these records, such as 1-500,777,9001-').conflicts(
        'remake',
      ),
    )
    .option('--remake <file>', '补打清单 only the records of a list: one record number a line')
    .option('--remake-by <column>', '补打依据列 the lines of --remake are values of this column')
    .hook('preAction', (_, acting) => {
      const { remake, remakeBy } = acting.opts<RecordFlags>();
      if (remakeBy !== undefined && remake === undefined) acting.error('error: --remake-by needs --remake');
    });
}

export function encodingOption(): Option {
  return new Option('--encoding <name>', '编码 encoding of a CSV file: utf-8, gb18030 or gbk')
    .default('utf-8')
    .argParser((name): TextEncoding => {
      if (/^utf-?8$/i.test(name)) return 'utf-8';
      if (/^(?:gb18030|gbk|gb2312)$/i.test(name)) return 'gb18030';
      throw new InvalidArgumentError('utf-8, gb18030 or gbk.');
    });
}

export function fontOption(): Option {
  return new Option(
    '--font <name=file...>',
    '自有字体 your own .ttf by the name that the layout gives it',
  ).argParser((text, former: readonly GivenFont[] = []) => {
    const [, name, path] = /^([\w-]+)=(.+)$/.exec(text) ?? [];
    if (name === undefined || path === undefined)
      throw new InvalidArgumentError('NAME=FILE, such as sans=house.ttf.');
    if (former.some((font) => font.name === name)) throw new InvalidArgumentError(`${name} is given twice.`);
    return [...former, { name, path }];
  });
}

/** Reads a whole number between the two, both included. */
export function wholeNumber(least: number, greatest: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d{1,10}$/.test(text) && value >= least && value <= greatest) return value;
    throw new InvalidArgumentError(`a whole number from ${least} to ${greatest}.`);
  };
}

/** Reads a text of one line. */
export function shortText(mostCharacters: number): (text: string) => string {
  return (text) => {
    if (text !== '' && text.length <= mostCharacters && !/\p{C}/u.test(text)) return text;
    throw new InvalidArgumentError(`1 to ${mostCharacters} characters that can be seen.`);
  };
}

/** Takes a file name that ends with one of these. */
export function pathEndingWith(...endings: readonly string[]): (path: string) => string {
  return (path) => {
    if (endings.some((ending) => path.toLowerCase().endsWith(ending))) return path;
    throw new InvalidArgumentError(`it ends with ${endings.join(' or ')}.`);
  };
}
