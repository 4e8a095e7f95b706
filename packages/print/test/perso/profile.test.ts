import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  lockProfile,
  type PersoProfile,
  parsePersoProfile,
  parsePersoProfileText,
} from '../../src/perso/profile.ts';
import { persoProfileSchema } from '../../src/perso/schema.ts';
import { refusalOf } from './given.ts';

const folder = join(import.meta.dirname, '../..');
const samples = ['line-csv', 'line-fixed-gb18030', 'line-jsonl'];
const textOf = (sample: string): string =>
  readFileSync(join(folder, 'samples/perso', `${sample}.json`), 'utf8');
type Json = Record<string, unknown> & { fields: Record<string, unknown>[] };
const sampleJson = (sample = 'line-csv'): Json => JSON.parse(textOf(sample));

test('the committed JSON schema is the one that profiles are checked with', () => {
  const { $schema, ...committed } = JSON.parse(readFileSync(join(folder, 'schema/perso-1.json'), 'utf8'));
  assert.equal($schema, 'https://json-schema.org/draft/2020-12/schema');
  assert.deepEqual(committed, JSON.parse(JSON.stringify(persoProfileSchema)));
});

for (const sample of samples) {
  test(`sample ${sample} is a profile, and can be locked`, () => {
    const profile = parsePersoProfileText(textOf(sample));
    assert.equal(profile.name, sample);
    const locked = lockProfile(profile);
    assert.equal(locked.profile.lock, locked.sha256);
    assert.equal(lockProfile(locked.profile).sha256, locked.sha256, 'a lock is no part of what it locks');
  });
}

test('the lock does not depend on the order of keys', () => {
  const json = sampleJson();
  const turned = Object.fromEntries(Object.entries(json).reverse());
  assert.equal(lockProfile(parsePersoProfile(json)).sha256, lockProfile(parsePersoProfile(turned)).sha256);
});

test('any change of a locked profile is refused', () => {
  const locked = JSON.stringify(lockProfile(parsePersoProfile(sampleJson())).profile);
  const changes: ((json: Json) => void)[] = [
    (json) => (json['name'] = 'other'),
    (json) => json.fields.pop(),
    (json) => json.fields.reverse(),
    (json) => delete json['byteOrderMark'],
    (json) => (json['bundle'] = { size: 101 }),
    (json) => ((json['columns'] as Json)['password'] = {}),
    (json) => (json['lock'] = '0'.repeat(64)),
  ];
  for (const change of changes) {
    const json = JSON.parse(locked);
    change(json);
    assert.throws(() => parsePersoProfile(json), refusalOf('perso-profile-changed', 'lock'));
  }
  parsePersoProfileText(locked);
});

test('a checked profile can no longer be changed', () => {
  const profile = parsePersoProfile(sampleJson()) as { -readonly [K in keyof PersoProfile]: PersoProfile[K] };
  assert.throws(() => (profile.name = 'other'), TypeError);
  assert.throws(() => Object.assign(profile.columns['password'] as object, { secret: false }), TypeError);
});

const mistakes: readonly [string, string, (json: Json) => void][] = [
  ['version', 'a later version', (json) => (json['version'] = 2)],
  ['', 'an unknown setting', (json) => (json['delimiter'] = ';')],
  ['fields[1]', 'a field without its value', (json) => delete json.fields[1]?.['value']],
  [
    'fields[1]',
    'an unknown setting of a field',
    (json) => Object.assign(json.fields[1] ?? {}, { align: 'left' }),
  ],
  ['fields[1].from', 'an unknown kind', (json) => Object.assign(json.fields[1] ?? {}, { from: 'column' })],
  ['fields[0].width', 'a width of nothing', (json) => Object.assign(json.fields[0] ?? {}, { width: 0 })],
  [
    'fields[1].value',
    'an unlisted column',
    (json) => Object.assign(json.fields[1] ?? {}, { value: '{cardno}' }),
  ],
  ['fields[1].value', 'a lone bracket', (json) => Object.assign(json.fields[1] ?? {}, { value: '{card_no' })],
  [
    'fields[1].value',
    'a line break',
    (json) => Object.assign(json.fields[1] ?? {}, { value: '{card_no}\n' }),
  ],
  ['fields[1].name', 'a name twice', (json) => Object.assign(json.fields[1] ?? {}, { name: 'no' })],
  [
    'fields[1].pad',
    'padding without width',
    (json) => Object.assign(json.fields[1] ?? {}, { pad: { side: 'left', character: ' ' } }),
  ],
  ['widthIn', 'a width of no unit', (json) => delete json['widthIn']],
  ['bundle', 'marks without bundles', (json) => delete json['bundle']],
  ['byteOrderMark', 'GB18030 with a byte order mark', (json) => (json['encoding'] = 'gb18030')],
  ['separator', 'fixed width with a separator', (json) => (json['format'] = 'fixed-width')],
  [
    'totals.sum',
    'a sum of what the file does not show',
    (json) => (json['totals'] = { marker: '#T', sum: 'name' }),
  ],
];
for (const [at, what, change] of mistakes) {
  test(`refused with its path: ${what}`, () => {
    const json = sampleJson();
    change(json);
    assert.throws(
      () => parsePersoProfile(json),
      (error: Error) => refusalOf('perso-profile-malformed', at === '' ? undefined : at)(error),
    );
  });
}

test('JSON lines are UTF-8 without mark and header', () => {
  for (const [setting, value] of [
    ['encoding', 'gb18030'],
    ['byteOrderMark', true],
    ['header', true],
  ] as const) {
    const json = { ...sampleJson('line-jsonl'), [setting]: value };
    assert.throws(() => parsePersoProfile(json), refusalOf('perso-profile-malformed', setting));
  }
});

test('logs, match keys and sums name no secret column', () => {
  const fixed = sampleJson('line-fixed-gb18030');
  Object.assign(fixed.fields[4] ?? {}, { value: '{card_no}{password}' });
  assert.throws(() => parsePersoProfile(fixed), refusalOf('perso-secret-exposed', 'fields[4].value'));
  const csv = sampleJson();
  Object.assign(csv.fields[7] ?? {}, { value: '{qr_url}' });
  assert.throws(() => parsePersoProfile(csv), refusalOf('perso-secret-exposed', 'fields[7].value'));
  Object.assign(csv.fields[7] ?? {}, { value: '{unheard_of}' });
  assert.throws(() => parsePersoProfile(csv), refusalOf('perso-secret-exposed', 'fields[7].value'));
  const summed = { ...sampleJson(), totals: { marker: '#TOTAL', sum: 'password' } };
  assert.throws(() => parsePersoProfile(summed), refusalOf('perso-secret-exposed', 'totals.sum'));
});

test('what is no JSON is refused', () => {
  assert.throws(() => parsePersoProfileText('{'), refusalOf('perso-profile-malformed'));
  for (const json of [null, [], 'x', 7]) {
    assert.throws(() => parsePersoProfile(json), refusalOf('perso-profile-malformed'));
  }
});
