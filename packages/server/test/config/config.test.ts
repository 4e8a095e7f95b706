import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ConfigError, loadConfig } from '../../src/config.ts';

const folder = mkdtempSync(join(tmpdir(), 'cardwright-config-'));
after(() => rmSync(folder, { recursive: true }));
let files = 0;
const file = (content: unknown): string => {
  const path = join(folder, `config-${files++}.json`);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
};
const daily = { appKey: '12345678', appSecrets: ['s3cret'], gateway: 'http://127.0.0.1:7002/router/rest' };

test('flags win over variables, variables over the file, the file over defaults', () => {
  const path = file({ port: 1, host: '0.0.0.0', environments: { daily } });
  const config = loadConfig({
    file: path,
    env: { CARDWRIGHT_HOST: '127.0.0.9', CARDWRIGHT_PORT: '2' },
    flags: { port: '3' },
  });
  assert.deepEqual([config.port, config.host, config.logLevel], [3, '127.0.0.9', 'info']);
  assert.equal(config.environments[0]?.clockWindowMs, 600_000);
});

test('an environment may come from variables alone', () => {
  const env = {
    CARDWRIGHT_ONLINE_APP_KEY: '1',
    CARDWRIGHT_ONLINE_APP_SECRETS: 'a,b',
    CARDWRIGHT_ONLINE_ANSWER_NAMES: 'camel',
  };
  const [online] = loadConfig({ env }).environments;
  assert.deepEqual(
    [online?.name, online?.appSecrets, online?.dialect.names],
    ['online', ['a', 'b'], 'camel'],
  );
});

for (const [about, content, names] of [
  ['no JSON', '{"environments": {"daily": {"appSecrets": ["s3cret"]', /not a JSON object/],
  ['an unknown setting', { prot: 7001 }, /unknown setting "prot"/],
  ['an unknown environment', { environments: { test: daily } }, /unknown setting "test"/],
  [
    'a missing app key',
    { environments: { daily: { ...daily, appKey: undefined } } },
    /environments\.daily\.appKey/,
  ],
  [
    'no secret',
    { environments: { daily: { ...daily, appSecrets: [] } } },
    /environments\.daily\.appSecrets.*one or two/,
  ],
  [
    'three secrets',
    { environments: { daily: { ...daily, appSecrets: ['s3cret', 'b', 'c'] } } },
    /one or two/,
  ],
  [
    'white space in a secret',
    { environments: { daily: { ...daily, appSecrets: ['s3cret '] } } },
    /white space/,
  ],
  [
    'a gateway that is no address',
    { environments: { daily: { ...daily, gateway: 'gw' } } },
    /environments\.daily\.gateway/,
  ],
  [
    'a bad range',
    { environments: { daily: { ...daily, sourceAllowList: ['10.0.0.0/33'] } } },
    /sourceAllowList/,
  ],
  ['a port out of range', { port: 70_000 }, /port/],
] as const) {
  test(`${about} is refused with the setting's name and without its secrets`, () => {
    const path = file(content);
    assert.throws(
      () => loadConfig({ file: path, env: {} }),
      (error) =>
        error instanceof ConfigError && names.test(error.message) && !error.message.includes('s3cret'),
    );
  });
}

test('the JSON schema and the page name every setting, and no other', () => {
  const docs = join(import.meta.dirname, '../../../../docs');
  const schema = JSON.parse(readFileSync(join(docs, 'cardwright.config.schema.json'), 'utf8')) as {
    properties: Record<string, { properties: object }>;
    $defs: { environment: { properties: object } };
  };
  const page = readFileSync(join(docs, 'configuration.md'), 'utf8');
  const knownKeys = (content: unknown): string[] => {
    try {
      loadConfig({ file: file(content), env: {} });
    } catch (error) {
      return (error as Error).message.split('known are ')[1]?.split(', ') ?? [];
    }
    return [];
  };
  const general = knownKeys({ unknown: 1 });
  const ofEnvironment = knownKeys({ environments: { daily: { unknown: 1 } } });
  assert.deepEqual(general, Object.keys(schema.properties));
  assert.deepEqual(ofEnvironment, Object.keys(schema.$defs.environment.properties));
  assert.deepEqual(
    knownKeys({ environments: { unknown: {} } }),
    Object.keys(schema.properties['environments']?.properties ?? {}),
  );
  for (const key of [...general, ...ofEnvironment].filter(
    (name) => !['$schema', 'environments'].includes(name),
  )) {
    assert.ok(page.includes(`| \`${key}\` |`), `docs/configuration.md says nothing of ${key}`);
  }
});
