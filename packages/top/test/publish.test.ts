import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const top = join(import.meta.dirname, '..');
const modules = join(top, '../../node_modules');

test('the published package compiles and runs in a project of its own', { timeout: 120_000 }, (t) => {
  const project = mkdtempSync(join(tmpdir(), 'cardwright-consumer-'));
  t.after(() => rmSync(project, { recursive: true, force: true }));
  const run = (file: string, ...args: string[]): string =>
    execFileSync(process.execPath, [file, ...args], { cwd: project, encoding: 'utf8' });

  run(join(top, 'build.ts'), join(project, 'built'));
  mkdirSync(join(project, 'node_modules/@cardwright'), { recursive: true });
  cpSync(join(project, 'built'), join(project, 'node_modules/@cardwright/top'), { recursive: true });
  for (const name of ['saxes', 'xmlchars', '@types', 'undici-types']) {
    symlinkSync(join(modules, name), join(project, 'node_modules', name));
  }
  writeFileSync(join(project, 'package.json'), '{"type":"module"}');
  writeFileSync(
    join(project, 'consumer.ts'),
    `import { readSpiCall, signSpi, TopClient, verifySpi } from '@cardwright/top';
const body = new TextEncoder().encode('{"card_order_id":9007199254740993,"own_sign":"daily"}');
const unsigned = {
  method: 'POST',
  url: '/spi?method=alibaba.fundplatform.cardorder.receipt&app_key=1&timestamp=2026-01-02+03%3A04%3A05',
  headers: { 'Content-Type': 'application/json' },
  body,
};
const sign = signSpi({ ...unsigned, url: unsigned.url + '&sign=' }, 'secret');
const verdict = verifySpi({ ...unsigned, url: unsigned.url + '&sign=' + sign }, 'secret');
const reading = verdict.ok ? readSpiCall(verdict.parts) : undefined;
if (reading?.ok !== true || reading.call.method !== 'alibaba.fundplatform.cardorder.receipt') throw new Error('refused');
const id: bigint = reading.call.params.card_order_id;
const client = new TopClient({ appKey: '1', appSecret: 'secret', gateway: 'http://127.0.0.1:9/router/rest' });
const finish = (): Promise<boolean> =>
  client.execute('alibaba.fundplatform.cardorders.status.make.finish', { card_order_id: id }).then(({ result }) => result.success);
console.log(String(id), typeof finish);
`,
  );
  const options = ['--module', 'nodenext', '--target', 'es2024', '--strict', '--types', 'node'];
  run(join(modules, 'typescript/bin/tsc'), 'consumer.ts', ...options);
  assert.equal(run('consumer.js').trim(), '9007199254740993 function');
});
