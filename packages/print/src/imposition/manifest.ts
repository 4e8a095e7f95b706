import { type Static, type TObject, type TProperties, Type } from 'typebox';
import { Value } from 'typebox/value';
import { mostTelling, pathOf, reasonOf } from '../json/schema-fault.ts';
import { parseJsonText } from '../json/text.ts';
import { unsafeCharacter } from '../records/safe-text.ts';
import { Refusal } from '../refusal.ts';
import { planRun, type RunPlan } from './plan.ts';

const record = <P extends TProperties>(properties: P): TObject<P> =>
  Type.Object(properties, { additionalProperties: false });
/** With at most 10^4 cards on a sheet and 10^7 sheets in a file, everything computed of them is exact. */
const whole = (minimum: number, maximum = 1_000_000_000_000) => Type.Integer({ minimum, maximum });
const sha256 = Type.String({ pattern: '^[0-9a-f]{64}$' });
const longestJobName = 200;
/** Beside the manifest, nowhere else: a name cannot lead out of its folder. */
const fileName = Type.String({ pattern: '^[^./\\\\\\p{C}][^/\\\\\\p{C}]*$', maxLength: 255 });

const sealedFile = { name: fileName, sha256, bytes: whole(0) };

const manifestFile = record({
  ...sealedFile,
  /** Which block of the run's sheets, from 1. Files of several parts may hold one block. */
  fileNo: whole(1),
  /** `print`, or the separate layer that this file holds. */
  part: Type.String({ minLength: 1, maxLength: 64 }),
  sheets: whole(1),
  records: whole(1),
  voids: whole(0),
  firstRecordNo: whole(1),
  lastRecordNo: whole(1),
});

/**
 * What a run printed, version 1. It holds no value of any field. `status` is `running` until all files are whole: a run
 * that was stopped goes on after the last file listed.
 * Totals are those of the plan, so that they stand from the first file on; `totals.files` counts the files of all parts.
 */
export const manifestSchema = record({
  version: Type.Literal(1),
  kind: Type.Literal('cardwright-print-run'),
  status: Type.Union([Type.Literal('running'), Type.Literal('complete')]),
  jobName: Type.String({ minLength: 1, maxLength: longestJobName }),
  /** What its documents and slugs give as their date: files that are made later in the same run give the same. */
  createdAt: Type.String({ minLength: 1, maxLength: 40 }),
  dateText: Type.String({ maxLength: 200 }),
  layoutSha256: sha256,
  pressSha256: sha256,
  /** Of what the run read: the records selected, with the numbers that they have in their file. */
  source: record({ sha256, records: whole(0) }),
  sheet: record({ columns: whole(1, 100), rows: whole(1, 100), sheetsPerFile: whole(1, 10_000_000) }),
  files: Type.Array(manifestFile, { maxItems: 10_000_000 }),
  /** The place map; see `place-map.ts`. */
  places: Type.Optional(record({ ...sealedFile, records: whole(0) })),
  /** Of each part, `files` aside: `records + voids = sheets × columns × rows`. */
  totals: record({ records: whole(0), voids: whole(0), sheets: whole(0), files: whole(0) }),
});
export type RunManifest = Static<typeof manifestSchema>;
export type ManifestFile = Static<typeof manifestFile>;

/** Throws `job-name-unusable` for a name that a manifest, a document's title or a slug cannot hold, or that nobody sees. */
export function refuseUnusableJobName(jobName: string): void {
  const why =
    jobName.trim() === ''
      ? 'it is empty'
      : jobName.length > longestJobName
        ? `it has ${jobName.length} characters, at most ${longestJobName} are possible`
        : unsafeCharacter(jobName);
  if (why !== undefined) throw new Refusal('job-name-unusable', why);
}

/** Reads a manifest strictly. Throws `manifest-malformed` with the path and the reason. */
export function parseManifest(text: string): RunManifest {
  const malformed = (reason: string, at = ''): Refusal =>
    new Refusal('manifest-malformed', reason, at === '' ? {} : { at });
  const json = parseJsonText(text, malformed);
  if (Value.Check(manifestSchema, json)) return json;
  const error = mostTelling(Value.Errors(manifestSchema, json));
  throw malformed(reasonOf(error), pathOf(error.instancePath));
}

/** One file a line, so that people and `diff` can read it; the bytes depend on the content alone. */
export function manifestText({ files, ...rest }: RunManifest): string {
  const [head, tail] = JSON.stringify({ ...rest, files: [] }, null, 2).split('"files": []') as [
    string,
    string,
  ];
  const lines = files.map((file) => `\n    ${JSON.stringify(file)}`);
  return `${head}"files": [${lines.join(',')}${lines.length > 0 ? '\n  ' : ''}]${tail}\n`;
}

/** The plan that a run's manifest is about. */
export function planOf({ totals, sheet }: RunManifest): RunPlan {
  const positions = sheet.columns * sheet.rows;
  return planRun({ recordCount: totals.records, positions, sheetsPerFile: sheet.sheetsPerFile });
}
