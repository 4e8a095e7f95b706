import { createReadStream, existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { persoFileName } from '../perso/file-name.ts';
import { leastMatchSecretBytes } from '../perso/match-key.ts';
import type { PressKey } from '../perso/press-key.ts';
import { lockProfile } from '../perso/profile.ts';
import { type PersoCheck, readPerso } from '../perso/read.ts';
import { type PersoSummary, writePerso } from '../perso/write.ts';
import { Refusal, refusedAt } from '../refusal.ts';
import { inputUnreadable, readInput, readProfile, readRecords } from './inputs.ts';
import { interruptible } from './interruption.ts';
import { type RecordFlags, wholeNumber, withRecordOptions } from './options.ts';
import { writeOutput } from './outputs.ts';
import { counted, formatBytes, rateLine } from './progress.ts';
import { watched } from './watched.ts';

interface PersoFlags extends RecordFlags {
  readonly profile: string;
  readonly out: string;
  readonly id: string;
  readonly encryptTo?: string;
  readonly unencrypted?: true;
  readonly matchSecret?: string;
  readonly firstNo?: number;
  readonly json?: boolean;
}

export function addPersoCommands(program: Command, now: () => Date): void {
  withRecordOptions(
    program.command('perso').description('个人化数据文件 · a file for the perso line, by a profile'),
  )
    .requiredOption('--profile <file>', '格式档案 profile: a JSON file, or sample:line-csv')
    .requiredOption('--out <folder>', '输出文件夹 folder for the file')
    .option('--id <name>', '文件名 name of the file without ending', plainName, 'cards')
    .option(
      '--encrypt-to <key>',
      '印刷方公钥 the press’s public key: age1…, or a file with an age or OpenPGP key',
    )
    .addOption(
      new Option('--unencrypted', '明文 write secrets in the clear, which no press should ask for').conflicts(
        'encryptTo',
      ),
    )
    .addOption(matchSecretOption())
    .option('--first-no <n>', '起始序号 where sequences begin, if not at 1', wholeNumber(1, 4_294_967_295))
    .option('--json', '以 JSON 输出 print the summary as JSON')
    .action((flags: PersoFlags) => writeFile(flags, now()));
  program
    .command('perso-verify')
    .description('核验个人化文件 · check a plain personalisation file against its profile')
    .argument('<file>', 'the file; - reads what another program decrypts')
    .requiredOption('--profile <file>', '格式档案 the profile that it was written by')
    .addOption(matchSecretOption())
    .option('--first-no <n>', '起始序号 where sequences begin, if not at 1', wholeNumber(1, 4_294_967_295))
    .option('--json', '以 JSON 输出 print the result as JSON')
    .action(verifyFile);
  program
    .command('perso-lock')
    .description('锁定格式档案 · print a profile with its lock: changed later, it is refused')
    .argument('<profile>', 'a JSON file, or sample:line-csv')
    .action((file: string) => {
      const { profile } = lockProfile(readProfile(file));
      process.stdout.write(`${JSON.stringify(profile, null, 2)}\n`);
    });
}

function matchSecretOption(): Option {
  const digits = 2 * leastMatchSecretBytes;
  return new Option(
    '--match-secret <file>',
    `匹配码密钥 file with the secret of match keys: hexadecimal, at least ${digits} digits`,
  );
}

function plainName(name: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/.test(name)) return name;
  throw new InvalidArgumentError('letters, digits, - and _, at most 100.');
}

