import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { couriers, findCourier, readWaybill } from '../../src/dispatch/courier.ts';

test('each courier is found by all its names, and no name means two', () => {
  assert.ok(couriers.length >= 15);
  const seen = new Map<string, string>();
  for (const courier of couriers) {
    for (const name of [courier.name, courier.en, ...courier.aliases]) {
      assert.equal(findCourier(name)?.name, courier.name, name);
      const plain = name.toLowerCase().replace(/[\s·.\-_]/g, '');
      assert.equal(seen.get(plain) ?? courier.name, courier.name, `${name} means two couriers`);
      seen.set(plain, courier.name);
    }
    assert.deepEqual(readWaybill(courier.name, courier.example), {
      ok: true,
      company: courier.name,
      number: courier.example,
    });
  }
});

for (const [company, number, expected] of [
  ['顺丰', 'SF1234567890123', '顺丰速运 SF1234567890123'],
  [' ｓｆ ', 'ｓｆ１２３４５６７８９０１２３', '顺丰速运 SF1234567890123'],
  ['SF-Express', 'sf 1234 5678 90123', '顺丰速运 SF1234567890123'],
  ['中通', '78123456789012', '中通快递 78123456789012'],
  ['J&T', 'JT0001234567890', '极兔速递 JT0001234567890'],
  ['EMS', 'EE123456785US', 'EMS EE123456785US'],
  ['京东', 'JDVA01234567890-1-1-', '京东物流 JDVA01234567890-1-1-'],
] as const) {
  test(`${company} ${number} is ${expected}`, () => {
    const reading = readWaybill(company, number);
    assert.equal(reading.ok && `${reading.company} ${reading.number}`, expected);
  });
}

for (const [what, company, number, code, hint] of [
  ['an unknown courier', '飞毛腿', '123456789012', 'unknown-courier', /known are 顺丰速运/],
  ['a slip in a name', '圆通速弟', 'YT1234567890123', 'unknown-courier', /did you mean 圆通速递/],
  ['a longer name', '上海韵达货运', '4312345678901', 'unknown-courier', /did you mean 韵达快递/],
  [
    'an unknown name with a number that tells',
    'x',
    'SF1234567890123',
    'unknown-courier',
    /did you mean 顺丰速运/,
  ],
  [
    "another courier's number",
    '中通',
    'SF1234567890123',
    'impossible-number',
    /looks like one of SF Express/,
  ],
  ['a digit lost', '顺丰', 'SF123456789012', 'impossible-number', /no waybill number of SF Express/],
  ['nothing', '顺丰', ' ', 'impossible-number', /4 to 64/],
  ['something else scanned', '顺丰', 'https://example.com/a', 'impossible-number', /4 to 64/],
  ['an S10 digit', 'EMS', 'EE123456784US', 'wrong-check-digit', /check digit/],
] as const) {
  test(`refused with a suggestion: ${what}`, () => {
    const reading = readWaybill(company, number);
    assert.ok(!reading.ok);
    assert.equal(reading.code, code);
    assert.match(reading.en, hint);
    assert.ok(/[\u4e00-\u9fff]/.test(reading.zh));
  });
}

test('every slip of one digit in an S10 number is found', () => {
  const number = 'RR473124829GB';
  for (let place = 2; place < 11; place++)
    for (let digit = 0; digit <= 9; digit++) {
      const slipped = `${number.slice(0, place)}${digit}${number.slice(place + 1)}`;
      assert.equal(readWaybill('EMS', slipped).ok, slipped === number, slipped);
    }
});

test('force takes other couriers and shapes, but nothing that is no number', () => {
  assert.deepEqual(readWaybill(' 同城 飞毛腿 ', 'ab-12345', true), {
    ok: true,
    company: '同城 飞毛腿',
    number: 'AB-12345',
  });
  assert.deepEqual(readWaybill('顺丰', 'SF12', true), { ok: true, company: '顺丰速运', number: 'SF12' });
  for (const [company, number] of [
    ['', 'SF1234567890123'],
    ['x'.repeat(65), 'SF1234567890123'],
    ['飞毛腿', ''],
    ['飞毛腿', 'x'.repeat(65)],
    ['a\u0000b', '123456'],
  ] as const)
    assert.equal(readWaybill(company, number, true).ok, false);
});

test('whatever is typed is read or refused, and what is read is read again the same', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'binary' }),
      fc.boolean(),
      (company, number, force) => {
        const reading = readWaybill(company, number, force);
        if (!reading.ok) return;
        assert.ok(reading.company.length <= 64 && /^[A-Z0-9-]{4,64}$/.test(reading.number));
        assert.deepEqual(readWaybill(reading.company, reading.number, force), reading);
      },
    ),
  );
});
