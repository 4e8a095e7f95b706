import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  composeSpi,
  encodeSpiBody,
  readSpiCall,
  type SpiCall,
  type SpiMethod,
  type SpiRequest,
  type SpiRequestOf,
  verifySpi,
} from '../../src/index.ts';

/**
 * The signature joins names and values without separators. Whoever holds one signed request can cut the same bytes
 * differently; each cut keeps the signature, so only the strict decoders stand between it and the order.
 */
const secret = 'helloworld';
const signed = { appKey: '12345678', secret, timestamp: new Date('2026-01-02T03:04:05+08:00') };

interface Pair {
  readonly name: string;
  readonly value: string;
}
interface Cut {
  readonly pairs: readonly Pair[];
  readonly body: string;
  readonly headers?: readonly Pair[];
}

function pairsOf(request: SpiRequest): { pairs: Pair[]; sign: string; body: string } {
  const verdict = verifySpi(request, secret);
  assert.ok(verdict.ok);
  const { query, form, payload } = verdict.parts;
  const pairs = [...query, ...form].map(([name, value]) => ({ name, value: value.toString() }));
  pairs.sort((a, b) => (a.name < b.name ? -1 : 1));
  return {
    pairs,
    sign: new URL(request.url, 'http://maker').searchParams.get('sign') ?? '',
    body: payload.toString(),
  };
}

