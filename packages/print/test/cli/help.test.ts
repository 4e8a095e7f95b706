import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, suite, test } from 'node:test';
import { done, type Ended, filesUnder, newFolder, packageFile, run } from './running.ts';

const exampleLines = (text: string): string[] =>
  text
    .split('\n')
    .flatMap(
      (line) =>
        /^\s*(?:npx )?cardwright-print ([a-z-]+ +(?:sample:|out\/|-|[a-z]).*)$/.exec(line)?.slice(1) ?? [],
    );
const argsOf = (example: string): string[] => example.split(/ +/);
const outOf = (args: readonly string[]): string | undefined => args[args.indexOf('--out') + 1];

suite('help', () => {
  let help: string;
  let examples: string[];
  before(async () => {
    help = done(await run(['--help'], newFolder()));
    examples = exampleLines(help);
  });

  test('shows examples that work as they stand in an empty folder and leave what they say', async () => {
    const folder = newFolder();
    const makers = new Map<string, Promise<Ended>>();
    const runs = examples.map((example) => {
      const args = argsOf(example);
      const needed = [...makers].filter(([out]) =>
        args.some((arg) => arg === out || arg.startsWith(`${out}/`)),
      );
      const ended = Promise.all(needed.map(([, made]) => made)).then(() => run(args, folder));
      if (args.includes('--out')) makers.set(outOf(args)!, ended);
      return ended;
    });
    for (const [index, ended] of (await Promise.all(runs)).entries()) {
      assert.deepEqual([ended.code, ended.stderr], [0, ''], examples[index]);
      assert.notEqual(ended.stdout, '');
    }
    const runFiles = ['0001-print.pdf', 'manifest.json', 'places.csv'];
    assert.deepEqual(filesUnder(folder), [
      'out/back.png',
      'out/box.pdf',
      'out/cards.xlsx',
      ...runFiles.map((name) => `out/cards/${name}`),
      'out/perso/cards.csv',
      ...runFiles.map((name) => `out/proof/${name}`),
      ...runFiles.map((name) => `out/remake/${name}`),
      ...runFiles.map((name) => `out/sheets/${name}`),
    ]);
  });

  test('has an example for every command, and each command shows its own', async () => {
    const list = help.slice(help.indexOf('Commands:'), help.indexOf('可直接运行'));
    const commands = [...list.matchAll(/^ {2}([a-z][a-z-]*) /gm)].map(([, name]) => name!);
    assert.deepEqual(
      new Set(examples.map((example) => argsOf(example)[0])),
      new Set(commands.filter((name) => name !== 'help')),
    );
    for (const name of ['impose', 'perso-verify'])
      assert.deepEqual(
        exampleLines(done(await run([name, '--help'], newFolder()))),
        examples.filter((example) => argsOf(example)[0] === name),
      );
  });

  test('agrees with the README', () => {
    const shown = exampleLines(readFileSync(packageFile('README.md'), 'utf8'));
    assert.ok(shown.length > 5);
    const words = new Set(examples.map((example) => argsOf(example).join(' ')));
    for (const line of shown) assert.ok(words.has(argsOf(line).join(' ')), line);
  });

  test('is what a call without a command gets, as wrong usage', async () => {
    const { code, stdout, stderr } = await run([], newFolder());
    assert.deepEqual({ code, stdout }, { code: 2, stdout: '' });
    assert.match(stderr, /^Usage: cardwright-print/);
  });
});
