import { userInfo } from 'node:os';
import type { Command } from 'commander';
import type { Pool } from 'pg';
import { showOrders } from '../card-order/overview-store.ts';
import { inTransaction } from '../db/transaction.ts';
import type { House } from '../house.ts';
import type { CardOwner } from '../vault/card-vault.ts';
import { keyUsage } from '../vault/key-usage.ts';
import { rotateVault } from '../vault/rotate.ts';
import { type CertificateSigner, findCertificates, scrub, shredSecrets } from '../vault/shred.ts';
import { type CommandContext, type CommonFlags, withJson } from './context.ts';
import { print, printError, printJson, printTable } from './terminal.ts';

/** `cardwright vault …`. `signerOf` gives the key that signs certificates: the audit log's. */
export function addVaultCommands(
  program: Command,
  { withHouse }: CommandContext,
  signerOf: (house: House) => CertificateSigner,
): void {
  const vault = program.command('vault').description('保险库 · the keys of what is sealed');
  withJson(vault.command('status').description('密钥及其用量 · the keys, and what each wraps')).action(
    (flags: CommonFlags) => withHouse(flags, (house) => vaultStatus(house, flags.json === true)),
  );
  withJson(
    vault
      .command('rotate')
      .description(
        '更换主密钥（不停机）· a new master key; everything is wrapped anew while the product runs',
      )
      .option('--drop-old', '此后移除旧密钥 · afterwards remove the keys that wrap nothing any more'),
  ).action((flags: CommonFlags & { dropOld?: boolean }) =>
    withHouse(flags, (house) =>
      vaultRotate(house, { dropOld: flags.dropOld === true, asJson: flags.json === true }),
    ),
  );
  withJson(
    vault
      .command('shred <order>')
      .description('销毁已结束制卡单的密钥 · destroy the secrets of an order that has ended, for ever')
      .option('--yes', '确认 · do it; without this nothing happens'),
  ).action((id: string, flags: CommonFlags & { yes?: boolean }) =>
    withHouse(flags, (house) => vaultShred(house, signerOf(house), id, flags)),
  );
  withJson(
    vault.command('certificate <order>').description('销毁证明 · the certificates of what was destroyed'),
  ).action((id: string, flags: CommonFlags) =>
    withHouse(flags, ({ pool }) => vaultCertificate(pool, id, flags.json === true)),
  );
}

async function vaultStatus({ pool, vault }: House, asJson: boolean): Promise<number> {
  const usage = await keyUsage(pool);
  const keys = vault.keyIds.map((keyId) => {
    const {
      dataKeys = 0n,
      receivers = 0n,
      oldestDataKeyAt = null,
    } = usage.find((use) => use.keyId === keyId) ?? {};
    return { keyId, isCurrent: keyId === vault.keyId, dataKeys, receivers, oldestDataKeyAt };
  });
  if (asJson) {
    printJson(keys);
    return 0;
  }
  printTable(
    ['密钥 KEY', '当前 CURRENT', '卡密密钥 CARD KEYS', '收货信息 RECEIVERS', '最早 OLDEST'],
    keys.map((key) => [
      key.keyId,
      key.isCurrent ? '是 yes' : '',
      String(key.dataKeys),
      String(key.receivers),
      key.oldestDataKeyAt?.toISOString() ?? '',
    ]),
  );
  return 0;
}

const refusals = {
  busy: '另一次更换正在进行 · another rotation is under way',
  'fixed-ring':
    '密钥来自 vaultKey，程序不能更改 · these keys come from vaultKey (CARDWRIGHT_VAULT_KEY), which the product cannot change: keep them in a file (vaultKeyFile) and rotate there',
  'unknown-order': '没有这个制卡单 · no such order; see: cardwright orders list',
  'not-ended': '制卡单未结束，密钥仍需使用 · the order has not ended, its secrets are needed',
  'nothing-left': '没有可销毁的内容 · there is nothing left to destroy',
} as const;

function refuse(why: keyof typeof refusals): number {
  printError(refusals[why]);
  return 1;
}

