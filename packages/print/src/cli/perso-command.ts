import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { openWholeFile, removeLeftParts } from '../file/whole-file.ts';
import { persoFileName } from '../perso/file-name.ts';
import { type PressKey, readPressKey } from '../perso/press-key.ts';
import { lockProfile, type PersoProfile, parsePersoProfile } from '../perso/profile.ts';
import { type PersoSummary, writePerso } from '../perso/write.ts';
import type { RecordSource } from '../records/record.ts';
import { Refusal } from '../refusal.ts';
import { type RecordFlags, readInput, readJson, readRecords } from './inputs.ts';
import { withRecordOptions } from './print-commands.ts';
import { formatBytes, formatCount, formatSeconds, Progress } from './progress.ts';

interface PersoFlags extends RecordFlags {
  readonly profile: string;
  readonly out: string;
  readonly id: string;
  readonly encryptTo?: string;
  readonly unencrypted?: boolean;
  readonly json?: boolean;
}

export function addPersoCommands(program: Command, now: () => Date): void {
  withRecordOptions(
    program.command('perso').description('个人化数据文件 A file for the perso line, by a profile'),
  )
    .requiredOption('--profile <file>', '格式档案 profile: a JSON file, or sample:line-csv')
    .requiredOption('--out <folder>', 'folder for the file')
    .option('--id <name>', 'name of the file without ending: letters, digits, - and _', 'cards')
    .option('--encrypt-to <file>', '印刷方公钥 the press’s public key: an age recipient or an OpenPGP key')
    .option('--unencrypted', 'write secrets in the clear, which no press should ask for')
    .option('--json', 'print the summary as JSON')
    .action((flags: PersoFlags) => writeFile(flags, now()));
  program
    .command('perso-lock')
    .description('锁定格式档案 Print a profile with its lock: changed later, it is refused')
    .argument('<profile>')
    .action((file: string) => {
      const { profile } = lockProfile(parsePersoProfile(readJson(file, 'perso').json));
      process.stdout.write(`${JSON.stringify(profile, null, 2)}\n`);
    });
}

async function writeFile(flags: PersoFlags, today: Date): Promise<void> {
  const profile = parsePersoProfile(readJson(flags.profile, 'perso').json);
  const pressKey =
    flags.encryptTo === undefined ? undefined : await readPressKey(readInput(flags.encryptTo), today);
  const name = nameOf(flags.id, profile, pressKey);
  const progress = new Progress();
  const source = counted(await readRecords(flags, secretColumnsOf(profile)), progress);
  await mkdir(flags.out, { recursive: true, mode: 0o700 });
  await removeLeftParts(flags.out);
  const startedAtMs = performance.now();
  const file = await openWholeFile(join(flags.out, name));
  try {
    const summary = await writePerso(source, profile, file, {
      ...(pressKey !== undefined && { pressKey }),
      ...(flags.unencrypted === true && { unencrypted: true }),
    });
    await file.commit();
    progress.end();
    tellSummary(summary, file.path, (performance.now() - startedAtMs) / 1000, flags.json === true);
  } finally {
    progress.end();
    await file.abort();
  }
}

function secretColumnsOf({ columns }: PersoProfile): string[] {
  return Object.entries(columns).flatMap(([name, { secret }]) => (secret === true ? [name] : []));
}

function nameOf(id: string, profile: PersoProfile, pressKey: PressKey | undefined): string {
  try {
    return persoFileName(id, profile, pressKey);
  } catch {
    throw new Refusal('option-unknown', `--id ${JSON.stringify(id.slice(0, 40))}: letters, digits, - and _`);
  }
}

function counted(source: RecordSource, progress: Progress): RecordSource {
  return {
    ...source,
    async *batches() {
      let records = 0;
      for await (const rows of source.batches()) {
        records += rows.length;
        progress.tell('写入 writing records', records, source.count);
        yield rows;
      }
    },
  };
}

function tellSummary(summary: PersoSummary, path: string, seconds: number, asJson: boolean): void {
  if (asJson) {
    process.stdout.write(`${JSON.stringify({ path, seconds, ...summary })}\n`);
    return;
  }
  const { records, bundles, profile, file, encryptedTo } = summary;
  const lock = profile.isLocked ? '已锁定 locked' : '未锁定 not locked';
  const lines = [
    `${formatCount(records)} 条记录 records${bundles === undefined ? '' : `, ${formatCount(bundles)} 扎 bundles`}`,
    `格式 profile ${profile.name} (${lock}) sha256 ${profile.sha256}`,
    encryptedTo === undefined
      ? '未加密 not encrypted'
      : `加密给 encrypted to ${encryptedTo.kind} ${encryptedTo.fingerprint}`,
    `${path} ${formatBytes(file.bytes)} sha256 ${file.sha256}`,
    `${formatSeconds(seconds)}, ${formatCount(Math.round(records / seconds))} records/s`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}
