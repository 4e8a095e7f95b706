import type { Row } from '../records/record.ts';
import { Refusal } from '../refusal.ts';
import { measureIn } from './encoding.ts';
import { type FieldPlan, type FieldSettings, planFields } from './field.ts';
import type { PersoProfile } from './profile.ts';
import type { PersoFormat } from './schema.ts';

interface Totals {
  readonly records: number;
  /** The hash total, where the profile asks for one. */
  readonly sum?: string;
  /** Of all bytes before the line of totals. */
  readonly sha256: string;
}

/** Everything of a file but the cards themselves, each line without its end. */
interface FixedLines {
  readonly header: string | undefined;
  bundleEnd(bundleNo: number, cards: number): string;
  totals(totals: Totals): string;
}

export const lineEnds = { crlf: '\r\n', lf: '\n' } as const;
const countDigits = 10;
/** What the sum of 10^10 numbers of 27 digits needs. */
const sumDigits = 37;

/** The lines that the writer writes and the checker expects. */
export function fixedLines(profile: PersoProfile): FixedLines {
  const { format, bundle, totals: asked, separator = ',' } = profile;
  const header = profile.header ? headerOf(profile) : undefined;
  const bundleMarker = bundle?.marker ?? '';
  const totalsMarker = asked?.marker ?? '';
  if (format === 'jsonl') {
    return {
      header,
      bundleEnd: (bundleNo, cards) =>
        JSON.stringify({ marker: bundleMarker, bundle: bundleNo, records: cards }),
      totals: ({ records, sum, sha256 }) => JSON.stringify({ marker: totalsMarker, records, sum, sha256 }),
    };
  }
  if (format === 'csv') {
    return {
      header,
      bundleEnd: (bundleNo, cards) => [bundleMarker, bundleNo, cards].join(separator),
      totals: ({ records, sum, sha256 }) =>
        [totalsMarker, records, ...(sum === undefined ? [] : [sum]), sha256].join(separator),
    };
  }
  const count = (value: number): string => String(value).padStart(countDigits, '0');
  return {
    header,
    bundleEnd: (bundleNo, cards) => bundleMarker + count(bundleNo) + count(cards),
    totals: ({ records, sum, sha256 }) =>
      totalsMarker + count(records) + (sum?.padStart(sumDigits, '0') ?? '') + sha256,
  };
}

function headerOf({ format, fields, quotes, separator = ',', encoding, widthIn }: PersoProfile): string {
  if (format === 'csv') {
    const quote = quotes === 'always' ? '"' : '';
    return fields.map(({ name }) => quote + name + quote).join(separator);
  }
  const measure = measureIn(encoding, widthIn);
  return fields.map(({ name, width = 0 }) => name.padEnd(name.length + width - measure(name))).join('');
}

/** A card's line without its end. `index` counts the file's cards from 0. */
type CardLine = (row: Row, index: number, isBundleEnd: boolean) => string;

/** Throws what `planFields` does; the line itself any refusal of a value. */
export function cardLine(
  profile: PersoProfile,
  columns: readonly string[],
  settings: FieldSettings,
): CardLine {
  const plans = planFields(profile, columns, settings);
  const join = joins[profile.format](profile, plans);
  const markers = [profile.bundle?.marker, profile.totals?.marker].filter((marker) => marker !== undefined);
  if (markers.length === 0 || profile.format === 'jsonl') return join;
  return (row, index, isBundleEnd) => {
    const line = join(row, index, isBundleEnd);
    for (const marker of markers) {
      if (line.startsWith(marker))
        refuseSeparator('the line begins as a marker line does', plans[0]?.name, index);
    }
    return line;
  };
}

type Join = (profile: PersoProfile, plans: readonly FieldPlan[]) => CardLine;

const joins: Readonly<Record<PersoFormat, Join>> = {
  'fixed-width': (_, plans) => (row, index, isBundleEnd) => {
    let line = '';
    for (let i = 0; i < plans.length; i++) line += (plans[i] as FieldPlan).text(row, index, isBundleEnd);
    return line;
  },
  jsonl: (_, plans) => {
    const keys = plans.map(({ name }, i) => `${i === 0 ? '{' : ','}${JSON.stringify(name)}:`);
    return (row, index, isBundleEnd) => {
      let line = '';
      for (let i = 0; i < plans.length; i++) {
        line += (keys[i] as string) + JSON.stringify((plans[i] as FieldPlan).text(row, index, isBundleEnd));
      }
      return `${line}}`;
    };
  },
  csv: ({ separator = ',', quotes = 'never' }, plans) => {
    const cell = csvCell(separator, quotes);
    return (row, index, isBundleEnd) => {
      let line = '';
      for (let i = 0; i < plans.length; i++) {
        const plan = plans[i] as FieldPlan;
        const text = cell(plan.text(row, index, isBundleEnd));
        if (text === undefined) refuseSeparator('the profile quotes nothing', plan.name, index);
        line = i === 0 ? (text as string) : line + separator + text;
      }
      return line;
    };
  },
};

/** RFC 4180 §2; undefined for a text that cannot stand in the file. */
function csvCell(
  separator: string,
  quotes: NonNullable<PersoProfile['quotes']>,
): (text: string) => string | undefined {
  const special = separator.charCodeAt(0);
  return (text) => {
    let isSpecial = false;
    let isQuote = false;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit === 0x22) isQuote = true;
      else if (unit === special) isSpecial = true;
    }
    if (!isQuote && !isSpecial && quotes !== 'always') return text;
    if (quotes === 'never') return undefined;
    return `"${isQuote ? text.replaceAll('"', '""') : text}"`;
  };
}

function refuseSeparator(detail: string, at: string | undefined, index: number): never {
  throw new Refusal('perso-value-separator', detail, {
    recordNo: index + 1,
    ...(at === undefined ? {} : { at }),
  });
}
