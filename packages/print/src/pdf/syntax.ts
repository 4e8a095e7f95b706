declare const reference: unique symbol;

/** The number of an object of one file; its generation is always 0. */
export type Ref = number & { readonly [reference]: true };

export function refText(ref: Ref): string {
  return `${ref} 0 R`;
}

const regularCharacter = /[A-Za-z0-9_.+-]/;

/** A PDF name with its slash; everything but plain characters as the #xx of its UTF-8 bytes (ISO 32000-1, 7.3.5). */
export function nameText(name: string): string {
  let text = '/';
  for (const byte of Buffer.from(name, 'utf8')) {
    const character = String.fromCharCode(byte);
    text += regularCharacter.test(character)
      ? character
      : `#${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return text;
}

/** A text string: ASCII as it is, all else as UTF-16BE in hexadecimal (ISO 32000-1, 7.9.2.2). */
export function stringText(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return `(${text.replace(/[\\()]/g, '\\$&')})`;
  return `<FEFF${Buffer.from(text, 'utf16le').swap16().toString('hex').toUpperCase()}>`;
}

/** A number outside the hot path, with at most five decimals and no exponent. */
export function numberText(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError(`${value} is no PDF number`);
  const text = value.toFixed(5).replace(/\.?0+$/, '');
  return text === '-0' ? '0' : text;
}

export function numbersText(values: readonly number[]): string {
  return `[${values.map(numberText).join(' ')}]`;
}

/** A moment in both spellings that a document needs: XMP's and, for the info dictionary, PDF's own. */
export interface DocumentDate {
  readonly iso: string;
  readonly pdf: string;
}

/** Takes ISO 8601 with seconds and an offset (`2026-11-24T09:30:00+08:00` or `…Z`); fractions of a second are cut off. */
export function documentDate(iso: string): DocumentDate {
  const parts = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:Z|([+-])(\d\d):(\d\d))$/.exec(iso);
  if (!parts) throw new RangeError(`${iso} is not a moment such as 2026-11-24T09:30:00+08:00`);
  const [, year, month, day, hour, minute, second, sign, offsetHours, offsetMinutes] = parts;
  return {
    iso: `${year}-${month}-${day}T${hour}:${minute}:${second}${sign ? `${sign}${offsetHours}:${offsetMinutes}` : 'Z'}`,
    pdf: `D:${year}${month}${day}${hour}${minute}${second}${sign ? `${sign}${offsetHours}'${offsetMinutes}'` : 'Z'}`,
  };
}
