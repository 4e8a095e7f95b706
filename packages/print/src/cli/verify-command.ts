import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { verifyManifest } from '../imposition/verify.ts';
import { refusedAt } from '../refusal.ts';
import { manifestName } from '../run/resume.ts';
import { inputUnreadable } from './inputs.ts';

interface VerifyFlags {
  readonly json?: boolean;
}

export function addVerifyCommand(program: Command): void {
  program
    .command('verify')
    .description(
      '核验 · check the files of a run against its manifest: hashes, sizes, counts, place of every record',
    )
    .argument('<manifest>', 'manifest.json, or the folder that holds it')
    .option('--json', '以 JSON 输出 print what differs as JSON')
    .action(verify);
}

async function verify(given: string, { json }: VerifyFlags): Promise<void> {
  const path = (await isFolder(given)) ? join(given, manifestName) : given;
  const problems = await problemsOf(path);
  if (json === true) process.stdout.write(`${JSON.stringify({ manifestPath: path, problems })}\n`);
  else if (problems.length === 0) process.stdout.write(`完好 whole: ${path}\n`);
  else
    for (const { file, what, next } of problems)
      process.stdout.write(`${file === undefined ? '' : `${file}: `}${what}\n  ${next}\n`);
  if (problems.length > 0) process.exitCode = 1;
}

async function problemsOf(path: string): ReturnType<typeof verifyManifest> {
  try {
    return await verifyManifest(path);
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) throw inputUnreadable(path, error);
    throw refusedAt(error, { file: path });
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}
