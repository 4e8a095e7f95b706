import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { openTestHouse, sampleOrder, type TestHouse } from './house.ts';

let house: TestHouse;
before(async () => {
  house = await openTestHouse();
});
after(() => house.close());

const closed = (socket: Socket): Promise<unknown> => new Promise((resolve) => socket.once('close', resolve));

test('1,000 callers that never finish their headers are cut off, and delay nobody', {
  timeout: 60_000,
}, async () => {
  const startedAt = performance.now();
  const slow = Array.from({ length: 1_000 }, () => {
    const socket = connect(house.port, '127.0.0.1', () => socket.write('POST /spi HTTP/1.1\r\nHost: a\r\n'));
    socket.on('error', () => {});
    return socket.resume();
  });
  const allClosed = Promise.all(slow.map(closed));
  const latenciesMs: number[] = [];
  for (let id = 1n; id <= 200n; id++) {
    const sentAt = performance.now();
    const { response } = await house.call(
      'alibaba.fundplatform.cardorder.make',
      sampleOrder({ card_order_id: id }),
    );
    assert.equal(response.success, true);
    latenciesMs.push(performance.now() - sentAt);
  }
  const p99Ms = latenciesMs.sort((a, b) => a - b)[197] ?? 0;
  assert.ok(p99Ms <= 300, `p99 of honest callers was ${p99Ms} ms`);
  await allClosed;
  const tookMs = performance.now() - startedAt;
  assert.ok(tookMs < 20_000, `the last slow caller was cut off after ${tookMs} ms`);
});

test('what is no HTTP is answered 400 and nothing else happens', async () => {
  const socket = connect(house.port, '127.0.0.1', () => socket.write('GARBAGE\r\n\r\n'));
  let answer = '';
  socket.on('data', (chunk) => {
    answer += chunk.toString();
  });
  await closed(socket);
  assert.match(answer, /^HTTP\/1\.1 400 /);
  assert.equal(
    (await house.call('alibaba.fundplatform.cardorder.make', sampleOrder({ card_order_id: 300n }))).response
      .success,
    true,
  );
});
