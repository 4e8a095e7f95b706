import assert from 'node:assert/strict';
import { generateKeyPairSync, verify } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Gate, Pass } from '../../src/platform/gate.ts';
import { createPlatform, type Platform } from '../../src/platform/platform.ts';
import { rsaSigner, signerOf } from '../../src/platform/signer.ts';
import { agrees, environmentAt, type Reaction, startFakePlatform } from './fake-platform.ts';

/** A door that is always open, and keeps what it was told. */
function openGate(): Gate & { readonly told: string[] } {
  const told: string[] = [];
  const pass: Pass = {
    succeeded: async () => void told.push('succeeded'),
    answered: async () => void told.push('answered'),
    failed: async () => {
      told.push('failed');
      return undefined;
    },
    banned: async ({ seconds, isDailyVolume }) => {
      told.push(isDailyVolume ? 'daily-volume' : `banned ${seconds}`);
      return { retryAfterMs: (seconds ?? 1) * 1000 };
    },
  };
  return { told, enter: async () => ({ open: true, pass }) };
}

const cardText = JSON.stringify({
  cardNo: '6222canary',
  cardPassword: 'canary-password',
  templateNo: 'T1',
  status: 'ACTIVE',
});
const listing = (...texts: string[]): Reaction => ({
  kind: 'answer',
  value: { result: { success: true, card_making_infos: { string: texts } } },
});

const banText = 'This ban will last for 7 more seconds';
const cases: readonly [name: string, reaction: Reaction, read: string, act: string, told: string][] = [
  ['a ban', { kind: 'error', code: 7, subMsg: banText }, 'later 7000 free', 'later 7000 free', 'banned 7'],
  [
    'the daily volume',
    { kind: 'error', code: 7, subCode: 'accesscontrol.limited-by-app-access-count', subMsg: banText },
    'later 7000 free',
    'later 7000 free',
    'daily-volume',
  ],
  [
    'an isp error',
    { kind: 'error', code: 15, subCode: 'isp.remote-service-error' },
    'later - counts',
    'unknown - counts',
    'failed',
  ],
  [
    'a lasting isp error',
    { kind: 'error', code: 15, subCode: 'isp.null-pointer-exception' },
    'refused isp.null-pointer-exception',
    'unknown - counts lasting',
    'answered',
  ],
  [
    'an isv error with detail',
    { kind: 'error', code: 41, subCode: 'isv.invalid-parameter:6222canary' },
    'refused isv.invalid-parameter',
    'refused isv.invalid-parameter',
    'answered',
  ],
  ['a wrong signature', { kind: 'error', code: 25 }, 'refused 25', 'refused 25', 'answered'],
  [
    'success false',
    { kind: 'answer', value: { result: { success: false } } },
    'refused success-false',
    'refused success-false',
    'answered',
  ],
  ['a dropped connection', { kind: 'drop' }, 'later - counts', 'unknown - counts', 'failed'],
  [
    'status 502',
    { kind: 'bytes', body: 'bad gateway', status: 502 },
    'later - counts',
    'unknown - counts',
    'failed',
  ],
  ['a page of HTML', { kind: 'bytes', body: '<html>busy</html>' }, 'malformed', 'unknown - counts', 'failed'],
  [
    'an answer without success',
    { kind: 'answer', value: { result: {} } },
    'malformed',
    'unknown - counts',
    'answered',
  ],
];

type Failed = Extract<
  Awaited<ReturnType<Platform['finish']>> | Awaited<ReturnType<Platform['cardPage']>>,
  { ok: false }
>;

function short(outcome: { readonly ok: boolean }): string {
  if (outcome.ok) return 'ok';
  const failed = outcome as Failed;
  if (failed.kind === 'refused') return `refused ${failed.code}`;
  if (failed.kind === 'malformed') return 'malformed';
  const lasting = failed.kind === 'unknown' && !failed.mayRepeat ? ' lasting' : '';
  return `${failed.kind} ${failed.retryAfterMs ?? '-'} ${failed.counts ? 'counts' : 'free'}${lasting}`;
}

for (const [name, reaction, read, act, told] of cases) {
  test(`${name}: what a read and an act make of it`, async (t) => {
    const fake = await startFakePlatform(t);
    fake.react = () => reaction;
    const gate = openGate();
    const platform = createPlatform(fake.config, gate);
    t.after(() => platform.close());
    const outcomes = [
      await platform.cardPage(1n, 1, 500),
      await platform.cardsByNumber(['6222canary']),
      await platform.finish(1n),
      await platform.sended(1n, { company: '顺丰速运', number: 'SF1234567890123' }),
    ];
    assert.deepEqual(outcomes.map(short), [read, read, act, act]);
    assert.deepEqual(gate.told, [told, told, told, told]);
    assert.equal(fake.calls.length, 4, 'nothing is repeated here');
    const reads = JSON.stringify(outcomes.slice(0, 2));
    assert.doesNotMatch(reads, /canary/);
  });
}

test('where nobody listens nothing took effect', async () => {
  const gate = openGate();
  const platform = createPlatform(environmentAt('http://127.0.0.1:9/router/rest'), gate);
  assert.equal(short(await platform.cardPage(1n, 1, 500)), 'later - counts');
  assert.equal(short(await platform.finish(1n)), 'later - counts');
  assert.deepEqual(gate.told, ['failed', 'failed']);
});

