import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { TopClient } from '@cardwright/top';
import { type Sandbox, startSandbox } from '../src/index.ts';
import { appKey, appSecret, type FakeMaker, startFakeMaker } from './fake-maker.ts';

let maker: FakeMaker;
let sandbox: Sandbox;
before(async () => {
  maker = await startFakeMaker();
  sandbox = await startSandbox({ port: 0, maker: maker.url, appKey, appSecret });
});
after(async () => {
  await sandbox.close();
  await maker.close();
});

interface Reply {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

function send(path: string, headers: Record<string, string> = {}, body?: object): Promise<Reply> {
  const method = body === undefined ? 'GET' : 'POST';
  return new Promise((resolve, reject) => {
    const outgoing = request(`${sandbox.url}${path}`, { method, headers }, (response) => {
      response.toArray().then(
        (chunks: Buffer[]) =>
          resolve({
            status: response.statusCode,
            headers: response.headers,
            text: String(Buffer.concat(chunks)),
          }),
        reject,
      );
    });
    outgoing.on('error', reject);
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

const control = async (path: string, body?: object) =>
  JSON.parse((await send(`/control${path}`, {}, body)).text);
const pageFolder = fileURLToPath(new URL('../src/page/', import.meta.url));

test('every file that the page names is served, as what it is', async () => {
  const seen = new Set<string>();
  const follow = async (path: string): Promise<void> => {
    if (seen.has(path)) return;
    seen.add(path);
    const { status, headers, text } = await send(path);
    assert.equal(status, 200, path);
    const type = path.endsWith('.js') ? 'text/javascript' : path.endsWith('.css') ? 'text/css' : 'text/html';
    assert.equal(headers['content-type'], `${type};charset=UTF-8`);
    assert.equal(headers['x-content-type-options'], 'nosniff');
    for (const [, name] of text.matchAll(/(?:(?:src|href)="\/|from '\.\/)([^"']+)/g))
      await follow(`/${name}`);
  };
  await follow('/');
  const files = (await readdir(pageFolder)).filter((name) => !name.endsWith('.ts'));
  assert.deepEqual([...seen].sort(), files.map((name) => (name === 'page.html' ? '/' : `/${name}`)).sort());
});

test('the page runs nothing but its own files, and texts are never read as markup', async () => {
  const { headers, text: html } = await send('/');
  const policy = new Map(
    String(headers['content-security-policy'])
      .split('; ')
      .map((rule) => [rule.split(' ', 1)[0], rule]),
  );
  assert.equal(policy.get('default-src'), "default-src 'none'");
  for (const name of ['script-src', 'style-src', 'connect-src'])
    assert.equal(policy.get(name), `${name} 'self'`);
  for (const name of ['base-uri', 'form-action', 'frame-ancestors'])
    assert.equal(policy.get(name), `${name} 'none'`);
  assert.ok(policy.has('require-trusted-types-for'));
  assert.doesNotMatch(html, /\son\w+=|\sstyle=|<style|<script(?![^>]*\ssrc=)|https?:/);
  for (const name of ['page.js', 'order-detail.js', 'elements.js']) {
    const script = await readFile(pageFolder + name, 'utf8');
    assert.doesNotMatch(
      script,
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|https?:|\.style\b/,
      name,
    );
  }
});

test('every element that the script asks for by its id or name is in the page', async () => {
  const html = await readFile(`${pageFolder}page.html`, 'utf8');
  const script = await readFile(`${pageFolder}page.js`, 'utf8');
  const ids = [...script.matchAll(/byId\('([^']+)'\)/g)].map(([, id]) => id);
  assert.ok(ids.length >= 8);
  for (const id of ids) assert.ok(html.includes(`id="${id}"`), id);
  const acts = [...html.matchAll(/data-act="(\w+)"/g)].map(([, act]) => act);
  assert.deepEqual(acts, ['place', 'buy', 'template', 'probe']);
  for (const act of acts) assert.match(script, new RegExp(`\\b${act}: \\(\\) => act\\(`));
});

test('times and amounts are shown to the digit', async () => {
  const elements = (await import(`${pageFolder}elements.js`)) as {
    yuan(fen: string): string;
    instant(iso?: string): string;
  };
  assert.deepEqual(['0', '5', '100', '9007199254740993'].map(elements.yuan), [
    '¥0.00',
    '¥0.05',
    '¥1.00',
    '¥90071992547409.93',
  ]);
  assert.match(elements.instant('2026-01-02T03:04:05.000Z'), /^2026-01-0[123] \d\d:\d\d:05$/);
  assert.equal(elements.instant(), '');
});

test('the page is for this machine, and only its own requests pass as the page', async () => {
  const { host } = new URL(sandbox.url);
  const statusOf = async (path: string, headers: Record<string, string>, body?: object) =>
    (await send(path, headers, body)).status;
  assert.equal(await statusOf('/', { host: 'evil.example' }), 403);
  assert.equal(await statusOf('/control/probe', { origin: `http://${host}` }, {}), 200);
  assert.equal(
    await statusOf('/control/probe', { origin: `http://${host}`, 'sec-fetch-site': 'same-origin' }, {}),
    200,
  );
  assert.equal(await statusOf('/control', { 'sec-fetch-site': 'none' }), 200);
  for (const headers of [
    { origin: 'http://127.0.0.1:1' },
    { origin: 'null' },
    { origin: `https://${host}` },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { host: 'evil.example', origin: 'http://evil.example' },
  ])
    assert.equal(await statusOf('/control/probe', headers, {}), 403, JSON.stringify(headers));
});

test('cards are shown covered, and uncovered one by one', async () => {
  const { order } = await control('/purchases', { templates: 1, cards: 45 });
  const path = `/orders/${order.cardOrderId}`;
  const truth = sandbox.cards(BigInt(order.cardOrderId), 0, 45) ?? [];
  const { text } = await send(`/control${path}/cards?from=40&count=20`);
  const { cards } = JSON.parse(text);
  assert.deepEqual(
    cards.map(({ position }: { position: number }) => position),
    [40, 41, 42, 43, 44],
  );
  for (const { cardNo, cardPassword, qrCode = '', shortQrCode = '' } of truth)
    for (const secret of [cardNo, cardPassword, qrCode, shortQrCode]) assert.ok(!text.includes(secret));
  assert.equal(cards[0].cardNo.slice(-4), truth[40]?.cardNo.slice(-4));
  assert.equal(cards[0].cardNo.length, truth[40]?.cardNo.length);
  const revealed = await control(`${path}/reveal`, { from: 41, count: 1 });
  assert.deepEqual(revealed.cards, [{ ...truth[41] }]);
  assert.equal((await send(`/control${path}/reveal`, {}, {})).headers['cache-control'], 'no-store');
  assert.equal((await control(`${path}/cards`)).cards.length, 20);
  assert.equal((await control(`${path}/cards?from=x`)).ok, false);
  assert.equal((await control('/orders/77/cards')).ok, false);
  assert.equal((await control('/orders/77/reveal', {})).ok, false);
});

test('the newest orders come first', async () => {
  for (let n = 0; n < 3; n++) await control('/orders', { cards: 1, templates: 1 });
  const { orders, total } = await control('/orders?newest=2');
  const all = (await control('/orders')).orders.map(
    ({ cardOrderId }: { cardOrderId: string }) => cardOrderId,
  );
  assert.equal(total, all.length);
  assert.deepEqual(
    orders.map(({ cardOrderId }: { cardOrderId: string }) => cardOrderId),
    all.slice(-2).reverse(),
  );
});

test('calls in and out are kept, the last thousand of them, without secrets', async (t) => {
  const client = new TopClient({ appKey, appSecret, gateway: `${sandbox.url}/router/rest` });
  t.after(() => client.close());
  const { next, run } = await control('/calls?since=0');
  const placed = await sandbox.placeOrder({ lines: { templates: 1, cards: 3n } });
  assert.ok(placed.ok);
  const { cardOrderId } = placed.order;
  const parameters = { page_size: 500n, current_page: 1n, signture: 'test', card_order_id: cardOrderId };
  await client.execute('alibaba.fundplatform.cardorders.info.query', { parameters });
  const parcel = { logistics_order_id: 'SF1', logistics_company: 'SF' };
  await assert.rejects(
    client.execute('alibaba.fundplatform.cardorders.status.sended', {
      card_order_id: cardOrderId,
      ...parcel,
    }),
  );
  const reading = await control(`/calls?since=${next}`);
  assert.equal(reading.run, run);
  assert.deepEqual(
    reading.calls.map((call: Record<string, unknown>) => [
      call['seq'],
      call['direction'],
      call['method'],
      call['cardOrderId'],
      call['ok'],
    ]),
    [
      [next + 1, 'out', 'alibaba.fundplatform.cardorder.make', String(cardOrderId), true],
      [next + 2, 'in', 'alibaba.fundplatform.cardorders.info.query', String(cardOrderId), true],
      [next + 3, 'in', 'alibaba.fundplatform.cardorders.status.sended', String(cardOrderId), false],
    ],
  );
  const text = JSON.stringify(reading);
  for (const personal of ['张三', '15512345678', appSecret]) assert.ok(!text.includes(personal));
  assert.deepEqual((await control(`/calls?since=${reading.next}`)).calls, []);

  for (let n = 0; n < 1_050; n++) await sandbox.queryStatus(1n);
  const { calls, next: last } = sandbox.callsSince(0);
  assert.equal(calls.length, 1_000);
  assert.deepEqual([calls[0]?.seq, calls.at(-1)?.seq], [last - 999, last]);
  assert.deepEqual(sandbox.callsSince(last - 2).calls, calls.slice(-2));
});

test('buy, activate and look at cards, as a user does at the terminal', async (t) => {
  const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
  const run = async (
    ...args: readonly string[]
  ): Promise<{ code: number | null; out: string; err: string }> => {
    const child: ChildProcess = spawn(process.execPath, [main, ...args, '--sandbox', sandbox.url]);
    t.after(() => child.kill());
    const read = async (stream: ChildProcess['stdout']) => {
      const lines: string[] = [];
      for await (const line of createInterface({ input: stream ?? assert.fail() })) lines.push(line);
      return lines.join('\n');
    };
    const [out, err, [code]] = await Promise.all([
      read(child.stdout),
      read(child.stderr),
      once(child, 'close'),
    ]);
    return { code: code as number | null, out, err };
  };
  const bought = await run('buy', '--templates', '2', '--cards', '15', '--biz-id', 'CLI-1');
  assert.equal(bought.code, 0, bought.err);
  const [, id = ''] = /order (\d+): 已接收 accepted, 30 张/.exec(bought.out) ?? [];
  assert.match(bought.out, /bought as: CLI-1/);
  const other = await run('buy', '--cards', '16', '--biz-id', 'CLI-1');
  assert.deepEqual([other.code, /OUT_BIZ_ID|幂等号已用于其他内容/.test(other.out)], [1, true]);
  const early = await run('activate', '--order', id);
  assert.deepEqual([early.code, /尚未发货/.test(early.out)], [1, true]);

  const client = new TopClient({ appKey, appSecret, gateway: `${sandbox.url}/router/rest` });
  t.after(() => client.close());
  const card_order_id = BigInt(id);
  await client.execute('alibaba.fundplatform.cardorders.status.make.finish', { card_order_id });
  const parcel = { logistics_order_id: 'SF1', logistics_company: 'SF' };
  await client.execute('alibaba.fundplatform.cardorders.status.sended', { card_order_id, ...parcel });
  const [first, second] = sandbox.cards(card_order_id, 0, 2) ?? [];
  assert.ok(first && second);
  const two = await run('activate', '--card', first.cardNo, second.cardNo);
  assert.deepEqual([two.code, /已激活 activated/.test(two.out)], [0, true]);
  assert.match((await run('order', 'show', id)).out, /activated: 2 \/ 30/);
  const covered = (await run('cards', id)).out;
  assert.match(
    covered,
    new RegExp(`1 +3010030E02 +\\*+${first.cardNo.slice(-4)} +\\*+ .*ACTIVE +已激活 yes`),
  );
  assert.ok(!covered.includes(first.cardPassword));
  const second20 = (await run('cards', id, '--page', '2', '--reveal')).out;
  assert.ok(second20.includes(sandbox.cards(card_order_id, 29, 1)?.[0]?.cardPassword ?? assert.fail()));
  assert.equal((await run('activate', '--biz-id', 'CLI-1')).code, 1);
  for (const args of [
    ['activate'],
    ['activate', '--order', id, '--biz-id', 'x'],
    ['cards', id, '--page', '0'],
  ]) {
    const refused = await run(...args);
    assert.deepEqual([refused.code, /error/.test(refused.err)], [1, true], args.join(' '));
  }
});