async function vaultRotate(
  { pool, vault }: House,
  { dropOld, asJson }: { dropOld: boolean; asJson: boolean },
): Promise<number> {
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  process.once('SIGINT', onSignal);
  process.once('SIGTERM', onSignal);
  try {
    const outcome = await rotateVault(pool, vault, {
      actor: operator(),
      dropOld,
      signal: stop.signal,
      onProgress: ({ dataKeys, receivers }) => {
        if (!asJson) print(`  ${dataKeys} 卡密密钥 card keys, ${receivers} 收货信息 receivers`);
      },
    });
    if (!outcome.ok) return refuse(outcome.why);
    if (asJson) printJson(outcome);
    else {
      const done = outcome.stopped
        ? '已中断，再次运行即继续 · stopped; run it again to go on'
        : '完成 · done';
      const key = outcome.addedKey ? '新密钥 new key' : '当前密钥 current key';
      print(`${done}: ${key} ${outcome.keyId}, ${outcome.dataKeys} + ${outcome.receivers}`);
      if (outcome.dropped.length > 0) print(`已移除 · removed: ${outcome.dropped.join(', ')}`);
      if (outcome.unopened > 0)
        print(`无法打开，保持原状 · do not open, left as they are: ${outcome.unopened}`);
    }
    return outcome.stopped || outcome.unopened > 0 ? 1 : 0;
  } finally {
    process.removeListener('SIGINT', onSignal);
    process.removeListener('SIGTERM', onSignal);
  }
}

async function vaultShred(
  { pool }: House,
  signer: CertificateSigner,
  id: string,
  flags: CommonFlags & { yes?: boolean },
): Promise<number> {
  const owner = await findOwner(pool, id);
  if (typeof owner === 'string') return refuseOwner(owner);
  if (flags.yes !== true) {
    printError('销毁后无法恢复，确认请加 --yes · nobody can undo this: add --yes to do it');
    return 1;
  }
  const outcome = await inTransaction(pool, (client) =>
    shredSecrets(client, signer, owner, { actor: operator(), reason: 'by hand' }),
  );
  if (!outcome.ok) return refuse(outcome.why);
  if (!(await scrub(pool)))
    printError(
      '表被占用，旧数据稍后清理 · a table was in use: old row versions are cleaned up by the next shredding',
    );
  return vaultCertificate(pool, id, flags.json === true);
}

async function vaultCertificate(pool: Pool, id: string, asJson: boolean): Promise<number> {
  const owner = await findOwner(pool, id);
  if (typeof owner === 'string') return refuseOwner(owner);
  const certificates = (await findCertificates(pool, owner)).map(({ signature, ...certificate }) => ({
    ...certificate,
    signature: signature.toString('base64'),
  }));
  if (asJson) printJson(certificates);
  else if (certificates.length === 0)
    print('没有销毁证明 · no certificate: nothing of this order was destroyed');
  else
    for (const { content, keyId, signature, scrubbedAt } of certificates)
      print(
        `${content}\n  签名 signed by ${keyId}: ${signature}\n  旧数据清理 old row versions given up: ${scrubbedAt?.toISOString() ?? '尚未 not yet'}\n`,
      );
  return certificates.length === 0 ? 1 : 0;
}

function refuseOwner(why: 'unknown-order' | 'ambiguous'): number {
  if (why === 'unknown-order') return refuse(why);
  printError('多个环境有此编号，请用本厂单号 · several environments have this id: give our number (CW…)');
  return 1;
}

async function findOwner(pool: Pool, id: string): Promise<CardOwner | 'unknown-order' | 'ambiguous'> {
  const [order, second] = await showOrders(pool, id);
  if (order === undefined) return 'unknown-order';
  if (second !== undefined) return 'ambiguous';
  return { environment: order.environment, cardOrderId: BigInt(order.cardOrderId) };
}

/** Who sits at the terminal, for the audit log. */
const operator = (): string => `cli:${userInfo().username}`;
