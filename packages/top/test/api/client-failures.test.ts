import assert from 'node:assert/strict';
import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { apiRefusal } from '../../src/api/answer.ts';
import {
  answers,
  failureOf,
  fixed,
  newClient,
  platform,
  startServer,
  virtualTiming,
} from './local-gateway.ts';

const infoQuery = 'alibaba.fundplatform.cardorders.info.query';
const makeFinish = 'alibaba.fundplatform.cardorders.status.make.finish';
const read = { parameters: { page_size: 5n, current_page: 1n, signture: 'test', card_order_id: 1n } };
const finish = { card_order_id: 1n };
const envelope = 'alibaba_fundplatform_cardorders_status_make_finish_response';
const done = answers(makeFinish, { result: { success: true } });

/** A TCP server that does with each connection what the test says, by the number of the connection. */
async function rawServer(t: TestContext, onRequest: (socket: Socket, connection: number) => void) {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = net.createServer((socket) => {
    const connection = ++connections;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', () => onRequest(socket, connection));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, connections: () => connections };
}

const head = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n';

for (const [what, misbehave] of [
  ['reset without an answer', (socket: Socket) => socket.resetAndDestroy()],
  ['closed without an answer', (socket: Socket) => socket.end()],
  ['cut off in the headers', (socket: Socket) => socket.end('HTTP/1.1 200 OK\r\nContent-')],
  ['cut off in a body of known length', (socket: Socket) => socket.end(`${head}Content-Length: 99\r\n\r\n{`)],
  [
    'cut off in a chunked body',
    (socket: Socket) => socket.end(`${head}Transfer-Encoding: chunked\r\n\r\n5\r\n{"a"`),
  ],
] as const) {
  test(`a connection ${what}: reads are repeated, effects are not`, async (t) => {
    const { pausesMs, timing } = virtualTiming(0.5);
    const server = await rawServer(t, misbehave);
    const client = newClient(t, server.url, { timing, retries: 2, backoffBaseMs: 100 });
    const effect = await failureOf(client.execute(makeFinish, finish));
    assert.deepEqual([effect.kind, effect.effect, effect.attempts], ['transport', 'unknown', 1]);
    assert.equal(server.connections(), 1);
    const reading = await failureOf(client.execute(infoQuery, read));
    assert.deepEqual([reading.kind, reading.effect, reading.attempts], ['transport', 'unknown', 3]);
    assert.deepEqual(pausesMs, [50, 100]);
  });
}

test('no connection: nothing was sent, so everything is repeated', async (t) => {
  const { timing } = virtualTiming();
  const closed = net.createServer().listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const { port } = closed.address() as AddressInfo;
  closed.close();
  const client = newClient(t, `http://127.0.0.1:${port}/`, { timing, retries: 2 });
  const error = await failureOf(client.execute(makeFinish, finish));
  assert.deepEqual([error.kind, error.effect, error.attempts], ['transport', 'none', 3]);
  assert.match(error.message, /ECONNREFUSED/);
});

test('silence ends in a timeout with unknown effect', async (t) => {
  const { timing } = virtualTiming();
  const server = await rawServer(t, () => undefined);
  const client = newClient(t, server.url, { timing, readTimeoutMs: 50, retries: 1 });
  const effect = await failureOf(client.execute(makeFinish, finish));
  assert.deepEqual([effect.kind, effect.effect, effect.attempts], ['timeout', 'unknown', 1]);
  const reading = await failureOf(client.execute(infoQuery, read));
  assert.deepEqual([reading.kind, reading.attempts], ['timeout', 2]);
});

test('a drip that is never silent ends with the time of the whole call', async (t) => {
  const server = await rawServer(t, (socket) => {
    socket.write(`${head}\r\n`);
    const drip = setInterval(() => socket.write(' '), 10);
    socket.on('close', () => clearInterval(drip));
  });
  const client = newClient(t, server.url, { readTimeoutMs: 5000, overallTimeoutMs: 200 });
  const error = await failureOf(client.execute(makeFinish, finish));
  assert.deepEqual([error.kind, error.effect], ['timeout', 'unknown']);
});

test('an answer that comes slowly but is never silent for long is waited for', async (t) => {
  const body = `{"${envelope}":{"result":{"success":true}}}`;
  const server = await rawServer(t, (socket) => {
    socket.write(`${head}Content-Length: ${body.length}\r\n\r\n`);
    let sent = 0;
    const drip = setInterval(() => {
      socket.write(body.slice(sent, sent + 12));
      sent += 12;
      if (sent >= body.length) clearInterval(drip);
    }, 120);
  });
  const client = newClient(t, server.url, { readTimeoutMs: 600 });
  assert.deepEqual(await client.execute(makeFinish, finish), { result: { success: true } });
});

test('a handshake that is never finished is a connect timeout: nothing was sent', async (t) => {
  const server = await rawServer(t, () => undefined);
  const client = newClient(t, server.url.replace('http:', 'https:'), { connectTimeoutMs: 50, retries: 0 });
  const error = await failureOf(client.execute(makeFinish, finish));
  assert.deepEqual([error.kind, error.effect], ['timeout', 'none']);
});

test('the caller can give up, during a call and during a pause', async (t) => {
  const server = await rawServer(t, () => undefined);
  const during = newClient(t, server.url);
  const call = failureOf(during.execute(makeFinish, finish, { signal: AbortSignal.timeout(50) }));
  assert.deepEqual([(await call).kind, (await call).effect], ['aborted', 'unknown']);
  const before = await failureOf(during.execute(makeFinish, finish, { signal: AbortSignal.abort() }));
  assert.deepEqual([before.kind, before.effect], ['aborted', 'none']);
  const busy = await startServer(
    t,
    platform(() => ({ refusal: { ...apiRefusal(7), subMsg: 'This ban will last for 50 more seconds' } })),
  );
  const paused = newClient(t, busy).execute(makeFinish, finish, { signal: AbortSignal.timeout(100) });
  const error = await failureOf(paused);
  assert.deepEqual([error.kind, error.effect, error.attempts], ['aborted', 'none', 1]);
});

test('a ban is waited out to the second', async (t) => {
  const { pausesMs, timing } = virtualTiming();
  let calls = 0;
  const serve = platform(() =>
    ++calls < 3 ? { refusal: apiRefusal(7, 'accesscontrol.limited-by-api-access-count', ban(calls)) } : done,
  );
  const client = newClient(t, await startServer(t, serve), { timing });
  const { attempts } = await client.call(makeFinish, finish);
  assert.equal(attempts, 3);
  assert.deepEqual(pausesMs, [1000, 2000]);
});

const ban = (seconds: number) => `This ban will last for ${seconds} more seconds`;

test('a ban beyond the limits is an error at once', async (t) => {
  const { pausesMs, timing } = virtualTiming();
  const banned = await startServer(
    t,
    platform(() => ({ refusal: apiRefusal(7, undefined, ban(30)) })),
  );
  for (const limit of [{ maxBanMs: 29_999 }, { overallTimeoutMs: 29_000 }]) {
    const client = newClient(t, banned, { timing, ...limit });
    const error = await failureOf(client.execute(makeFinish, finish));
    assert.deepEqual([error.kind, error.banSeconds, error.attempts], ['flow-control', 30, 1]);
    assert.deepEqual([error.effect, error.alarm], ['none', false]);
  }
  assert.deepEqual(pausesMs, []);
});

test('the used-up volume of the day raises the alarm and is not repeated', async (t) => {
  const { pausesMs, timing } = virtualTiming();
  const refusal = apiRefusal(7, 'accesscontrol.limited-by-app-access-count', ban(2));
  const used = await startServer(
    t,
    platform(() => ({ refusal })),
  );
  const error = await failureOf(newClient(t, used, { timing }).execute(infoQuery, read));
  assert.deepEqual([error.kind, error.alarm, error.banSeconds], ['flow-control', true, 2]);
  assert.deepEqual(pausesMs, []);
});

test('isp errors are repeated with growing random pauses, isv errors are not', async (t) => {
  const { pausesMs, timing } = virtualTiming(0.999);
  const isp = await startServer(
    t,
    platform(() => ({ refusal: apiRefusal(15, 'isp.remote-service-timeout') })),
  );
  const options = { timing, retries: 4, backoffBaseMs: 1000, backoffMaxMs: 3000 };
  const error = await failureOf(newClient(t, isp, options).execute(makeFinish, finish));
  assert.deepEqual([error.attempts, error.effect], [5, 'unknown']);
  assert.deepEqual(pausesMs, [999, 1998, 2997, 2997]);
  const isv = await startServer(
    t,
    platform(() => ({ refusal: apiRefusal(15, 'isv.x') })),
  );
  assert.equal((await failureOf(newClient(t, isv, options).execute(makeFinish, finish))).attempts, 1);
});

test('once an attempt may have taken effect, a later refusal does not unsay it', async (t) => {
  const { timing } = virtualTiming();
  let calls = 0;
  const serve = platform(() => ({
    refusal: ++calls === 1 ? apiRefusal(15, 'isp.x') : apiRefusal(15, 'isv.card-order-already-finished'),
  }));
  const error = await failureOf(
    newClient(t, await startServer(t, serve), { timing }).execute(makeFinish, finish),
  );
  assert.deepEqual([error.subCode, error.effect], ['isv.card-order-already-finished', 'unknown']);
});

test('every attempt is signed with its own time', async (t) => {
  const times: number[] = [];
  const { timing } = virtualTiming();
  const startMs = Date.now();
  const wallMs = () => startMs + timing.monotonicMs();
  const serve = platform((call) => {
    times.push(call.timestampMs);
    return times.length === 1 ? { refusal: apiRefusal(7, undefined, ban(50)) } : done;
  });
  const client = newClient(t, await startServer(t, serve), { timing: { ...timing, wallMs } });
  await client.execute(makeFinish, finish);
  assert.equal((times[1] ?? 0) - (times[0] ?? 0), 50_000);
});

test('redirects are not followed', async (t) => {
  let requests = 0;
  const gateway = await startServer(t, (_request, response) => {
    requests++;
    response.writeHead(302, { Location: '/elsewhere' }).end();
  });
  const error = await failureOf(newClient(t, gateway).execute(infoQuery, read));
  assert.deepEqual([error.kind, error.httpStatus, requests], ['http-status', 302, 1]);
});

test('a proxy that fails is tried again by reads; an error_response counts under any status', async (t) => {
  const { timing } = virtualTiming();
  const bad = await startServer(t, fixed('<html><hr></html>', { 'Content-Type': 'text/html' }, 502));
  const client = newClient(t, bad, { timing });
  assert.equal((await failureOf(client.execute(infoQuery, read))).attempts, 4);
  const effect = await failureOf(client.execute(makeFinish, finish));
  assert.deepEqual([effect.kind, effect.attempts, effect.effect], ['http-status', 1, 'unknown']);
  const coded = await startServer(t, fixed('{"error_response":{"code":"25","msg":"m"}}', {}, 403));
  const error = await failureOf(newClient(t, coded).execute(makeFinish, finish));
  assert.deepEqual([error.kind, error.code], ['gateway', 25]);
});

const good = `{"${envelope}":{"result":{"success":true},"request_id":"r"}}`;
const gzipped = { 'Content-Encoding': 'gzip' };

for (const [what, body, headers] of [
  ['nothing', '', {}],
  ['a page', '<!DOCTYPE html><html></html>', {}],
  ['cut off JSON', good.slice(0, -3), {}],
  ['cut off XML', `<${envelope}><result>`, {}],
  ['another envelope', good.replace('finish', 'start'), {}],
  ['no envelope', '{"result":{"success":true}}', {}],
  ['two answers', `${good}${good}`, {}],
  ['equal keys', good.replace('"result"', '"result":{"success":false},"result"'), {}],
  ['a missing field', good.replace('success', 'succeeded'), {}],
  ['a wrong type', good.replace('true', '"yes"'), {}],
  ['a list', good.replace('{"success":true}', '[]'), {}],
  ['null', 'null', {}],
  ['an error that is none', '{"error_response":null}', {}],
  ['bytes that are no UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), {}],
  ['an unknown charset', good, { 'Content-Type': 'text/javascript; charset=koi8-r' }],
  ['gzip that is none', good, gzipped],
  ['cut off gzip', gzipSync(good).subarray(0, -9), gzipped],
  ['nothing, as gzip', '', gzipped],
  ['an unknown encoding', good, { 'Content-Encoding': 'br' }],
  ['deep nesting', `{"${envelope}":${'['.repeat(100_000)}`, {}],
  ['a great answer', `${good}${' '.repeat(70_000)}`, {}],
  ['a gzip bomb', gzipSync(`${good}${' '.repeat(50_000_000)}`), gzipped],
] as const) {
  test(`a malformed answer is an error of its own and is not repeated: ${what}`, async (t) => {
    const gateway = await startServer(t, fixed(body, headers));
    const client = newClient(t, gateway, { maxAnswerBytes: 65_536 });
    const error = await failureOf(client.execute(makeFinish, finish));
    assert.deepEqual([error.kind, error.effect, error.attempts], ['malformed-answer', 'unknown', 1]);
  });
}

test('a byte order mark, comments, GBK and other content types are no problem', async (t) => {
  for (const [body, headers] of [
    [`\ufeff${good}`, {}],
    [`\n${good} <!--a--><!--b-->\n`, { 'Content-Type': 'text/html' }],
    [good, { 'Content-Type': 'text/javascript;charset="GBK"' }],
    [
      `<?xml version="1.0"?><${envelope}><result><success>true</success></result></${envelope}><!--top-->`,
      { 'Content-Type': 'text/html' },
    ],
  ] as const) {
    const client = newClient(t, await startServer(t, fixed(body, headers)));
    assert.deepEqual(await client.execute(makeFinish, finish), { result: { success: true } });
  }
});

test('what is not HTTP is malformed, not a crash', async (t) => {
  const server = await rawServer(t, (socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'));
  const error = await failureOf(newClient(t, server.url).execute(makeFinish, finish));
  assert.deepEqual([error.kind, error.effect], ['malformed-answer', 'unknown']);
  const upgrade = await rawServer(t, (socket) =>
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'),
  );
  const switched = await failureOf(newClient(t, upgrade.url).execute(makeFinish, finish));
  assert.equal(switched.kind, 'transport');
});
