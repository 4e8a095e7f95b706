import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalise } from '../../src/spi/canonical.ts';
import type { SpiParts, SpiRequest } from '../../src/spi/request.ts';
import { verifySpi } from '../../src/spi/verify.ts';
import { requestOf, spiVectors } from './sample.ts';

/**
 * Whoever holds a signed request changes bytes of it. MD5 aside, a change may be accepted only if it does not reach
 * the hashed bytes at all: another writing of the same parameters (`%2b` for `%2B`, a moved pair), or another cut of
 * the same bytes into names and values, which no checker can tell and the strict decoders refuse.
 */
const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);
const total = 100_000;

/** mulberry32: small, and the same trace for the same seed. */
function randomOf(start: number): (below: number) => number {
  let state = start;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

const structural = Buffer.from('&=%+?;,{}"<>/0129afAF \r\n\0\x80\xff', 'latin1');

function mutate(bytes: Buffer, random: (below: number) => number): Buffer {
  const at = random(bytes.length + 1);
  const to = Math.min(bytes.length, at + 1 + random(4));
  const byte = random(2) === 0 ? structural[random(structural.length)]! : random(256);
  const [before, cut, after] = [bytes.subarray(0, at), bytes.subarray(at, to), bytes.subarray(to)];
  switch (random(6)) {
    case 0:
      return Buffer.concat([before, after]);
    case 1:
      return Buffer.concat([before, Buffer.from([byte]), cut, after]);
    case 2:
      return Buffer.concat([before, cut, cut, after]);
    case 3: {
      const elsewhere = random(after.length + 1);
      return Buffer.concat([before, after.subarray(0, elsewhere), cut, after.subarray(elsewhere)]);
    }
    case 4: {
      const flipped = Buffer.from(bytes);
      if (at < bytes.length) flipped[at] = flipped[at]! ^ (1 << random(8));
      return flipped;
    }
    default:
      return Buffer.concat([before, Buffer.from([byte]), cut.subarray(1), after]);
  }
}

function mutateRequest(request: SpiRequest, random: (below: number) => number): SpiRequest {
  if (request.body.length > 0 && random(2) === 0) {
    return { ...request, body: mutate(Buffer.from(request.body), random) };
  }
  const query = request.url.slice(request.url.indexOf('?') + 1);
  return { ...request, url: '/spi?' + mutate(Buffer.from(query, 'latin1'), random).toString('latin1') };
}

function sameParts(a: SpiParts, b: SpiParts): boolean {
  const values = (parts: SpiParts) => JSON.stringify([[...parts.query], [...parts.form], parts.payload]);
  return values(a) === values(b);
}

test(`${total} mutated requests: none accepted whose hashed bytes are not the signed ones (SEED=${seed})`, () => {
  const originals = spiVectors
    .filter((vector) => vector.expect_valid && vector.kind !== 'spi-quirk')
    .map((vector) => {
      const request = requestOf(vector);
      const verdict = verifySpi(request, vector.secret);
      const canonical = canonicalise(request);
      assert.ok(verdict.ok && canonical.ok, vector.id);
      return { request, secret: vector.secret, signed: canonical.signed, parts: verdict.parts };
    });
  assert.ok(originals.length >= 10);
  const random = randomOf(seed);
  const seen = { refused: 0, sameParts: 0, otherCut: 0 };
  for (let i = 0; i < total; i++) {
    const original = originals[i % originals.length]!;
    const mutated = mutateRequest(original.request, random);
    const verdict = verifySpi(mutated, original.secret);
    if (!verdict.ok) {
      seen.refused++;
      continue;
    }
    const canonical = canonicalise(mutated);
    assert.ok(
      canonical.ok && canonical.signed.equals(original.signed),
      `seed ${seed}, mutation ${i}: ${mutated.url}`,
    );
    if (sameParts(verdict.parts, original.parts)) seen.sameParts++;
    else seen.otherCut++;
  }
  // A generator that never reaches the digest, or never misses it, would prove nothing.
  assert.ok(seen.refused > total * 0.9 && seen.sameParts > 0, JSON.stringify(seen));
});

test('every single-bit flip of every vector is refused or says the same', () => {
  for (const vector of spiVectors.filter(({ kind, expect_valid }) => kind !== 'spi-quirk' && expect_valid)) {
    const request = requestOf(vector);
    const before = verifySpi(request, vector.secret);
    assert.ok(before.ok);
    for (let bit = 0; bit < request.body.length * 8; bit++) {
      const body = Buffer.from(request.body);
      body[bit >> 3] = body[bit >> 3]! ^ (1 << (bit & 7));
      const verdict = verifySpi({ ...request, body }, vector.secret);
      if (verdict.ok) assert.ok(sameParts(verdict.parts, before.parts), `${vector.id}, bit ${bit}`);
    }
  }
});
