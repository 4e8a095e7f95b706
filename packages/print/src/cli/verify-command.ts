import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { verifyManifest } from '../imposition/verify.ts';
import { parsePersoProfile } from '../perso/profile.ts';
import { readPerso } from '../perso/read.ts';
import { manifestName } from '../run/resume.ts';
import { readJson } from './inputs.ts';
import { formatCount } from './progress.ts';

export function addVerifyCommands(program: Command): void {
  program
    .command('verify')
    .description(
      '核验 Check the files of a run against its manifest: hashes, sizes, counts, place of every record',
    )
    .argument('<manifest>', 'manifest.json, or the folder that holds it')
    .action(verify);
  program
    .command('perso-verify')
    .description('核验个人化文件 Check a plain personalisation file against its profile')
    .argument('<file>')
    .requiredOption('--profile <file>', 'the profile that it was written by')
    .action(async (file: string, { profile }: { profile: string }) => {
      const { records, fieldsByWidth } = await readPerso(
        createReadStream(file),
        parsePersoProfile(readJson(profile, 'perso').json),
      );
      const byWidth =
        fieldsByWidth.length === 0 ? '' : `; 仅核对宽度 by width only: ${fieldsByWidth.join(', ')}`;
      process.stdout.write(`完好 whole: ${formatCount(records)} records${byWidth}\n`);
    });
}

async function verify(given: string): Promise<void> {
  const path = (await isFolder(given)) ? join(given, manifestName) : given;
  const problems = await verifyManifest(path);
  for (const { file, what, next } of problems)
    process.stdout.write(`${file === undefined ? '' : `${file}: `}${what}\n  ${next}\n`);
  if (problems.length === 0) process.stdout.write(`完好 whole: ${path}\n`);
  else process.exitCode = 1;
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}
