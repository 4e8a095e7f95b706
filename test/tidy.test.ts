import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { test } from 'node:test';

/** The rules of the house, as tests: lengths, import directions, doors to clock, environment and console. */
const root = join(import.meta.dirname, '..');
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.ts'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && existsSync(join(root, file)));
const sources = files.filter((file) => /^packages\/[^/]+\/src\//.test(file));
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

/** Lower rooms may not import from higher ones; a room may import from its own level and below. */
const serverLevels: Readonly<Record<string, number>> = {
  'main.ts': 6,
  cli: 6,
  'house.ts': 5,
  gateway: 4,
  jobs: 4,
  'card-order': 3,
  template: 3,
  vault: 2,
  audit: 2,
  platform: 2,
  dispatch: 3,
  alarm: 2,
  personalisation: 3,
  db: 1,
  'config.ts': 0,
  'work.ts': 0,
  'failpoint.ts': 0,
  'log.ts': 0,
  'data-dir.ts': 0,
  'secret-file.ts': 0,
};
const topLevels: Readonly<Record<string, number>> = {
  'index.ts': 5,
  api: 4,
  family: 3,
  spi: 2,
  schema: 2,
  json: 1,
  xml: 1,
  wire: 1,
};
const printLevels: Readonly<Record<string, number>> = {
  'index.ts': 8,
  cli: 7,
  run: 6,
  paper: 5,
  perso: 5,
  imposition: 4,
  layout: 4,
  pdf: 3,
  press: 3,
  image: 2,
  font: 2,
  code: 2,
  draw: 2,
  records: 2,
  file: 1,
  json: 1,
  'refusal.ts': 0,
  'refusals.ts': 0,
  refusals: 0,
};

const roomOf = (file: string): string => file.split('/')[3] ?? '';
const importsOf = (file: string): string[] =>
  [...read(file).matchAll(/(?:from|import)\s+'([^']+)'/g)].map((match) => match[1] ?? '');

function importedRooms(file: string): string[] {
  return importsOf(file)
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => roomOf(normalize(join(dirname(file), specifier))));
}

for (const [packageName, levels] of [
  ['server', serverLevels],
  ['top', topLevels],
  ['print', printLevels],
] as const) {
  test(`imports in ${packageName} run one way`, () => {
    const wrong: string[] = [];
    for (const file of sources.filter((source) => source.startsWith(`packages/${packageName}/`))) {
      const own = levels[roomOf(file)];
      assert.notEqual(own, undefined, `${file}: ${roomOf(file)} is a new room: give it a level`);
      for (const room of importedRooms(file)) {
        if ((levels[room] ?? 99) > (own ?? 0)) wrong.push(`${file} imports from ${room}`);
      }
    }
    assert.deepEqual(wrong, []);
  });
}

test('packages reach each other through their exports, and only downwards', () => {
  const allowed: Readonly<Record<string, readonly string[]>> = {
    top: [],
    print: [],
    sandbox: ['@cardwright/top'],
    server: ['@cardwright/print', '@cardwright/top'],
  };
  const wrong: string[] = [];
  for (const file of sources) {
    const packageName = file.split('/')[1] ?? '';
    for (const specifier of importsOf(file)) {
      if (specifier.startsWith('@cardwright/') && !allowed[packageName]?.includes(specifier))
        wrong.push(`${file}: ${specifier}`);
      if (specifier.startsWith('.')) {
        const target = relative(`packages/${packageName}/src`, normalize(join(dirname(file), specifier)));
        if (target.startsWith('..')) wrong.push(`${file}: ${specifier}`);
      }
    }
  }
  assert.deepEqual(wrong, []);
});

test('files stay under 400 lines', () => {
  const long = files.filter((file) => read(file).split('\n').length > 401);
  assert.deepEqual(long, []);
});

test('the environment is read only where it is meant to be', () => {
  const doors =
    /^packages\/(?:server\/src\/(?:main\.ts|cli\/sandbox-process\.ts)|sandbox\/src\/(?:main\.ts|cli\/.*))$/;
  const wrong = sources.filter((file) => /process\.env\b/.test(read(file)) && !doors.test(file));
  assert.deepEqual(wrong, []);
});

test('no leftovers', () => {
  const marks = new RegExp(
    `\\b(?:TO${'DO'}|FIX${'ME'}|XX${'X'}|HA${'CK'})\\b|@ts-ig${'nore'}|export defau${'lt'}`,
  );
  const wrong = files.filter((file) => marks.test(read(file)));
  assert.deepEqual(wrong, []);
});
