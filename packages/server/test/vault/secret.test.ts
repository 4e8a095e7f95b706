import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { format, inspect } from 'node:util';
import pino from 'pino';
import { Secret } from '../../src/vault/secret.ts';

const canary = 'canary-8841-password';
const card = { pageNo: 1, slot: 0, secrets: new Secret({ cardNo: canary, cardPassword: canary }) };

function logged(write: (log: pino.Logger) => void): string {
  let text = '';
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString();
      done();
    },
  });
  write(pino({ level: 'trace' }, sink));
  return text;
}

test('however a secret is printed, it is a mask', () => {
  const error = new Error('it failed', { cause: card });
  const prints: Record<string, string> = {
    inspect: inspect(card, { depth: 9, showHidden: true, getters: true }),
    'inspect of itself': inspect(card.secrets, { customInspect: false, showHidden: true, depth: 9 }),
    format: format('%s %o %O %j', card.secrets, card, card, card),
    JSON: JSON.stringify({ card, list: [card.secrets] }),
    template: `${card.secrets}`,
    concatenation: `a${String(card.secrets)}`,
    'cause of an error': inspect(error, { depth: 9 }),
    entries: inspect([Object.entries(card.secrets), Object.getOwnPropertyNames(card.secrets)]),
    'a copy by spreading': inspect({ ...card.secrets }),
    'a structured clone': inspect(structuredClone({ ...card, secrets: { ...card.secrets } })),
    log: logged((log) => {
      log.info(card, 'a card');
      log.error({ err: error, card, secret: card.secrets }, `card ${String(card.secrets)}`);
    }),
  };
  for (const [way, text] of Object.entries(prints)) assert.equal(text.includes(canary), false, way);
  for (const way of ['inspect', 'JSON', 'template', 'log'])
    assert.ok(prints[way]?.includes('***'), `${way}: ${prints[way]}`);
  assert.equal(card.secrets.reveal().cardNo, canary);
});
