/** The couriers of China by the names that people type, and what their waybill numbers look like. */

export interface Courier {
  /** As the platform is told. */
  readonly name: string;
  readonly en: string;
  readonly aliases: readonly string[];
  /** Shapes of its waybill numbers in capitals, wide enough for older ranges. */
  readonly shapes: readonly RegExp[];
  /** In words, for who typed another one. */
  readonly shapeWords: string;
  /** A number of this courier, for suggestions and tests. */
  readonly example: string;
}

/** Thirteen characters of UPU standard S10: service, eight digits, check digit, country. */
const s10 = /^[A-Z]{2}\d{9}[A-Z]{2}$/;

const courier = (
  name: string,
  en: string,
  aliases: readonly string[],
  shapes: readonly RegExp[],
  shapeWords: string,
  example: string,
): Courier => ({ name, en, aliases, shapes, shapeWords, example });

export const couriers: readonly Courier[] = [
  courier(
    '顺丰速运',
    'SF Express',
    ['顺丰', '顺丰快递', 'sf', 'shunfeng'],
    [/^SF\d{13}$/, /^\d{12}$/, /^\d{15}$/],
    'SF + 13 位数字，或 12、15 位数字',
    'SF1234567890123',
  ),
  courier(
    '中通快递',
    'ZTO Express',
    ['中通', '中通速递', 'zto', 'zhongtong'],
    [/^\d{12,14}$/, /^ZTO\d{8,13}$/, /^[ABH]\d{13}$/],
    '12–14 位数字',
    '78123456789012',
  ),
  courier(
    '圆通速递',
    'YTO Express',
    ['圆通', '圆通快递', 'yto', 'yuantong'],
    [
      /^YT\d{13}$/,
      /^[A-Z0-9]{2}\d{8}$/,
      /^[A-Z0-9]{2}\d{10}$/,
      /^[6-9]\d{17}$/,
      /^DD[89]\d{15}$/,
      /^Y\d{12}$/,
    ],
    'YT + 13 位数字，或旧版 10、12、18 位',
    'YT1234567890123',
  ),
  courier(
    '申通快递',
    'STO Express',
    ['申通', 'sto', 'shentong'],
    [/^\d{12,13}$/, /^77\d{13}$/, /^STO\d{10,12}$/],
    '12、13 或 15 位数字',
    '773123456789012',
  ),
  courier(
    '韵达快递',
    'Yunda Express',
    ['韵达', '韵达速递', 'yunda', 'yd'],
    [/^\d{13}$/, /^\d{15}$/, /^YD\d{13}$/],
    '13 或 15 位数字',
    '4312345678901',
  ),
  courier(
    '极兔速递',
    'J&T Express',
    ['极兔', 'j&t', 'jt', 'jtexpress', 'jitu'],
    [/^JT\d{13}$/],
    'JT + 13 位数字',
    'JT1234567890123',
  ),
  courier(
    '京东物流',
    'JD Logistics',
    ['京东', '京东快递', 'jd', 'jdl', 'jingdong'],
    [/^JD[A-Z0-9]{11,13}(?:-\d{1,3}-\d{1,3}-?)?$/, /^JDV[A-Z]?\d{10,13}(?:-\d{1,3}-\d{1,3}-?)?$/],
    'JD + 11–13 位',
    'JD0012345678901',
  ),
  courier(
    'EMS',
    'EMS',
    ['邮政ems', '中国邮政速递', '邮政速递', '邮政特快专递', '邮政速递物流'],
    [s10, /^(?:10|11|50|51|95|97|98|99)\d{11}$/],
    '13 位数字，或国际 S10（如 EE123456785CN）',
    '1012345678901',
  ),
  courier(
    '中国邮政',
    'China Post',
    ['邮政', '邮政快递包裹', '邮政包裹', 'chinapost', 'youzheng'],
    [s10, /^9[0-9]\d{11}$/, /^\d{13}$/],
    '13 位数字，或国际 S10',
    '9812345678901',
  ),
  courier(
    '德邦快递',
    'Deppon Express',
    ['德邦', '德邦物流', 'deppon', 'dbl'],
    [/^DPK\d{12}$/, /^\d{8,10}$/],
    'DPK + 12 位数字，或 8–10 位数字',
    'DPK123456789012',
  ),
  courier(
    '跨越速运',
    'KYE Express',
    ['跨越', '跨越物流', 'kye', 'ky'],
    [/^KY\d{13}$/, /^KY\d{9,11}$/],
    'KY + 13 位数字',
    'KY1234567890123',
  ),
  courier(
    '丹鸟',
    'Danniao',
    ['菜鸟速递', '菜鸟直送', '丹鸟快递', '丹鸟物流', 'danniao', 'cainiao'],
    [/^DN\d{10,16}$/, /^CN\d{10,16}$/, /^LP\d{14}$/, /^\d{13,15}$/],
    'DN、CN 或 LP 开头，或 13–15 位数字',
    'DN1234567890123',
  ),
  courier(
    '百世快递',
    'Best Express',
    ['百世', '汇通', '百世汇通', '汇通快递', 'best', 'htky'],
    [/^\d{12,15}$/, /^[A-Z]\d{13}$/],
    '12–15 位数字',
    '55123456789012',
  ),
  courier(
    '天天快递',
    'TTK Express',
    ['天天', 'ttk', 'hhtt', 'tiantian'],
    [/^\d{12}$/, /^TT\d{13}$/],
    '12 位数字，或 TT + 13 位数字',
    '667123456789',
  ),
  courier(
    '宅急送',
    'ZJS Express',
    ['宅急送快递', 'zjs', 'zhaijisong'],
    [/^ZJS\d{12}$/, /^\d{10}$/, /^A\d{12}$/],
    'ZJS + 12 位数字，或 10 位数字',
    'ZJS123456789012',
  ),
  courier(
    '优速快递',
    'UC Express',
    ['优速', 'uc56', 'uce', 'yousu'],
    [/^(?:5|6|7|8|9)\d{11}$/, /^VIP\d{9}$/, /^V[0-9]{11}$/, /^\d{14}$/],
    '12 或 14 位数字',
    '518123456789',
  ),
  courier(
    '安能物流',
    'ANE Logistics',
    ['安能', '安能快递', 'ane', 'anneng'],
    [/^\d{12,14}$/],
    '12–14 位数字',
    '300123456789',
  ),
  courier(
    '丰网速运',
    'Fengwang Express',
    ['丰网', 'fengwang', 'fwx'],
    [/^FW\d{13}$/],
    'FW + 13 位数字',
    'FW1234567890123',
  ),
];

