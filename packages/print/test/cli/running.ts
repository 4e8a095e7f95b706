import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';

/** What a user sees of a command that has ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export const packageFile = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** A folder that is gone when the tests of the file are over. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cardwright-print-cli-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function write(folder: string, name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** Starts the program as a user does. */
export function start(args: readonly string[], cwd: string): ChildProcess {
  return spawn(process.execPath, [packageFile('bin/cardwright-print.js'), ...args], {
    cwd,
    timeout: 120_000,
    env: { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'cardwright-print-cli-compiled') },
  });
}

export async function ended(child: ChildProcess): Promise<Ended> {
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name]!.setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text;
    });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout: texts.stdout, stderr: texts.stderr.replaceAll(progressLine, '') };
}

/** What a slow machine is told meanwhile. */
const progressLine = /^(?:检查记录 checking|生成 drawing|写入 writing) \w+ [\d,]+.*\/s.*\n/gm;

export function run(args: readonly string[], cwd: string, input?: Uint8Array): Promise<Ended> {
  const child = start(args, cwd);
  child.stdin!.end(input);
  return ended(child);
}

/** That it went well and had nothing to complain of; what it said. */
export function done({ code, stdout, stderr }: Ended): string {
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
  return stdout;
}

/** That it was refused as users are to be told: one line, in Chinese and English, with nothing of the inside. */
export function refused({ code, stdout, stderr }: Ended, refusal: string, ...says: readonly RegExp[]): void {
  assert.match(stderr, new RegExp(`^${refusal}: .*[a-zA-Z] · .*\\p{Script=Han}.*\\n$`, 'u'));
  for (const said of says) assert.match(stderr, said);
  assert.deepEqual({ code, stdout }, { code: 1, stdout: '' });
  holdsNoSecret(stderr);
}

/** That usage was explained and nothing done. */
export function misused({ code, stdout, stderr }: Ended, ...says: readonly RegExp[]): void {
  assert.match(stderr, /^用法错误 wrong usage: .+\n用法 usage: cardwright-print .*--help\n$/);
  for (const said of says) assert.match(stderr, said);
  assert.deepEqual({ code, stdout }, { code: 2, stdout: '' });
}

/** Passwords and codes of the sample records and of `records`. */
const secretPattern = /9876\d{4}|test-only/;

export function holdsNoSecret(text: string): void {
  assert.ok(!secretPattern.test(text), 'a secret is shown');
}

export const header = 'card_no,password,qr_url,par_value,name';

/** A record like those of the sample. */
export function recordLine(no: number, name = '张三', secret = no): string {
  const [shown, hidden] = [no, secret].map((value) => String(value).padStart(7, '0'));
  const url = `https://example.invalid/card/620000000${shown}?k=test-only-${hidden}`;
  return `620000000${shown},98760${hidden}5432,${url},50,${name}`;
}

export function recordsCsv(count: number): string {
  return `${[header, ...Array.from({ length: count }, (_, index) => recordLine(index + 1))].join('\n')}\n`;
}

export const filesUnder = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();

export const giftCards = ['--layout', 'sample:gift-card', '--press', 'sample:one-up-600dpi'];
export const sample = ['--records', 'sample:sample-100'];
