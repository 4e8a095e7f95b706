import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { checkpointOf, readCopies } from './checkpoint-copy.ts';
import { exportFormat } from './export.ts';
import type { Finding } from './findings.ts';
import { eventOf } from './log-store.ts';
import { publicKeysByIds } from './signing-key.ts';
import { type AuditItem, type PublicKeys, type Verification, verifyAuditLog } from './verify.ts';

/** The file is no whole export: nothing can be said about the log. The message is for people. */
export class ExportRefusal extends Error {
  override readonly name = 'ExportRefusal';
}

export interface VerifyExportOptions {
  /** The keys that must have signed. Without them the export's own are used, which only proves that it fits together. */
  readonly keys?: PublicKeys | undefined;
  /** A copy of the checkpoints that was kept elsewhere. */
  readonly copyPath?: string | undefined;
  readonly onProgress?: ((events: number) => void) | undefined;
}

export interface ExportVerification extends Verification {
  /** ISO 8601, as the export says. */
  readonly exportedAt: string;
  readonly keysFrom: 'given' | 'export';
  readonly keyIds: readonly string[];
}

/**
 * Verifies an export, packed if its name ends in `.gz`, without a database, in constant memory.
 * @throws ExportRefusal; what the file system throws.
 */
export async function verifyExport(
  path: string,
  options: VerifyExportOptions = {},
): Promise<ExportVerification> {
  const lines = readLines(path);
  const first = await lines.next();
  const header = readHeader(first.value?.[0]);
  const exportedAtUs = BigInt(Date.parse(header.exportedAt)) * 1000n;
  const keys = options.keys ?? publicKeysByIds(header.publicKeys, path);
  // Later checkpoints cannot be in the export.
  const copies =
    options.copyPath === undefined ? undefined : await readCopies(options.copyPath, exportedAtUs);
  const verification = await verifyAuditLog(readItems(first.value ?? [], lines), {
    logId: header.logId,
    keys,
    ...(copies && { copies: copies.digests }),
    ...(options.onProgress && { onProgress: options.onProgress }),
  });
  return {
    ...verification,
    findings: [...(copies?.findings ?? []), ...verification.findings],
    findingCount: (copies?.findings.length ?? 0) + verification.findingCount,
    exportedAt: header.exportedAt,
    keysFrom: options.keys === undefined ? 'export' : 'given',
    keyIds: [...keys.keys()],
  };
}

interface Header {
  readonly exportedAt: string;
  readonly logId: string;
  readonly publicKeys: readonly string[];
}

function readHeader(line: Buffer | undefined): Header {
  const header = membersOf(membersOf(line === undefined ? undefined : parseLine(line))?.['header']);
  const { format, whole, exportedAt, logId, publicKeys } = header ?? {};
  if (format !== exportFormat)
    throw new ExportRefusal(`不是审计导出文件 · this is no audit export of the format ${exportFormat}`);
  if (whole !== true) {
    throw new ExportRefusal(
      '按条件导出的文件缺少其间的事件，无法校验 · this export holds selected events only: it cannot be verified, export without a filter',
    );
  }
  if (
    typeof exportedAt === 'string' &&
    !Number.isNaN(Date.parse(exportedAt)) &&
    typeof logId === 'string' &&
    Array.isArray(publicKeys) &&
    publicKeys.every((key) => typeof key === 'string')
  )
    return { exportedAt, logId, publicKeys };
  throw new ExportRefusal('导出文件首行不完整 · the first line of the export is incomplete');
}

const longestLineBytes = 16 * 1024 * 1024;

/** The whole lines of each part of the file; each with its line end, so that together they are all bytes. */
async function* readLines(path: string): AsyncGenerator<readonly Buffer[], void> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of bytesOf(path)) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const lines: Buffer[] = [];
    let start = 0;
    for (let end = bytes.indexOf(0x0a); end !== -1; end = bytes.indexOf(0x0a, start)) {
      lines.push(bytes.subarray(start, end + 1));
      start = end + 1;
    }
    rest = bytes.subarray(start);
    if (rest.length > longestLineBytes)
      throw new ExportRefusal('导出文件的行过长 · a line of the export is too long');
    if (lines.length > 0) yield lines;
  }
  if (rest.length > 0) throw cutOff();
}

