import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { appKey, appSecret, type FakeMaker, startFakeMaker } from './fake-maker.ts';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
let maker: FakeMaker;
let folder: string;
before(async () => {
  maker = await startFakeMaker();
  folder = await mkdtemp(join(tmpdir(), 'sandbox-cli-'));
});
after(async () => {
  await maker.close();
  await rm(folder, { recursive: true });
});

interface Served {
  readonly child: ChildProcess;
  readonly url: string;
  readonly ready: Record<string, never>;
}

async function serve(...args: readonly string[]): Promise<Served> {
  const child = spawn(
    process.execPath,
    [main, 'serve', '--port', '0', '--maker', maker.url, '--ready-json', '--until-stdin-ends', ...args],
    {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { ...process.env, CARDWRIGHT_SANDBOX_APP_KEY: appKey, CARDWRIGHT_SANDBOX_APP_SECRET: appSecret },
    },
  );
  const [line] = (await once(createInterface({ input: child.stdout ?? assert.fail() }), 'line')) as [string];
  const ready = JSON.parse(line);
  assert.equal(ready.ready, true);
  return { child, url: ready.url, ready };
}

async function run(...args: readonly string[]): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [main, ...args]);
  const texts = Promise.all(
    [child.stdout, child.stderr].map((stream) => stream.setEncoding('utf8').toArray()),
  );
  const [code] = (await once(child, 'close')) as [number | null];
  const [out = [], err = []] = await texts;
  return { code, out: out.join(''), err: err.join('') };
}

test('serve, act and stop, as a user does', async (t) => {
  const { child, url, ready } = await serve('--sample');
  t.after(() => child.kill());
  assert.deepEqual(ready.sample, {
    cardOrderId: '16002',
    accepted: true,
    makingCardNo: 'N0001',
    resultCode: '',
  });
  const act = (...args: readonly string[]) => run(...args, '--sandbox', url);

  const placed = await act(
    'order',
    'place',
    '--templates',
    '2',
    '--cards',
    '600',
    '--body',
    'xml',
    '--charset',
    'gbk',
  );
  assert.equal(placed.code, 0, placed.err);
  assert.match(placed.out, /order 16003: 已接收 accepted, 1200 张/);
  assert.match(placed.out, /3010030E03 × 600 {2}¥200\.00/);

  const chosen = ['--template-no', '3010030E02=5', '--template-no', '3010030E03=7', '--no-receiver'];
  const json = await act('order', 'place', ...chosen, '--order-id', '9007199254740993', '--json');
  const { order } = JSON.parse(json.out);
  assert.deepEqual([order.cardOrderId, order.cards, order.receiver], ['9007199254740993', 12, undefined]);
  const make = maker.calls.at(-1);
  assert.ok(make?.method === 'alibaba.fundplatform.cardorder.make');
  assert.equal(make.params.card_order_id, 9007199254740993n);
  assert.equal(make.params.logistics_info, undefined);

  assert.match((await act('order', 'list')).out, /9007199254740993 +2 +12 +N0001/);
  assert.match((await act('order', 'show', '16002')).out, /receiver: 张\*/);
  assert.match(
    (await act('template', 'new', '--par-value-fen', '5000', '--test')).out,
    /3010030E04 +¥50\.00 +yes/,
  );
  assert.match((await act('template', 'list')).out, /3010030E02 +¥1\.00/);
  assert.match((await act('status', '16002', '--body', 'get')).out, /REQUEST_RECEIVED/);
  assert.match((await act('probe')).out, /探测通过 probe passed/);
  assert.equal((await act('sample')).code, 0);
  const early = await act('receipt', '16002');
  assert.deepEqual([early.code, /has not been shipped/.test(early.out)], [1, true]);

  child.stdin?.end();
  const [code] = await once(child, 'exit');
  assert.equal(code, 0);
  const gone = await act('order', 'list');
  assert.equal(gone.code, 1);
  assert.match(gone.err, /ECONNREFUSED/);
});

