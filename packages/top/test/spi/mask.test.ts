import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explainSpi } from '../../src/spi/explain.ts';
import { maskText, maskValue } from '../../src/spi/mask.ts';
import type { SpiRequest } from '../../src/spi/request.ts';
import { signSpi } from '../../src/spi/sign.ts';
import {
  bodies,
  order,
  orderJson,
  secret,
  signedRequest,
  withBody,
  withContentType,
  withSign,
} from './sample.ts';

const personal = /张三|15512345678|文一西路|310000/;

test('the canonical text shows everything but secrets and personal data', () => {
  const { canonical } = explainSpi(signedRequest({ kind: 'form', fields: order }), secret);
  assert.match(
    canonical,
    /^‹secret›app_key12345678card_order_id16002card_product_infos\[\{"template_no":"3010030E02"/,
  );
  assert.match(
    canonical,
    /"card_name":"猫超储值卡面额100".*"receiver_name":"‹2 hidden›".*own_signdaily.*v2\.0‹secret›$/,
  );
  for (const body of bodies) {
    for (const charset of ['utf-8', 'gbk'] as const) {
      const explanation = explainSpi(signedRequest(body, { charset }), secret);
      assert.doesNotMatch(JSON.stringify(explanation), personal, body.kind);
      assert.doesNotMatch(JSON.stringify(explanation), /helloworld/);
    }
  }
});

test('no form of the same data shows it: broken, re-wrapped, mislabelled, encoded twice', () => {
  const json = signedRequest({ kind: 'json', payload: orderJson });
  const form = signedRequest({ kind: 'form', fields: order });
  const wild: Record<string, SpiRequest> = {
    'cut off': withBody(json, orderJson.slice(0, -8)),
    'cut inside a value': withBody(json, orderJson.slice(0, orderJson.indexOf('张三') + 2)),
    'single quotes': withBody(json, orderJson.replaceAll('"', "'")),
    'escaped names': withBody(json, orderJson.replaceAll('receiver', '\\u0072eceiver')),
    'JSON in JSON': withBody(json, JSON.stringify({ request: orderJson })),
    'JSON in JSON in JSON': withBody(json, JSON.stringify({ request: JSON.stringify([orderJson]) })),
    'JSON as a form': withBody(form, orderJson),
    'JSON as a form value': withBody(form, `x=${encodeURIComponent(orderJson)}`),
    'form as text': withContentType(form, 'text/plain'),
    'form as JSON': withContentType(form, 'application/json'),
    'form encoded twice': withBody(form, `x=${encodeURIComponent(form.body.toString())}`),
    'flat fields': withBody(form, 'receiver_name=张三&receiverNumber=15512345678'),
    'XML in a form': withBody(form, 'x=<a><receiver_name>张三</receiver_name></a>'),
    'XML with attributes and CDATA': withContentType(
      withBody(
        json,
        '<a receiverName="张三"><logistics_info><x n=\'15512345678\'><![CDATA[310000]]>文一西路</x></logistics_info><!--张三--></a>',
      ),
      'text/xml',
    ),
    'XML never closed': withContentType(withBody(json, '<a><receiver_name>张三'), 'text/xml'),
    'unknown type': withContentType(json, 'application/octet-stream'),
    'multipart as it should not be': withContentType(json, 'multipart/form-data;boundary=B'),
  };
  for (const [what, request] of Object.entries(wild)) {
    const explanation = explainSpi(request, secret);
    assert.doesNotMatch(JSON.stringify(explanation), personal, what);
    assert.equal(explanation.ok, false, what);
  }
});

test('card data and tokens are hidden, the rest is not', () => {
  const card = {
    cardNo: '6688',
    cardPassword: 'p-1',
    qrCode: 'q-1',
    shortQrCode: 's-1',
    templateNo: 'T1',
    n: 500,
  };
  const masked = maskText(
    JSON.stringify({ card_making_infos: [JSON.stringify(card)], card_nos: ['6689', 6690] }),
  );
  assert.doesNotMatch(masked, /6688|p-1|q-1|s-1|6689|6690/);
  assert.match(masked, /T1.*500/);
  assert.equal(maskValue('session', '6100e23'), '‹7 hidden›');
  assert.equal(maskValue('logistics_order_id', 'SF1'), 'SF1');
  assert.equal(maskText('{"a":[1,true,"x"],"b":{"c":null}}'), '{"a":[1,true,"x"],"b":{"c":null}}');
  assert.equal(maskText('<a b="1"><c>2</c></a>'), '<a b="1"><c>2</c></a>');
});

test('what is nested deeper than is worth reading is hidden, in bounded time', () => {
  let nested = '{"note":"visible"}';
  for (let level = 0; level < 8; level++) nested = JSON.stringify({ level: nested });
  assert.doesNotMatch(maskText(nested), /visible/);
  assert.doesNotMatch(maskText(`${'<a>'.repeat(50)}visible`), /visible/);
  const hostile = ['"\\"', '[', '<a>', '<!--', '<![CDATA[', '> ', '{"a":'].map((piece) =>
    piece.repeat(100_000),
  );
  const started = performance.now();
  for (const text of hostile) maskText(`{${text}`) + maskText(`<${text}`);
  assert.ok(performance.now() - started < 5_000);
});

test('a secret that was sent along is not shown', () => {
  const json = signedRequest({ kind: 'json', payload: '{}' });
  const leaking = { ...json, url: `${json.url}&key=${secret}` };
  assert.doesNotMatch(
    JSON.stringify(explainSpi(leaking, [{ label: 'daily', secret: `${secret} ` }])),
    /helloworld/,
  );
  assert.doesNotMatch(JSON.stringify(explainSpi(withSign(json, secret), secret)), /helloworld/);
});

test('the right sign of a wrong request is never shown', () => {
  const json = withSign(signedRequest({ kind: 'json', payload: orderJson }), 'AB'.repeat(16));
  const explanation = explainSpi(json, [{ label: 'daily', secret }]);
  const right = signSpi(json, secret);
  assert.equal(explanation.expected, undefined);
  assert.equal(explanation.presented, 'AB'.repeat(16));
  assert.deepEqual(explanation.computed, [{ label: 'daily', start: `${right.slice(0, 6)}…` }]);
  assert.equal(JSON.stringify(explanation).includes(right.slice(0, 7)), false);
});