const cutOff = (): ExportRefusal =>
  new ExportRefusal('导出文件不完整，末尾缺失 · the export was cut off: its end is missing');

async function* bytesOf(path: string): AsyncGenerator<Buffer, void> {
  const file = createReadStream(path, { highWaterMark: 256 * 1024 });
  if (!path.endsWith('.gz')) {
    yield* file;
    return;
  }
  const unpacked = createGunzip({ chunkSize: 256 * 1024 });
  file.once('error', (error) => unpacked.destroy(error));
  try {
    yield* file.pipe(unpacked);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'Z_BUF_ERROR') throw cutOff();
    if (code?.startsWith('Z_')) throw new ExportRefusal('压缩文件已损坏 · the packed file is damaged');
    throw error;
  } finally {
    file.destroy();
  }
}

async function* readItems(
  first: readonly Buffer[],
  others: AsyncIterable<readonly Buffer[]>,
): AsyncGenerator<readonly AuditItem[], void> {
  const reading = new ExportReading();
  yield reading.take(first);
  for await (const lines of others) yield reading.take(lines);
  yield reading.end();
}

class ExportReading {
  readonly #sum = createHash('sha256');
  #line = 0;
  #events = 0;
  #checkpoints = 0;
  #footer: Record<string, unknown> | undefined;

  take(lines: readonly Buffer[]): readonly AuditItem[] {
    return lines.map((line) => this.#takeLine(line)).filter((item) => item !== undefined);
  }

  end(): readonly AuditItem[] {
    if (this.#footer === undefined) throw cutOff();
    const { events, checkpoints, sha256 } = this.#footer;
    const findings: Finding[] = [];
    if (sha256 !== this.#sum.digest('hex')) findings.push({ kind: 'export-digest' });
    if (events !== this.#events || checkpoints !== this.#checkpoints)
      findings.push({ kind: 'export-counts' });
    return findings.map((finding) => ({ kind: 'finding', finding }));
  }

  #takeLine(line: Buffer): AuditItem | undefined {
    this.#line += 1;
    const members = membersOf(parseLine(line));
    if (this.#footer !== undefined)
      throw new ExportRefusal('末行之后还有内容 · something follows the end of the export');
    if (members?.['footer'] !== undefined) {
      this.#footer = membersOf(members['footer']);
      return undefined;
    }
    this.#sum.update(line);
    if (this.#line === 1) return undefined;
    const item = itemOf(members ?? {});
    if (item?.kind === 'event') this.#events += 1;
    if (item?.kind === 'checkpoint') this.#checkpoints += 1;
    return item ?? { kind: 'finding', finding: { kind: 'export-line', place: `line ${this.#line}` } };
  }
}

function parseLine(line: Buffer): unknown {
  try {
    return isUtf8(line) ? JSON.parse(line.toString('utf8')) : undefined;
  } catch {
    return undefined;
  }
}

const membersOf = (value: unknown): Record<string, unknown> | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;

function itemOf(members: Record<string, unknown>): AuditItem | undefined {
  const { event, checkpoint, head, finding } = members;
  if (event !== undefined) return isEventRow(event) ? eventOf(event) : undefined;
  if (checkpoint !== undefined) {
    const found = checkpointOf(checkpoint);
    return found && { kind: 'checkpoint', ...found };
  }
  if (head !== undefined) {
    const { chain, seq, hash } = membersOf(head) ?? {};
    return Number.isInteger(chain) && typeof seq === 'string' && typeof hash === 'string'
      ? { kind: 'head', chain: chain as number, seq, hash }
      : undefined;
  }
  // What the exporting side saw wrong by itself.
  const { kind, place } = membersOf(finding) ?? {};
  return kind === 'event-outside' && typeof place === 'string'
    ? { kind: 'finding', finding: { kind, place } }
    : undefined;
}

/** A surrogate without its other half has no UTF-8, so two texts could have one hash. */
const isText = (value: unknown): boolean => typeof value === 'string' && value.isWellFormed();

function isEventRow(row: unknown): row is Parameters<typeof eventOf>[0] {
  if (!Array.isArray(row) || row.length !== 10) return false;
  return row.every((field, index) => {
    if (index === 1) return Number.isInteger(field);
    return isText(field) || ((index === 6 || index === 7) && field === null);
  });
}
