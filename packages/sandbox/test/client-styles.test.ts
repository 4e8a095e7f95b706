import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { request } from 'node:http';
import { after, before, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { type Sandbox, startSandbox } from '../src/index.ts';

/*
 * Calls built by hand, as the official SDKs build them: nothing of the code under test signs, encodes or reads here.
 */
const secret = 'helloworld';
const now = new Date('2026-01-01T19:04:05Z');
const infoQuery = 'alibaba.fundplatform.cardorders.info.query';
const byCardNo = `${infoQuery}.by.cardno`;

let sandbox: Sandbox;
before(async () => {
  const settings = { maker: 'http://127.0.0.1:9/spi', appKey: '12345678', appSecret: secret };
  sandbox = await startSandbox({ port: 0, clock: () => now, ...settings });
  await sandbox.placeOrder({ cardOrderId: 42n, lines: { templates: 2, cards: 300n } });
});
after(() => sandbox.close());

type Params = Record<string, string>;

function signed(params: Params, signMethod: string): Params {
  const all: Params = {
    app_key: '12345678',
    timestamp: '2026-01-02 03:04:05',
    v: '2.0',
    sign_method: signMethod,
    ...params,
  };
  const joined = Object.keys(all)
    .sort()
    .map((name) => name + all[name])
    .join('');
  const digest =
    signMethod === 'md5'
      ? createHash('md5').update(secret + joined + secret)
      : createHmac(signMethod === 'hmac' ? 'md5' : 'sha256', secret).update(joined);
  return { ...all, sign: digest.digest('hex').toUpperCase() };
}

interface Answer {
  readonly httpStatus: number | undefined;
  readonly contentType: string;
  readonly encoding: string | undefined;
  readonly text: string;
}

function send(options: {
  method: string;
  query?: Params;
  contentType?: string;
  body?: string;
  acceptGzip?: boolean;
}): Promise<Answer> {
  const query = options.query === undefined ? '' : `?${new URLSearchParams(options.query)}`;
  const headers = {
    ...(options.contentType === undefined ? {} : { 'content-type': options.contentType }),
    ...(options.acceptGzip === true ? { 'accept-encoding': 'gzip' } : {}),
  };
  return new Promise((resolve, reject) => {
    const outgoing = request(
      `${sandbox.url}/router/rest${query}`,
      { method: options.method, headers },
      (response) => {
        response.toArray().then((chunks: Buffer[]) => {
          const bytes = Buffer.concat(chunks);
          const encoding = response.headers['content-encoding'];
          const text = (encoding === 'gzip' ? gunzipSync(bytes) : bytes).toString('utf8');
          const contentType = response.headers['content-type'] ?? '';
          resolve({ httpStatus: response.statusCode, contentType, encoding, text });
        }, reject);
      },
    );
    outgoing.on('error', reject);
    outgoing.end(options.body);
  });
}

const page = (currentPage: number, pageSize = 5): Params => ({
  parameters: `{"page_size":${pageSize},"current_page":"${currentPage}", "signture":"test","card_order_id":42}`,
});

const boundary = '--------------------------306745240699897358212279';
const multipart = (params: Params): string =>
  `${Object.entries(params)
    .map(
      ([name, value]) =>
        `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
    )
    .join('')}--${boundary}--`;

/** Where the SDKs put the parameters. */
const styles: Record<string, (params: Params) => Promise<Answer>> = {
  'GET, all in the query': (params) => send({ method: 'GET', query: params }),
  'all in the form (npm, Go)': (params) =>
    send({
      method: 'POST',
      contentType: 'application/x-www-form-urlencoded;charset=utf-8',
      body: String(new URLSearchParams(params)),
    }),
  'system in the query, business in the form (Java, PHP, Python)': ({ parameters = '', ...system }) =>
    send({
      method: 'POST',
      query: system,
      contentType: 'application/x-www-form-urlencoded',
      body: String(new URLSearchParams({ parameters })),
    }),
  'all in multipart (Node)': (params) =>
    send({
      method: 'POST',
      contentType: `multipart/form-data; boundary=${boundary}`,
      body: multipart(params),
    }),
};

for (const [style, call] of Object.entries(styles)) {
  for (const signMethod of ['md5', 'hmac', 'hmac-sha256']) {
    test(`${style}, ${signMethod}: JSON, simplified and XML say the same`, async () => {
      const json = await call(signed({ method: infoQuery, format: 'json', ...page(1) }, signMethod));
      const simple = await call(
        signed({ method: infoQuery, format: 'json', simplify: 'true', ...page(1) }, signMethod),
      );
      // XML is what a call gets that asks for nothing.
      const xml = await call(signed({ method: infoQuery, ...page(1) }, signMethod));
      const enveloped = JSON.parse(json.text).alibaba_fundplatform_cardorders_info_query_response;
      const cards = enveloped.result.card_making_infos.string;
      assert.equal(cards.length, 5);
      assert.equal(enveloped.result.success, true);
      assert.equal(typeof enveloped.request_id, 'string');
      assert.deepEqual(JSON.parse(simple.text).result.card_making_infos, cards);
      assert.match(xml.text, /<alibaba_fundplatform_cardorders_info_query_response>/);
      const items = [...xml.text.matchAll(/<string>(.*?)<\/string>/g)].map(([, text]) => text);
      assert.deepEqual(items, cards);
      for (const answer of [json, simple, xml]) assert.equal(answer.httpStatus, 200);
      assert.match(xml.contentType, /^text\/xml/);
    });
  }
}

const query = async (params: Params): Promise<Record<string, never>> => {
  const answer = await send({ method: 'GET', query: signed({ format: 'json', ...params }, 'md5') });
  assert.equal(answer.httpStatus, 200);
  return JSON.parse(answer.text);
};
const errorOf = async (params: Params): Promise<{ code: number; sub_code?: string }> =>
  (await query(params)).error_response ?? assert.fail('no error');

test('a large answer is compressed for those who take it, and for nobody else', async () => {
  const params = signed({ method: infoQuery, format: 'json', ...page(1, 500) }, 'md5');
  const packed = await send({ method: 'GET', query: params, acceptGzip: true });
  const plain = await send({ method: 'GET', query: params });
  assert.equal(packed.encoding, 'gzip');
  assert.equal(plain.encoding, undefined);
  const cardsIn = ({ text }: Answer): unknown =>
    JSON.parse(text).alibaba_fundplatform_cardorders_info_query_response.result;
  assert.deepEqual(cardsIn(packed), cardsIn(plain));
  const small = await send({
    method: 'GET',
    query: signed({ method: 'taobao.top.ipout.get' }, 'md5'),
    acceptGzip: true,
  });
  assert.equal(small.encoding, undefined);
});

test('cards are found by their numbers, in the order asked for, page by page', async () => {
  const listed = await query({ method: infoQuery, ...page(1, 500) });
  const second = await query({ method: infoQuery, ...page(2, 500) });
  const textsOf = (
    answer: Record<string, { result: { card_making_infos: { string: string[] } } }>,
  ): string[] => Object.values(answer)[0]?.result.card_making_infos.string ?? [];
  const texts = [...textsOf(listed), ...textsOf(second)];
  assert.equal(texts.length, 600);
  const wanted = [texts[599], texts[0], texts[300]].map((text) => text ?? assert.fail());
  const numbers = wanted.map((text) => JSON.parse(text).cardNo);
  const find = (cardNos: readonly string[], currentPage: number, pageSize: number) =>
    query({
      method: byCardNo,
      parameters: JSON.stringify({
        page_size: pageSize,
        current_page: currentPage,
        signture: 'x',
        card_nos: cardNos,
      }),
    });
  assert.deepEqual(textsOf(await find(numbers, 1, 500)), wanted);
  assert.deepEqual(textsOf(await find(numbers, 2, 2)), wanted.slice(2));
  assert.deepEqual(textsOf(await find(['12345678901234567890', numbers[0]], 1, 500)), [wanted[0]]);
});

test('a timestamp may be epoch milliseconds, as the Python SDK sends it', async () => {
  const answer = await query({ method: 'taobao.top.ipout.get', timestamp: String(now.getTime()) });
  assert.ok('top_ipout_get_response' in answer);
});

test('what a call lacks or has wrong is told by code, and HTTP says 200', async () => {
  assert.equal((await errorOf({ method: infoQuery, timestamp: '2026-01-02 03:14:06', ...page(1) })).code, 31);
  assert.equal((await errorOf({ method: infoQuery, app_key: '1', ...page(1) })).code, 29);
  assert.equal((await errorOf({ method: 'taobao.no.such.method' })).code, 22);
  assert.deepEqual(
    [await errorOf({ method: infoQuery }), await errorOf({ method: infoQuery, ...page(1, 501) })].map(
      ({ code, sub_code }) => [code, sub_code],
    ),
    [
      [40, 'isv.missing-parameter:parameters'],
      [41, 'isv.invalid-parameter:page_size'],
    ],
  );
  const zero = await errorOf({ method: infoQuery, ...page(0) });
  assert.equal(zero.sub_code, 'isv.invalid-parameter:parameters.current_page');
  const unsigned = await send({ method: 'GET', query: { method: infoQuery, format: 'json' } });
  assert.equal(unsigned.httpStatus, 200);
  assert.ok('error_response' in JSON.parse(unsigned.text));
});

test('a page far beyond the end is empty', async () => {
  const answer = await query({
    method: infoQuery,
    parameters: '{"page_size":500,"current_page":9223372036854775807,"signture":"test","card_order_id":42}',
  });
  const { result } = Object.values(answer)[0] as unknown as {
    result: { success: boolean; card_making_infos: object };
  };
  assert.equal(result.success, true);
  assert.deepEqual(result.card_making_infos, { string: [] });
});