/** What the shipment of an order is called at the courier; or why it cannot be that, in both languages. */
export type WaybillReading =
  | { readonly ok: true; readonly company: string; readonly number: string }
  | {
      readonly ok: false;
      readonly code: 'unknown-courier' | 'impossible-number' | 'wrong-check-digit';
      readonly zh: string;
      readonly en: string;
    };

/** The longest texts that the platform's interface takes. */
const longestCompany = 64;
const longestNumber = 64;

/**
 * Reads a courier's name (any usual one) and a waybill number as typed or scanned: full-width characters and spaces do
 * not matter. `force` takes a courier that is not in the list, and a number of another shape; never an empty one.
 */
export function readWaybill(typedCompany: string, typedNumber: string, force = false): WaybillReading {
  const number = typedNumber.normalize('NFKC').replace(/\s+/g, '').toUpperCase();
  const found = findCourier(typedCompany);
  if (!/^[A-Z0-9][A-Z0-9-]{3,}$/.test(number) || number.length > longestNumber) {
    return impossible(
      '运单号须为 4–64 位字母、数字或短横',
      'a waybill number has 4 to 64 letters, digits or hyphens',
    );
  }
  if (force) return forced(found, typedCompany, number);
  if (found === undefined) return unknownCourier(typedCompany, number);
  if (!found.shapes.some((shape) => shape.test(number))) {
    const other = lookalike(number, found);
    const zh = other === undefined ? '' : `；像是${other.name}的单号`;
    const en = other === undefined ? '' : `; it looks like one of ${other.en}`;
    return impossible(
      `不是${found.name}的运单号（${found.shapeWords}，如 ${found.example}）${zh}；确认无误可加 --force`,
      `no waybill number of ${found.en} (such as ${found.example})${en}; --force takes it all the same`,
    );
  }
  if (s10.test(number) && !hasS10CheckDigit(number)) {
    return {
      ok: false,
      code: 'wrong-check-digit',
      zh: '国际邮件号的校验位不符：请核对每一位',
      en: 'the check digit of this international number is wrong: compare every digit',
    };
  }
  return { ok: true, company: found.name, number };
}

