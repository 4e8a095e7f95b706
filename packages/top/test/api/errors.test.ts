import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gatewayErrors, judgeGatewayError, TopError } from '../../src/api/errors.ts';

test('the table has every published code once, each with its names', () => {
  const published = [
    3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 40, 41,
    42, 43, 50,
  ];
  assert.deepEqual([...gatewayErrors.keys()], published);
  for (const [code, entry] of gatewayErrors) {
    assert.match(entry.msg, /^[A-Z][A-Za-z]+( [A-Z][A-Za-z]+)*$/, `code ${code}`);
    assert.match(entry.zh, /[\u4e00-\u9fff]{2}/, `code ${code}`);
  }
});

test('isv.* is never retried and has no effect, under any code', () => {
  for (const code of [...gatewayErrors.keys(), 999]) {
    for (const subCode of ['isv.x', 'isv.missing-parameter:card_order_id']) {
      const { retry, effect } = judgeGatewayError({ code, subCode, msg: 'please retry' });
      assert.deepEqual({ retry, effect }, { retry: 'never', effect: 'none' });
    }
  }
});

test('isp.* is retried, except three', () => {
  for (const subCode of ['isp.remote-service-timeout', 'isp.x:isv.y', 'isp.top-remote-connection-timeout']) {
    assert.equal(judgeGatewayError({ code: 15, subCode }).retry, 'backoff', subCode);
    assert.equal(judgeGatewayError({ code: 15, subCode }).effect, 'unknown', subCode);
  }
  for (const name of ['null-pointer-exception', 'top-parse-error', 'top-mapping-parse-error']) {
    assert.equal(judgeGatewayError({ code: 15, subCode: `isp.${name}` }).retry, 'never');
    assert.equal(judgeGatewayError({ code: 15, subCode: `isp.${name}:DETAIL` }).retry, 'never');
  }
});

test('without a sub code the table decides; only 10 is retried after a pause', () => {
  for (const [code, entry] of gatewayErrors) {
    const { retry, class: errorClass } = judgeGatewayError({ code });
    const expected = code === 10 ? 'backoff' : code >= 4 && code <= 8 ? 'after-ban' : 'never';
    assert.equal(retry, expected, `code ${code}`);
    assert.equal(errorClass, entry.class);
  }
  assert.deepEqual(judgeGatewayError({ code: 999 }), {
    class: 'platform',
    retry: 'never',
    effect: 'unknown',
    alarm: false,
  });
});

const ban = (seconds: string) => `This ban will last for ${seconds} more seconds`;

test('flow control says how long it lasts, in sub_msg or msg', () => {
  const judge = (fields: object) => judgeGatewayError({ code: 7, ...fields });
  assert.equal(judge({ subMsg: ban('3') }).banSeconds, 3);
  assert.equal(judge({ msg: `App Call Limited. ${ban('42')}.` }).banSeconds, 42);
  assert.equal(judge({ subMsg: 'This ban will last for 1 more second' }).banSeconds, 1);
  assert.equal(judge({ subMsg: ban('-3') }).banSeconds, undefined);
  assert.equal(judge({ subMsg: ban('99999999999999') }).banSeconds, undefined);
  // The seconds of other errors mean nothing.
  assert.equal(judgeGatewayError({ code: 10, subMsg: ban('3') }).banSeconds, undefined);
});

test('the used-up volume of the day is an alarm, under any code and with any detail', () => {
  for (const code of [7, 8, 15]) {
    for (const detail of ['', ':DAY']) {
      const subCode = `accesscontrol.limited-by-app-access-count${detail}`;
      const judged = judgeGatewayError({ code, subCode, subMsg: ban('36000') });
      assert.deepEqual(judged, {
        class: 'flow-control',
        retry: 'never',
        effect: 'none',
        alarm: true,
        banSeconds: 36000,
      });
    }
  }
});

test('an error says what happened in one line', () => {
  const error = new TopError('m.x', {
    kind: 'gateway',
    effect: 'unknown',
    code: 15,
    subCode: 'isp.x',
    subMsg: '制卡单不存在',
    requestId: 'r1',
  });
  assert.equal(
    error.message,
    'm.x: gateway; code 15 Remote Service Error 远程服务出错; isp.x; 制卡单不存在; request_id r1; ' +
      'whether it took effect is unknown',
  );
  assert.equal(
    new TopError('m.x', { kind: 'gateway', effect: 'none', code: 77, msg: 'New' }).message,
    'm.x: gateway; code 77 New',
  );
});
