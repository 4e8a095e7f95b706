import type { ContentBuffer } from './content-buffer.ts';

/** Of each command: how many numbers it takes, and its operator. */
const commands: Readonly<Record<string, { readonly numbers: number; readonly operator: string }>> = {
  M: { numbers: 2, operator: 'm\n' },
  L: { numbers: 2, operator: 'l\n' },
  C: { numbers: 6, operator: 'c\n' },
};

const tokens = /([A-Za-z])|([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)|[\s,]+/giy;

/** Writes SVG path data of absolute M, L, C and Z as path operators. Throws a `SyntaxError` for anything else. */
export function writePath(buffer: ContentBuffer, data: string): void {
  let command = '';
  let pending: number[] = [];
  tokens.lastIndex = 0;
  while (tokens.lastIndex < data.length) {
    const at = tokens.lastIndex;
    const token = tokens.exec(data);
    if (!token) throw new SyntaxError(`path data: ${data.slice(at, at + 20)}`);
    if (token[1] !== undefined) {
      if (pending.length > 0) throw new SyntaxError(`path data: ${command} lacks numbers`);
      command = token[1];
      if (command === 'Z') buffer.ascii('h\n');
      else if (!commands[command]) throw new SyntaxError(`path data: no command ${command} here`);
    } else if (token[2] !== undefined) {
      pending.push(Number(token[2]));
      const { numbers, operator } = commands[command] ?? { numbers: 0, operator: '' };
      if (numbers === 0) throw new SyntaxError('path data: a number without command');
      if (pending.length < numbers) continue;
      for (const number of pending) buffer.number(number);
      buffer.ascii(operator);
      pending = [];
      if (command === 'M') command = 'L';
    }
  }
  if (pending.length > 0) throw new SyntaxError(`path data: ${command} lacks numbers`);
}
