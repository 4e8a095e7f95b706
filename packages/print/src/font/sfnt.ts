import { Refusal } from '../refusal.ts';

/** Tables of one font of an OpenType file by tag; views into the file's bytes, not copies. */
export type SfntTables = ReadonlyMap<string, DataView>;

const trueType = 0x00010000;
/** TrueType as old Macintosh fonts spell it. */
const appleTrueType = tagNumber('true');
const collection = tagNumber('ttcf');

/**
 * The tables of a TrueType file, or of font `face` of a collection (.ttc).
 * @throws Refusal `font-unreadable`, `font-collection`, `font-outlines-unsupported`
 * @see OpenType 1.9.1, "Organization of an OpenType Font"
 */
export function readTables(bytes: Uint8Array, face: number | undefined): SfntTables {
  const file = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    return tablesAt(file, directoryOffset(file, face));
  } catch (error) {
    if (error instanceof RangeError)
      throw new Refusal('font-unreadable', 'the file ends in its table directory');
    throw error;
  }
}

function directoryOffset(file: DataView, face: number | undefined): number {
  if (file.getUint32(0) !== collection) {
    if (face !== undefined && face !== 0)
      throw new Refusal('font-collection', 'the file holds one font only');
    return 0;
  }
  const count = file.getUint32(8);
  if (face === undefined) throw new Refusal('font-collection', `it holds ${count} fonts and none was chosen`);
  if (!(face >= 0 && face < count))
    throw new Refusal('font-collection', `it holds ${count} fonts, ${face} is none of 0 to ${count - 1}`);
  return file.getUint32(12 + 4 * face);
}

function tablesAt(file: DataView, start: number): SfntTables {
  const kind = file.getUint32(start);
  if (kind === tagNumber('OTTO'))
    throw new Refusal('font-outlines-unsupported', 'its outlines are PostScript (CFF)');
  if (kind === tagNumber('wOFF') || kind === tagNumber('wOF2'))
    throw new Refusal('font-unreadable', 'it is packed for the web (WOFF)');
  if (kind !== trueType && kind !== appleTrueType)
    throw new Refusal('font-unreadable', 'it is no TrueType file');
  const tables = new Map<string, DataView>();
  const count = file.getUint16(start + 4);
  for (let at = start + 12; at < start + 12 + 16 * count; at += 16) {
    const tag = String.fromCharCode(
      file.getUint8(at),
      file.getUint8(at + 1),
      file.getUint8(at + 2),
      file.getUint8(at + 3),
    );
    const offset = file.getUint32(at + 8);
    const length = file.getUint32(at + 12);
    if (offset + length > file.byteLength)
      throw new Refusal('font-unreadable', `its table ${tag.trim()} is cut off`);
    tables.set(tag, new DataView(file.buffer, file.byteOffset + offset, length));
  }
  return tables;
}

/** @throws Refusal `font-unreadable` for a table that is missing or too short. */
export function tableOf(tables: SfntTables, tag: string, leastBytes: number): DataView {
  const table = tables.get(tag);
  if (table === undefined) throw new Refusal('font-unreadable', `it has no table ${tag.trim()}`);
  if (table.byteLength < leastBytes)
    throw new Refusal('font-unreadable', `its table ${tag.trim()} is too short`);
  return table;
}

export function bytesOf(table: DataView): Uint8Array {
  return new Uint8Array(table.buffer, table.byteOffset, table.byteLength);
}

function tagNumber(tag: string): number {
  return Buffer.from(tag, 'latin1').readUInt32BE(0);
}
