import { Refusal } from '../refusal.ts';
import type { Row } from './record.ts';

/**
 * The fields of one line of CSV (RFC 4180, strict: a quote opens only at a field's start, is doubled inside, and closes
 * before a comma or the line's end). Spaces belong to their field. A line break inside quotes is refused, though the RFC
 * has it: no card's text holds one, and an unclosed quote would otherwise swallow the records after it.
 */
export function csvFields(line: string): Row {
  return line.includes('"') ? quotedFields(line) : line.split(',');
}

function quotedFields(line: string): Row {
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    const end = line.charCodeAt(at) === 0x22 ? closingQuote(line, at) + 1 : plainEnd(line, at);
    fields.push(line.charCodeAt(at) === 0x22 ? unquoted(line.slice(at + 1, end - 1)) : line.slice(at, end));
    if (end === line.length) return fields;
    if (line.charCodeAt(end) !== 0x2c) throw malformed('text after a closing quote', fields.length);
    at = end + 1;
  }

  function plainEnd(text: string, start: number): number {
    const comma = text.indexOf(',', start);
    const stop = comma < 0 ? text.length : comma;
    const quote = text.indexOf('"', start);
    if (quote >= 0 && quote < stop)
      throw malformed('a quote inside a text without quotes', fields.length + 1);
    return stop;
  }

  function closingQuote(text: string, start: number): number {
    let quote = text.indexOf('"', start + 1);
    while (quote >= 0 && text.charCodeAt(quote + 1) === 0x22) quote = text.indexOf('"', quote + 2);
    if (quote < 0) throw new Refusal('record-quote-unclosed', `field ${fields.length + 1}`);
    return quote;
  }
}

function unquoted(text: string): string {
  return text.includes('"') ? text.replaceAll('""', '"') : text;
}

function malformed(what: string, fieldNo: number): Refusal {
  return new Refusal('record-malformed', `field ${fieldNo}: ${what}`);
}