function forced(found: Courier | undefined, typed: string, number: string): WaybillReading {
  const company = found?.name ?? typed.normalize('NFKC').trim().replace(/\s+/g, ' ');
  if (company !== '' && company.length <= longestCompany && !/\p{Cc}/u.test(company))
    return { ok: true, company, number };
  return {
    ok: false,
    code: 'unknown-courier',
    zh: '快递公司须为 1–64 个字',
    en: "a courier's name has 1 to 64 characters",
  };
}

const impossible = (zh: string, en: string): WaybillReading => ({
  ok: false,
  code: 'impossible-number',
  zh,
  en,
});

function unknownCourier(typed: string, number: string): WaybillReading {
  const near = nearestCourier(typed) ?? lookalike(number, undefined);
  const names = couriers.map(({ name }) => name).join('、');
  const zh = near === undefined ? `可用：${names}` : `是否为 ${near.name}？`;
  const en = near === undefined ? `known are ${names}` : `did you mean ${near.name} (${near.en})?`;
  return {
    ok: false,
    code: 'unknown-courier',
    zh: `不认识这家快递公司；${zh} 其他公司可加 --force`,
    en: `this courier is not in the list; ${en} --force takes any other`,
  };
}

const plain = (name: string): string =>
  name
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\s·.\-_]/g, '');

const byName: ReadonlyMap<string, Courier> = new Map(
  couriers.flatMap((entry) =>
    [entry.name, entry.en, ...entry.aliases].map((name) => [plain(name), entry] as const),
  ),
);

/** The courier of a name, an English one or an alias, however it is spaced. */
export const findCourier = (typed: string): Courier | undefined => byName.get(plain(typed));

/** Whose numbers alone look like this; only shapes that begin with letters tell. */
function lookalike(number: string, except: Courier | undefined): Courier | undefined {
  if (!/^[A-Z]{2}/.test(number)) return undefined;
  const fitting = couriers.filter(
    (entry) =>
      entry !== except &&
      entry.shapes.some((shape) => /^\^[A-Z]{2}/.test(shape.source) && shape.test(number)),
  );
  return fitting.length === 1 ? fitting[0] : undefined;
}

function nearestCourier(typed: string): Courier | undefined {
  const wanted = plain(typed);
  if (wanted === '' || wanted.length > longestCompany) return undefined;
  let nearest: { courier: Courier; distance: number } | undefined;
  for (const [name, entry] of byName) {
    const contains =
      name.length >= 2 && (wanted.includes(name) || (wanted.length >= 2 && name.includes(wanted)));
    const distance = contains ? 0 : editDistance(wanted, name);
    const isNear = contains || distance <= Math.floor(Math.max(wanted.length, name.length) / 3);
    if (isNear && distance < (nearest?.distance ?? Number.POSITIVE_INFINITY))
      nearest = { courier: entry, distance };
  }
  return nearest?.courier;
}

/** Levenshtein. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substituted, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

const s10Weights = [8, 6, 4, 2, 3, 5, 9, 7];

function hasS10CheckDigit(number: string): boolean {
  const sum = s10Weights.reduce((total, weight, index) => total + weight * Number(number[2 + index]), 0);
  const rest = 11 - (sum % 11);
  const digit = rest === 10 ? 0 : rest === 11 ? 5 : rest;
  return Number(number[10]) === digit;
}
