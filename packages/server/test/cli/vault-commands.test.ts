import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Command } from 'commander';
import type { CommandContext } from '../../src/cli/context.ts';
import { addVaultCommands } from '../../src/cli/vault-commands.ts';
import type { House } from '../../src/house.ts';
import { testDatabase } from '../postgres.ts';
import { fileVault, scratchFolder, someCards, storeCards, storeOrder } from '../vault/fixture.ts';

const owner = (id: number) => ({ environment: 'daily', cardOrderId: BigInt(id) }) as const;
const signer = { sign: () => ({ keyId: 'test-key', signature: Buffer.from('signed') }) };

/** Runs a command in this process; answers its exit code and what it printed. */
async function cli(
  t: TestContext,
  house: Pick<House, 'pool' | 'vault'>,
  ...words: string[]
): Promise<{ code: number; out: string }> {
  let [code, out] = [-1, ''];
  const program = new Command('cardwright').exitOverride();
  const context = {
    withHouse: async (_flags: unknown, work: (house: House) => Promise<number>) => {
      code = await work(house as House);
    },
  } as Pick<CommandContext, 'withHouse'> as CommandContext;
  addVaultCommands(program, context, () => signer);
  const keep = (chunk: unknown): boolean => {
    out += String(chunk);
    return true;
  };
  const mocks = [t.mock.method(process.stdout, 'write', keep), t.mock.method(process.stderr, 'write', keep)];
  try {
    await program.parseAsync(['vault', ...words], { from: 'user' });
  } finally {
    for (const mock of mocks) mock.mock.restore();
  }
  return { code, out };
}

test('vault status, rotate, shred and certificate', async (t) => {
  const { pool } = await testDatabase(t);
  const vault = await fileVault(join(scratchFolder(t), 'vault.key'));
  const house = { pool, vault };
  await storeOrder(pool, vault, owner(1), 'cancelled');
  await storeCards(pool, vault, owner(1), 1, someCards(2));
  await storeOrder(pool, vault, owner(2));

  const status = JSON.parse((await cli(t, house, 'status', '--json')).out) as Record<string, unknown>[];
  assert.deepEqual(
    status.map(({ oldestDataKeyAt, ...key }) => [key, typeof oldestDataKeyAt]),
    [[{ keyId: vault.keyId, isCurrent: true, dataKeys: '1', receivers: '2' }, 'string']],
  );
  const oldKey = vault.keyId;
  const rotated = await cli(t, house, 'rotate', '--drop-old');
  assert.equal(rotated.code, 0, rotated.out);
  assert.ok(rotated.out.includes(`removed: ${oldKey}`));
  assert.ok((await cli(t, house, 'status')).out.includes(vault.keyId));

  assert.deepEqual((await cli(t, house, 'certificate', '1')).code, 1);
  const unsure = await cli(t, house, 'shred', '1');
  assert.deepEqual([unsure.code, unsure.out.includes('--yes')], [1, true]);
  assert.match((await cli(t, house, 'shred', '2', '--yes')).out, /has not ended/);
  assert.match((await cli(t, house, 'shred', '99', '--yes')).out, /no such order/);
  const shredded = await cli(t, house, 'shred', '1', '--yes', '--json');
  assert.equal(shredded.code, 0);
  const certificates = JSON.parse(shredded.out) as { class: string; signature: string }[];
  assert.deepEqual(
    certificates.map((certificate) => [certificate.class, certificate.signature]),
    [
      ['card', Buffer.from('signed').toString('base64')],
      ['receiver', Buffer.from('signed').toString('base64')],
    ],
  );
  assert.match((await cli(t, house, 'certificate', '1')).out, /signed by test-key/);
  assert.match((await cli(t, house, 'shred', '1', '--yes')).out, /nothing left/);
});