test('cards arrive as the platform wrote them, and a broken one is malformed without being shown', async (t) => {
  const fake = await startFakePlatform(t);
  fake.react = () => listing(cardText);
  const platform = createPlatform(fake.config, openGate());
  t.after(() => platform.close());
  const page = await platform.cardPage(16002n, 1, 500);
  assert.deepEqual(page.ok && page.value.map(({ cardNo, cardPassword }) => [cardNo, cardPassword]), [
    ['6222canary', 'canary-password'],
  ]);
  assert.equal(page.ok && page.requestId, 'req-1');
  fake.react = () => listing(cardText, '{"cardNo":"6222canary"}');
  const broken = await platform.cardPage(16002n, 1, 500);
  assert.equal(short(broken), 'malformed');
  assert.match(JSON.stringify(broken), /card_making_infos\[1\]\.cardPassword/);
  assert.doesNotMatch(JSON.stringify(broken), /canary/);
});

test('nothing is called while the door is closed, and no intent is written', async (t) => {
  const fake = await startFakePlatform(t);
  const closed: Gate = { enter: async () => ({ open: false, retryAfterMs: 1234, cause: 'closed' }) };
  const platform = createPlatform(fake.config, closed);
  const before = () => Promise.reject(new Error('the intent was written'));
  assert.equal(short(await platform.finish(1n, { before })), 'later 1234 free');
  assert.equal(short(await platform.cardPage(1n, 1, 500)), 'later 1234 free');
  assert.deepEqual(fake.calls, []);
});

test('an intent that cannot be written prevents the call', async (t) => {
  const fake = await startFakePlatform(t);
  const platform = createPlatform(fake.config, openGate());
  await assert.rejects(
    platform.finish(1n, { before: () => Promise.reject(new Error('no disk')) }),
    /no disk/,
  );
  assert.deepEqual(fake.calls, []);
});

test('an aborted call: a read goes on later, an act may have acted, and the door hears nothing', async (t) => {
  const fake = await startFakePlatform(t);
  const stop = new AbortController();
  fake.react = () => {
    stop.abort();
    return { kind: 'bytes', body: '' };
  };
  const gate = openGate();
  const platform = createPlatform(fake.config, gate);
  assert.equal(short(await platform.finish(1n, { signal: stop.signal })), 'unknown - free');
  assert.equal(short(await platform.cardPage(1n, 1, 500, stop.signal)), 'later - free');
  assert.deepEqual(gate.told, []);
});

test('a query by card numbers is signed over sizes and numbers by the key of the settings', async (t) => {
  const fake = await startFakePlatform(t);
  const sent: string[] = [];
  fake.react = (_method, fields) => {
    sent.push((JSON.parse(fields.get('parameters') ?? '{}') as { signture: string }).signture);
    return listing();
  };
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  const signer = rsaSigner(pem, { padding: 'pkcs1', digest: 'sha256', encoding: 'base64' });
  const platform = createPlatform(fake.config, openGate(), { signer });
  t.after(() => platform.close());
  await platform.cardsByNumber(['A1', 'B2', 'C3']);
  const signed = Buffer.from(sent[0] ?? '', 'base64');
  assert.ok(verify('sha256', Buffer.from('3==1==A1=B2=C3'), publicKey, signed));
  const unsigned = createPlatform(fake.config, openGate());
  t.after(() => unsigned.close());
  await unsigned.cardsByNumber(['A1']);
  assert.equal(sent[1], 'test');
});

test('a key that is none, too small or of another kind is refused without being shown', () => {
  const style = { padding: 'pss', digest: 'sha256', encoding: 'hex' } as const;
  const pemOf = (pair: { privateKey: { export(options: object): unknown } }) =>
    pair.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  const small = pemOf(generateKeyPairSync('rsa', { modulusLength: 1024 }));
  const curve = pemOf(generateKeyPairSync('ed25519'));
  for (const pem of ['MIIEvQcanary', small, curve]) {
    assert.throws(
      () => rsaSigner(pem, style),
      (error: Error) => !error.message.includes('MII') && /key/.test(error.message),
    );
  }
});

test('an order beyond 2^53 keeps its id', async (t) => {
  const fake = await startFakePlatform(t);
  const ids: (string | undefined)[] = [];
  fake.react = (_method, fields) => {
    ids.push(fields.get('card_order_id'));
    return agrees;
  };
  const platform = createPlatform(fake.config, openGate());
  assert.equal(short(await platform.finish(9007199254740993n)), 'ok');
  assert.deepEqual(ids, ['9007199254740993']);
});

test('the key of the settings is read once, and a wrong one is named by its setting', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'cardwright-key-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const keyFile = join(folder, 'query.pem');
  const config = environmentAt('http://127.0.0.1:9/router/rest');
  const signing = { ...config.querySigning, encoding: 'hex', keyFile } as const;
  const signer = () => signerOf({ ...config, querySigning: signing });
  assert.throws(signer, /environments\.daily\.queryKeyFile .*ENOENT/);
  writeFileSync(keyFile, 'MIIcanary');
  assert.throws(
    signer,
    (error: Error) => /queryKeyFile/.test(error.message) && !error.message.includes('canary'),
  );
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  writeFileSync(keyFile, privateKey.export({ type: 'pkcs1', format: 'pem' }));
  assert.ok(verify('sha256', Buffer.from('text'), publicKey, Buffer.from(signer()('text'), 'hex')));
  assert.equal(signerOf(config)('text'), 'test');
});