test('faults, chaos, the virtual clock and effects by command', async (t) => {
  const chaos = ['--chaos-seed', '42', '--chaos-rate', '.05'];
  const { child, url } = await serve('--sample', '--virtual-clock', '2026-11-11T00:00:00+08:00', ...chaos);
  t.after(() => child.kill());
  const act = (...args: readonly string[]) => run(...args, '--sandbox', url);

  const kinds = (await act('fault', 'kinds')).out;
  assert.match(kinds, /^endless-pages +listing +- +分页无尽 full pages without end$/m);
  assert.match(kinds, /^slow +call +harmless .*\(--value .*ms, 2000\)$/m);
  const narrow = ['--order', '16002', '--page', '2', '--page', '3', '--times', '0', '--after-calls', '1'];
  const added = await act('fault', 'add', 'missing-card', ...narrow, '--value', '5');
  assert.deepEqual([added.code, added.err], [0, '']);
  assert.match(
    added.out,
    /^#1 missing-card, 一直 always, .*struck 0 order=16002 pages=2,3 after=1 value=5$/m,
  );
  assert.match((await act('fault', 'list')).out, /#1 missing-card.*\n.*chaos: seed 42, rate 0\.05/);
  assert.equal((await act('fault', 'chaos', '--seed', '7', '--rate', '0.5', '--kind', 'slow')).code, 0);
  assert.match((await act('fault', 'list')).out, /chaos: seed 7, rate 0\.5, slow/);
  assert.equal((await act('fault', 'chaos', '--seed', '7', '--rate', '0')).code, 0);
  assert.match((await act('fault', 'clear', '1')).out, /cleared: 1/);
  assert.match((await act('fault', 'list')).out, /no faults/);
  for (const wrong of [
    ['fault', 'add', 'nonsense'],
    ['fault', 'add', 'slow', '--times', '-1'],
    ['clock', 'advance', 'soon'],
    ['fault', 'clear', '99'],
  ])
    assert.equal((await act(...wrong)).code, 1, wrong.join(' '));

  assert.match((await act('clock', 'advance', '3d')).out, /virtual clock: 2026-11-13T16:00:00\.000Z/);
  assert.match((await act('clock', 'show')).out, /2026-11-13T16:00:00\.000Z/);
  assert.match((await act('effects', '16002')).out, /make\.finish 0, sended 0/);
});

test('help speaks both languages; wrong options are refused before anything happens', async () => {
  const help = await run('--help');
  for (const word of [
    'serve',
    'order',
    'template',
    'status',
    'receipt',
    'probe',
    'sample',
    '平台',
    'platform',
  ])
    assert.ok(help.out.includes(word), word);
  for (const args of [
    ['serve', '--port', '70000'],
    ['serve', '--maker', 'ftp://x'],
    ['order', 'place', '--cards', '0'],
    ['order', 'place', '--template-no', 'X'],
    ['order', 'show', '9223372036854775808'],
    ['order', 'place', '--charset', 'big5'],
  ]) {
    const refused = await run(...args);
    assert.equal(refused.code, 1, args.join(' '));
    assert.match(refused.err, /error:/);
  }
});

test('a taken port and an unusable state file are told in one line', async (t) => {
  const { child, url } = await serve();
  t.after(() => child.kill());
  const taken = await run('serve', '--port', new URL(url).port);
  assert.deepEqual([taken.code, /EADDRINUSE/.test(taken.err)], [1, true]);
  const state = await run('serve', '--port', '0', '--state', main);
  assert.equal(state.code, 1);
  assert.match(state.err, /错误 error: .*main\.ts/);
  assert.equal(state.err.trim().split('\n').length, 1);
});

test('kill -9 at any moment: every order that was acknowledged is in the file', async () => {
  const path = join(folder, 'killed.json');
  const acknowledged = new Set<string>();
  for (let round = 0; round < 4; round++) {
    const { child, url } = await serve('--state', path);
    // By acknowledgements, not by the clock: a slow machine must not be killed before it has promised anything.
    const killAt = acknowledged.size + 5 + 7 * round;
    const place = async (): Promise<void> => {
      for (;;) {
        const response = await fetch(`${url}/control/orders`, { method: 'POST', body: '{"cards":1}' });
        const { ok, order } = (await response.json()) as { ok: boolean; order?: { cardOrderId: string } };
        if (ok && order !== undefined) acknowledged.add(order.cardOrderId);
        if (acknowledged.size >= killAt) setTimeout(() => child.kill('SIGKILL'), round);
      }
    };
    await Promise.allSettled([place(), place(), place()]);
    const lines = (await readFile(path, 'utf8')).split('\n').slice(0, -1);
    const ids = new Set(lines.map((line) => JSON.parse(line).order?.cardOrderId));
    for (const id of acknowledged) assert.ok(ids.has(id), `order ${id} was lost`);
  }
  assert.ok(acknowledged.size >= 5 + 12 + 19 + 26);
});
