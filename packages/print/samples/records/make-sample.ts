import { writeFileSync } from 'node:fs';

/** Writes the 100 sample records beside itself. Nothing in them is real: numbers and passwords only count. */
const columns = ['card_no', 'password', 'qr_url', 'par_value', 'name'] as const;
const names = [
  '张三',
  '李四',
  '王小明',
  '欧阳修文',
  '赵𠮷',
  '龘龘',
  '㛃妤',
  '䶮',
  '喆琮',
  '阿依古丽·买买提',
  '诸葛亮亮',
  'Zoë Müller',
];

const rows = Array.from({ length: 100 }, (_, index) => {
  const no = String(index + 1).padStart(4, '0');
  return {
    card_no: `620000000000${no}`,
    password: `9876${no}5432${no}`,
    qr_url: `https://example.invalid/card/620000000000${no}?k=test-only-${no}`,
    par_value: ['50', '100', '200'][index % 3] as string,
    name: names[index % names.length] as string,
  };
});

const file = (name: string): URL => new URL(name, import.meta.url);
const csv = [columns.join(','), ...rows.map((row) => columns.map((column) => row[column]).join(','))];
writeFileSync(file('sample-100.csv'), `${csv.join('\n')}\n`);
writeFileSync(file('sample-100.jsonl'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