async function writeFile(flags: PersoFlags, today: Date): Promise<void> {
  const profile = readProfile(flags.profile);
  const pressKey = await pressKeyOf(flags.encryptTo, today);
  const path = join(flags.out, persoFileName(flags.id, profile, pressKey));
  const source = await readRecords(flags, profile.columns);
  const options = {
    ...fieldSettings(flags),
    ...(pressKey !== undefined && { pressKey }),
    ...(flags.unencrypted === true && { unencrypted: flags.unencrypted }),
  };
  const startedAtMs = performance.now();
  const summary = await interruptible('file-interrupted', path, (signal) =>
    watched(source, signal, (records) =>
      writeOutput(path, (file) => writePerso(records, profile, file, options)),
    ),
  );
  const seconds = (performance.now() - startedAtMs) / 1000;
  process.stdout.write(
    flags.json === true
      ? `${JSON.stringify({ path, seconds, ...summary })}\n`
      : `${summaryLines(summary, path, seconds).join('\n')}\n`,
  );
}

/** A private key given by mistake must not be repeated as the name of a file that is not there. */
async function pressKeyOf(given: string | undefined, today: Date): Promise<PressKey | undefined> {
  if (given === undefined) return undefined;
  const { readPressKey } = await import('../perso/press-key.ts');
  const isKeyItself = /^(?:age1|AGE-)/i.test(given) && !existsSync(given);
  if (isKeyItself) return readPressKey(given, today);
  try {
    return await readPressKey(readInput(given), today);
  } catch (error) {
    throw refusedAt(error, { file: given });
  }
}

function fieldSettings({ matchSecret, firstNo }: Pick<PersoFlags, 'matchSecret' | 'firstNo'>) {
  return {
    ...(matchSecret !== undefined && { matchSecret: readMatchSecret(matchSecret) }),
    ...(firstNo !== undefined && { firstRecordNo: firstNo }),
  };
}

function readMatchSecret(path: string): Buffer {
  const digits = readInput(path).toString('latin1').trim();
  if (/^(?:[0-9a-f]{2})+$/i.test(digits)) return Buffer.from(digits, 'hex');
  throw new Refusal('perso-match-secret-malformed', 'not an even number of hexadecimal digits', {
    file: path,
  });
}

function summaryLines(
  { records, bundles, profile, file, encryptedTo }: PersoSummary,
  path: string,
  seconds: number,
): string[] {
  const lock = profile.isLocked ? '已锁定 locked' : '未锁定 not locked';
  return [
    countLine(records, bundles),
    `格式 profile ${profile.name} (${lock}), sha256 ${profile.sha256}`,
    encryptedTo === undefined
      ? '未加密 not encrypted'
      : `已加密 encrypted to ${encryptedTo.kind} ${encryptedTo.fingerprint}`,
    `${path} ${formatBytes(file.bytes)}, sha256 ${file.sha256}`,
    rateLine(records, 'records', seconds),
  ];
}

function countLine(records: number, bundles: number | undefined): string {
  const inBundles = bundles === undefined ? '' : `, ${counted(bundles, '扎', 'bundle')}`;
  return `${counted(records, '条记录', 'record')}${inBundles}`;
}

interface CheckFlags extends Pick<PersoFlags, 'matchSecret' | 'firstNo' | 'json'> {
  readonly profile: string;
}

async function verifyFile(file: string, flags: CheckFlags): Promise<void> {
  const profile = readProfile(flags.profile);
  const pieces: AsyncIterable<Buffer> = file === '-' ? process.stdin : createReadStream(file);
  const check = await readPerso(pieces, profile, fieldSettings(flags)).catch((error: unknown) => {
    throw error instanceof Refusal ? refusedAt(error, { file }) : inputError(file, error);
  });
  process.stdout.write(
    flags.json === true ? `${JSON.stringify(check)}\n` : `${checkLines(check).join('\n')}\n`,
  );
}

function inputError(file: string, error: unknown): unknown {
  return error instanceof Error && 'syscall' in error ? inputUnreadable(file, error) : error;
}

function checkLines({ records, bundles, done, fieldsByWidth }: PersoCheck): string[] {
  return [
    `完好 whole: ${countLine(records, bundles)}`,
    ...(done === 0 ? [] : [`已制 marked as made: ${done}`]),
    ...(fieldsByWidth.length === 0 ? [] : [`仅核对宽度 checked by width only: ${fieldsByWidth.join(', ')}`]),
  ];
}
