import type { RefusalText } from './refusal-text.ts';

/** What is wrong with records, with a choice among them, or with what a command was given. */
export const recordRefusals = {
  'file-interrupted': {
    zh: '已中断，未留下文件',
    en: 'the work was interrupted; no file was left',
    next: 'Run the same command again.',
  },
  'input-not-json': {
    zh: '输入文件不是有效的 JSON',
    en: 'an input file is not JSON',
    next: 'Mend the file at that place.',
  },
  'input-unreadable': {
    zh: '无法读取输入文件',
    en: 'an input file cannot be read',
    next: 'Check its name and permissions.',
  },
  'output-unwritable': {
    zh: '无法写入输出文件',
    en: 'the output cannot be written',
    next: 'Check the folder, its permissions and the free space.',
  },
  'record-duplicate': {
    zh: '记录重复',
    en: 'two records have the same value where it must be unique',
    next: 'Take one of the two records out: no card is made twice.',
  },
  'record-field-missing': {
    zh: '记录缺少字段',
    en: 'a record lacks a field',
    next: 'Add the column to the records, or take the element off the layout.',
  },
  'record-fields-uneven': {
    zh: '字段数与表头不一致',
    en: 'a record does not have exactly the columns of the others',
    next: 'Mend that record; a text that holds a comma must stand in quotes.',
  },
  'record-malformed': {
    zh: '记录无法解析',
    en: 'a record cannot be read',
    next: 'Mend that record in the input file and run again.',
  },
  'record-quote-unclosed': {
    zh: '引号未闭合，或引号内有换行',
    en: 'a quoted text is not closed on its line',
    next: 'Close the quote; a line break cannot be part of a text.',
  },
  'record-text-too-long': {
    zh: '记录内容过长',
    en: 'a text of a record is too long',
    next: 'Shorten the text, or widen its box in the layout.',
  },
  'record-text-unsafe': {
    zh: '记录含有控制字符或双向文字控制符',
    en: 'a record holds a control or bidirectional formatting character',
    next: 'Remove the character that the message names.',
  },
  'record-value-not-text': {
    zh: '字段值不是字符串',
    en: 'a value is not a string',
    next: 'Write every value as a JSON string: numbers lose leading zeros and long digits.',
  },
  'records-changed': {
    zh: '记录文件在处理中被改动',
    en: 'the file of records changed while it was in use',
    next: 'Let nobody write to the file, check which records are meant, and run the job again.',
  },
  'records-empty': {
    zh: '文件中没有记录',
    en: 'the file holds no record',
    next: 'Give a file with at least one record.',
  },
  'records-encoding-wrong': {
    zh: '文件编码与声明不符',
    en: 'bytes do not belong to the encoding that was named',
    next: 'Name the encoding that the file was saved in (utf-8 or gb18030), or save it as UTF-8.',
  },
  'records-file-unreadable': {
    zh: '记录文件无法打开',
    en: 'the file of records cannot be opened',
    next: 'Name a readable file that ends with .csv or .jsonl.',
  },
  'records-header-malformed': {
    zh: '表头不合规',
    en: 'the header does not name the columns',
    next: 'Give the file a first line of different column names (or, in .jsonl, each object the same keys).',
  },
  'records-none': {
    zh: '没有可印的记录',
    en: 'there is no record to print',
    next: 'Check the file of records, the range or the remake list.',
  },
  'records-uniqueness-undecided': {
    zh: '无法判断记录是否重复',
    en: 'too many values look alike to tell whether they are unique',
    next: 'This file was made to slow the check down: ask who made it.',
  },
  'records-too-many': {
    zh: '记录数超出一次任务的上限',
    en: 'there are more records than a run can number',
    next: 'Split the file of records.',
  },
  'selection-key-ambiguous': {
    zh: '一个键值对应多条记录',
    en: 'a key belongs to more than one record',
    next: 'Ask by a column whose values are unique, or by record number.',
  },
  'selection-malformed': {
    zh: '记录范围或补打清单写法有误',
    en: 'the list of asked records cannot be understood',
    next: 'Write ranges such as 1-500,777, or one record number or key a line.',
  },
  'selection-record-absent': {
    zh: '要求的记录不存在',
    en: 'a record that is asked for does not exist',
    next: 'Check the list against the file of records.',
  },
  'selection-repeated': {
    zh: '同一记录被要求两次',
    en: 'a record is asked for twice',
    next: 'Ask for each record once: a remake makes one card.',
  },
} as const satisfies Readonly<Record<string, RefusalText>>;
