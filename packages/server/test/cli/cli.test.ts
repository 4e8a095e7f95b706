import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parseRawHttp } from '../../src/cli/raw-http.ts';
import { composeCall, sampleOrder } from '../gateway/house.ts';

const main = join(import.meta.dirname, '../../src/main.ts');
const folder = mkdtempSync(join(tmpdir(), 'cardwright-cli-'));
// PostgreSQL may run as another user, who has to pass through.
chmodSync(folder, 0o711);
const data = join(folder, 'data');
after(() => rmSync(folder, { recursive: true, force: true }));
const make = 'alibaba.fundplatform.cardorder.make';

function run(args: readonly string[], input?: Buffer): { status: number | null; out: string; err: string } {
  const env = { ...process.env, CARDWRIGHT_SPI_SECRET: 'helloworld' };
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], {
    input,
    env,
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { status, out: stdout, err: stderr };
}

function capture(style: Parameters<typeof composeCall>[2] = {}): Buffer {
  const { method, url, headers, body } = composeCall(make, sampleOrder(), style);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([
    Buffer.from(`${method} ${url} HTTP/1.1\r\nHost: maker\r\n${lines.join('')}\r\n`),
    body,
  ]);
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

test('a captured request keeps its bytes', () => {
  const request = parseRawHttp(capture({ kind: 'json', charset: 'gbk' }));
  const original = composeCall(make, sampleOrder(), { kind: 'json', charset: 'gbk' });
  assert.deepEqual(request?.body, original.body);
  assert.equal(parseRawHttp(Buffer.from('hello')), undefined);
});

test('spi explain tells a right signature from a wrong one, without showing receiver or secret', () => {
  const right = run(['spi', 'explain', '--data', data, '--json'], capture());
  assert.equal(right.status, 0, right.err);
  assert.equal((JSON.parse(right.out) as { ok: boolean }).ok, true);
  const wrong = run(['spi', 'explain', '--data', data], capture({ secret: 'helloworld ' }));
  assert.equal(wrong.status, 1);
  for (const { out, err } of [right, wrong])
    assert.doesNotMatch(out + err, /helloworld|15512345678|文一西路/);
  assert.match(wrong.out, /white|空/);
});

test('serve takes orders, commands work beside it and alone, SIGTERM stops everything', {
  timeout: 120_000,
}, async () => {
  const [port, sandboxPort] = [await freePort(), await freePort()];
  const child = spawn(process.execPath, [
    main,
    'serve',
    '--data',
    data,
    '--port',
    String(port),
    '--sandbox-port',
    String(sandboxPort),
  ]);
  let output = '';
  const ready = new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes('CWD16002-8')) resolve();
    });
    child.once('exit', (code) => reject(new Error(`serve ended with ${code}: ${output}`)));
  });
  await ready;
  const beside = run(['orders', 'show', 'cwd16002-8', '--data', data, '--json']);
  const [order] = JSON.parse(beside.out) as { cardOrderId: string; cardCount: string; receiver: string }[];
  assert.deepEqual([order?.cardOrderId, order?.cardCount, order?.receiver], ['16002', '500', 'sealed']);
  const modeOf = (...path: string[]): string => (statSync(join(data, ...path)).mode & 0o777).toString(8);
  assert.deepEqual([modeOf(), modeOf('vault.key'), modeOf('sandbox.json')], ['711', '600', '600']);
  const second = run(['serve', '--data', data, '--port', '0']);
  assert.equal(second.status, 1);
  assert.match(second.err, /in use|使用/);
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  assert.equal(await exited, 0);
  const alone = run(['orders', 'list', '--data', data]);
  assert.match(alone.out, /16002/);
});

test('mistakes are told in words', () => {
  assert.match(run(['serve', '--config', '/nonexistent.json']).err, /--config \/nonexistent\.json/);
  assert.equal(run(['orders', 'show']).status, 1);
  assert.match(run(['--version']).out, /^\d+\.\d+\.\d+/);
  assert.match(run(['--help']).out, /doctor/);
});
