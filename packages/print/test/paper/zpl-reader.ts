import type { Bitmap } from '../../src/paper/bitmap.ts';

export interface ZplCommand {
  readonly name: string;
  readonly parameters: string;
}

/** Splits a ZPL text as a printer does: every ^ or ~ begins a command of two characters. */
export function readCommands(zpl: string): ZplCommand[] {
  return zpl
    .split(/(?=[\^~])/u)
    .filter((part) => part.trim() !== '')
    .map((part) => {
      if (!/^[\^~][A-Z][A-Z0-9]/u.test(part))
        throw new Error(`not a command: ${JSON.stringify(part.slice(0, 20))}`);
      return { name: part.slice(0, 3), parameters: part.slice(3).replace(/\n$/u, '') };
    });
}

export interface ZplField {
  readonly xDots: number;
  readonly yDots: number;
  readonly symbol: ZplCommand | undefined;
  readonly moduleDots: number;
  readonly data: string;
}

/** A label as its dots (graphics only) and its fields of data, decoded from ^FH. */
export function readLabel(zpl: string): {
  readonly bitmap: Bitmap;
  readonly fields: readonly ZplField[];
  readonly names: ReadonlySet<string>;
} {
  const commands = readCommands(zpl);
  const settingOf = (name: string): number =>
    Number(commands.find((command) => command.name === name)?.parameters);
  const [widthDots, heightDots] = [settingOf('^PW'), settingOf('^LL')];
  const rowBytes = Math.ceil(widthDots / 8);
  const bitmap = { widthDots, heightDots, rowBytes, bits: new Uint8Array(rowBytes * heightDots) };
  const fields: ZplField[] = [];
  let [x, y, moduleDots] = [0, 0, 0];
  let symbol: ZplCommand | undefined;
  for (const command of commands) {
    const numbers = command.parameters.split(',').map(Number);
    if (command.name === '^FO') [x, y, symbol] = [numbers[0]!, numbers[1]!, undefined];
    if (command.name === '^BY') moduleDots = numbers[0]!;
    if (/^\^B[CQX]$/u.test(command.name)) symbol = command;
    if (command.name === '^GF') placeGraphic(bitmap, command.parameters, x, y);
    if (command.name === '^FD')
      fields.push({ xDots: x, yDots: y, symbol, moduleDots, data: unescapedField(command.parameters) });
  }
  return { bitmap, fields, names: new Set(commands.map(({ name }) => name)) };
}

function unescapedField(text: string): string {
  const bytes: number[] = [];
  for (let at = 0; at < text.length; at++)
    if (text[at] === '_') {
      bytes.push(Number.parseInt(text.slice(at + 1, at + 3), 16));
      at += 2;
    } else bytes.push(text.charCodeAt(at));
  return Buffer.from(bytes).toString('utf8');
}

function placeGraphic(bitmap: Bitmap, parameters: string, x: number, y: number): void {
  const [, form, , total, width, data] =
    /^([A-C]),(\d+),(\d+),(\d+),([\s\S]*)$/u.exec(parameters) === null
      ? []
      : [0, ...parameters.split(',', 4), parameters.split(',').slice(4).join(',')];
  if (form !== 'A') throw new Error('only ASCII graphics are read here');
  const rows = unpackRows(String(data), Number(width));
  if (rows.length * Number(width) !== Number(total))
    throw new Error('a graphic of another size than it says');
  if (x % 8 !== 0) throw new Error('this reader wants whole bytes');
  for (const [index, row] of rows.entries()) bitmap.bits.set(row, (y + index) * bitmap.rowBytes + x / 8);
}

/** The inverse of ZPL's run lengths, written from the Programming Guide and not from our writer. */
function unpackRows(data: string, width: number): Uint8Array[] {
  const rows: Uint8Array[] = [];
  let row = '';
  let repeat = 0;
  const end = (): void => {
    rows.push(Uint8Array.from(Buffer.from(row, 'hex')));
    row = '';
  };
  for (const sign of data) {
    if (/[G-Y]/u.test(sign)) repeat += sign.charCodeAt(0) - 70;
    else if (/[g-z]/u.test(sign)) repeat += (sign.charCodeAt(0) - 102) * 20;
    else if (sign === ':') rows.push(rows.at(-1)!);
    else if (sign === ',' || sign === '!') {
      row = row.padEnd(width * 2, sign === ',' ? '0' : 'F');
      end();
    } else {
      row += sign.repeat(repeat === 0 ? 1 : repeat);
      repeat = 0;
      if (row.length === width * 2) end();
    }
    if (row.length > width * 2) throw new Error('a row runs over');
  }
  if (row !== '') throw new Error('a row is cut short');
  return rows;
}

/** What ^BC in mode N makes of its data: >: B, >; C, >5 and >6 change, >0 >< >= are signs. */
export function readCode128Field(data: string): string {
  const signs: Readonly<Record<string, string>> = { '>0': '>', '><': '^', '>=': '~' };
  let set = data.startsWith('>;') ? 'C' : data.startsWith('>:') ? 'B' : '';
  if (set === '') throw new Error('no start code');
  let text = '';
  for (let at = 2; at < data.length; at++) {
    const pair = data.slice(at, at + 2);
    if (data[at] !== '>') text += data[at];
    else {
      at += 1;
      if (pair === '>5') set = 'C';
      else if (pair === '>6') set = 'B';
      else if (signs[pair] !== undefined) text += signs[pair];
      else throw new Error(`unknown invocation ${pair}`);
      continue;
    }
    if (set === 'C') {
      text += data[at + 1];
      at += 1;
      if (!/^\d\d$/u.test(pair)) throw new Error(`${pair} in set C`);
    }
  }
  return text;
}
