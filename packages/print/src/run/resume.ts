import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sealOf } from '../file/file-seal.ts';
import { type ManifestFile, parseManifest, planOf, type RunManifest } from '../imposition/manifest.ts';
import { fileAt, type RunPlan } from '../imposition/plan.ts';
import { Refusal, refusedAt } from '../refusal.ts';

export const manifestName = 'manifest.json';

/** The manifest that an earlier run left in this folder. Throws `manifest-malformed` for one that cannot be read. */
export async function formerManifest(folder: string): Promise<RunManifest | undefined> {
  try {
    return parseManifest(await readFile(join(folder, manifestName), 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw refusedAt(error, { file: join(folder, manifestName) });
  }
}

/**
 * The files of the earlier run that are still as its manifest says, block by block from the first, all parts of each.
 * Throws `run-folder-taken` where that was another run.
 */
export async function filesDone(
  folder: string,
  former: RunManifest,
  planned: RunManifest,
  parts: readonly string[],
): Promise<ManifestFile[]> {
  for (const key of ['jobName', 'layoutSha256', 'pressSha256', 'source', 'sheet'] as const) {
    if (JSON.stringify(former[key]) !== JSON.stringify(planned[key]))
      throw new Refusal('run-folder-taken', `it was made with another ${key.replace('Sha256', '')}`, {
        file: folder,
      });
  }
  const plan = planOf(planned);
  const done: ManifestFile[] = [];
  for (const [index, file] of former.files.entries()) {
    const isPlanned =
      file.part === parts[index % parts.length] && isOfPlan(file, plan, Math.floor(index / parts.length));
    if (!isPlanned || !(await isWhole(folder, file))) break;
    done.push(file);
  }
  return done.slice(0, done.length - (done.length % parts.length));
}

function isOfPlan(file: ManifestFile, plan: RunPlan, index: number): boolean {
  if (index >= plan.fileCount || file.fileNo !== index + 1) return false;
  const planned = fileAt(plan, index);
  return file.sheets === planned.sheets && file.records === planned.records && file.voids === planned.voids;
}

async function isWhole(folder: string, file: ManifestFile): Promise<boolean> {
  try {
    const seal = await sealOf(join(folder, file.name));
    return seal.sha256 === file.sha256 && seal.bytes === file.bytes;
  } catch {
    return false;
  }
}