function rebuild(original: SpiRequest, cut: Cut, sign: string, place: 'query' | 'form'): SpiRequest {
  const encode = (pairs: readonly Pair[]): string =>
    pairs.map(({ name, value }) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&');
  const isText = !/form/.test(String(original.headers['Content-Type'] ?? original.headers['content-type']));
  const system = new Set([
    'method',
    'app_key',
    'timestamp',
    'format',
    'v',
    'sign_method',
    'target_app_key',
    'session',
    'partner_id',
  ]);
  const inForm = place === 'form' && !isText ? cut.pairs.filter(({ name }) => !system.has(name)) : [];
  const inQuery = cut.pairs.filter((pair) => !inForm.includes(pair));
  const signedHeaders = cut.headers ?? [];
  return {
    method: 'POST',
    url: `/spi?${encode([...inQuery, { name: 'sign', value: sign }])}`,
    headers: {
      ...original.headers,
      ...(signedHeaders.length === 0
        ? {}
        : { 'top-sign-list': signedHeaders.map(({ name }) => name).join(',') }),
      ...Object.fromEntries(signedHeaders.map(({ name, value }) => [name, encodeURIComponent(value)])),
    },
    body: Buffer.from(isText ? cut.body : encode(inForm)),
  };
}

function* cutsOf(pairs: readonly Pair[], body: string): Generator<Cut> {
  const replaced = (from: number, count: number, ...by: Pair[]): Pair[] =>
    pairs.toSpliced(from, count, ...by);
  for (const [at, { name, value }] of pairs.entries()) {
    yield { pairs: replaced(at, 1), body, headers: [{ name, value }] };
    const text = name + value;
    for (let length = 0; length <= Math.min(text.length, 40); length++) {
      if (length === name.length) continue;
      yield { pairs: replaced(at, 1, { name: text.slice(0, length), value: text.slice(length) }), body };
    }
    for (let start = 1; start < Math.min(value.length, 12); start++) {
      const [head, tail] = [value.slice(0, start), value.slice(start)];
      yield { pairs: replaced(at, 1, { name, value: head }, { name: tail, value: '' }), body };
      yield {
        pairs: replaced(at, 1, { name, value: head }, { name: tail.slice(0, 1), value: tail.slice(1) }),
        body,
      };
    }
    const next = pairs[at + 1];
    if (next === undefined) continue;
    const joined = next.name + next.value;
    yield { pairs: replaced(at, 2, { name, value: value + joined }), body };
    for (let length = 1; length < Math.min(joined.length, 40); length++) {
      const moved = { name, value: value + joined.slice(0, length) };
      const rest = joined.slice(length);
      yield { pairs: replaced(at, 2, moved, { name: rest, value: '' }), body };
      yield {
        pairs: replaced(at, 2, moved, {
          name: rest.slice(0, next.name.length),
          value: rest.slice(next.name.length),
        }),
        body,
      };
    }
  }
  const last = pairs.at(-1);
  if (last === undefined || body === '') return;
  for (let length = 1; length <= body.length; length += length < 60 ? 1 : 37) {
    yield {
      pairs: replaced(pairs.length - 1, 1, { name: last.name, value: last.value + body.slice(0, length) }),
      body: body.slice(length),
    };
    yield { pairs: [...pairs, { name: body.slice(0, length), value: '' }], body: body.slice(length) };
  }
  yield { pairs: pairs.slice(0, -1), body: last.name + last.value + body };
  yield { pairs: replaced(pairs.length - 1, 1, { name: last.name, value: '' }), body: last.value + body };
}

function read(request: SpiRequest): SpiCall | undefined {
  const verdict = verifySpi(request, secret);
  if (!verdict.ok) return undefined;
  const reading = readSpiCall(verdict.parts);
  return reading.ok ? reading.call : undefined;
}

/** Tries every cut; one that is accepted must say exactly the same. Answers how many kept their signature. */
function tryAllCuts<M extends SpiMethod>(
  method: M,
  params: SpiRequestOf<M>,
  kind: 'form' | 'json' | 'xml',
  system: Record<string, string>,
): number {
  const request = composeSpi({
    ...signed,
    url: '/spi',
    method,
    system,
    body: encodeSpiBody(method, params, kind),
  });
  const original = read(request);
  assert.ok(original !== undefined);
  const { pairs, sign, body } = pairsOf(request);
  let validSignatures = 0;
  for (const cut of cutsOf(pairs, body)) {
    for (const place of ['query', 'form'] as const) {
      const forged = rebuild(request, cut, sign, place);
      if (verifySpi(forged, secret).ok) validSignatures++;
      const call = read(forged);
      // The app key decides nothing, so what is glued to it changes nothing.
      if (call !== undefined)
        assert.deepEqual({ ...call, appKey: original.appKey }, original, JSON.stringify(cut));
    }
  }
  return validSignatures;
}

const text = fc
  .string({ unit: fc.constantFrom(...'aZ09 {}[]"=&+%卡张'), minLength: 1, maxLength: 8 })
  .filter((value) => value.trim() === value);
const line = fc.record(
  {
    template_no: text,
    count: fc.bigInt(1n, 10n ** 9n),
    par_value: fc.bigInt(0n, 10n ** 6n),
    card_name: text,
    picture_url: fc.constant('http://a/1.jpg'),
  },
  { requiredKeys: ['template_no', 'count', 'par_value', 'card_name'], noNullPrototype: true },
);
const receiver = fc.record(
  { receiver_name: text, receiver_number: text, receiver_address: text, receiver_zip_code: text },
  { noNullPrototype: true },
);
const system = fc.record(
  {
    target_app_key: fc.constant('23456789'),
    session: fc.constant('6100e23a5b1c4d7e8f90a1b2c3d4'),
    partner_id: fc.constant('p'),
    memo: text,
    customerId: fc.constant('c1'),
  },
  { requiredKeys: [], noNullPrototype: true },
);

test('every re-split of 200 signed orders is refused or says the same', () => {
  let validSignatures = 0;
  fc.assert(
    fc.property(
      fc.bigInt(1n, 2n ** 63n - 1n),
      fc.array(line, { minLength: 1, maxLength: 3 }),
      fc.option(receiver, { nil: undefined }),
      system,
      fc.constantFrom('form' as const, 'json' as const, 'xml' as const),
      (id, lines, logistics, more, kind) => {
        const order = { card_order_id: id, own_sign: 'daily' as const, card_product_infos: lines };
        const params = logistics === undefined ? order : { ...order, logistics_info: logistics };
        validSignatures += tryAllCuts(
          'alibaba.fundplatform.cardorder.make',
          params as never,
          kind,
          more as Record<string, string>,
        );
      },
    ),
    { numRuns: 200 },
  );
  assert.ok(
    validSignatures > 10_000,
    `only ${validSignatures} cuts kept their signature: the test tests nothing`,
  );
});

test('re-splits of the flat interfaces are refused or say the same', () => {
  const template = {
    template_no: 'T1',
    card_name: '卡',
    par_value: 100n,
    is_test: true,
    own_sign: 'daily',
    picture_url: 'http://a/1.jpg',
  } as const;
  const reference = { card_order_id: 16002n, own_sign: 'daily' } as const;
  for (const kind of ['form', 'json', 'xml'] as const) {
    assert.ok(
      tryAllCuts('alibaba.fundplatform.card.template.new', template, kind, {
        session: '6100e23a5b1c4d7e8f90a1b2c3d4',
      }) > 0,
    );
    assert.ok(
      tryAllCuts('alibaba.fundplatform.cardorder.receipt', reference, kind, {
        memo: 'x',
        partner_id: 'top-sdk-java',
      }) > 0,
    );
    assert.ok(
      tryAllCuts('alibaba.fundplatform.cardorder.status.query', { request: reference }, kind, {}) > 0,
    );
  }
});

test('what the published Node checker accepted is refused', () => {
  const request = composeSpi({
    ...signed,
    url: '/spi',
    method: 'alibaba.fundplatform.cardorder.receipt',
    body: encodeSpiBody(
      'alibaba.fundplatform.cardorder.receipt',
      { card_order_id: 1n, own_sign: 'daily' },
      'json',
    ),
  });
  const { pairs, sign, body } = pairsOf(request);
  const last = pairs.at(-1);
  assert.ok(last !== undefined);
  const asQueryValue = rebuild(
    request,
    { pairs: pairs.with(-1, { ...last, value: last.value + body }), body: '' },
    sign,
    'query',
  );
  assert.ok(verifySpi(asQueryValue, secret).ok, 'the signature is right');
  assert.equal(read(asQueryValue), undefined, 'and the request is refused all the same');
  assert.equal(read({ ...request, url: `${request.url}&__proto__=1` }), undefined);
  assert.equal(read({ ...request, url: `${request.url}&v=2.0` }), undefined);
});
