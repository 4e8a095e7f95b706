import assert from 'node:assert/strict';
import { crc32, inflateRawSync } from 'node:zlib';

/** The files of a ZIP, found by its directory as readers do, sizes and checksums compared. */
export function unzipped(zip: Buffer): Map<string, string> {
  const end = zip.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
  const files = new Map<string, string>();
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left--) {
    assert.equal(zip.readUInt32LE(at), 0x02014b50);
    const [crc, packed, plain] = [16, 20, 24].map((offset) => zip.readUInt32LE(at + offset));
    const nameLength = zip.readUInt16LE(at + 28);
    const start = zip.readUInt32LE(at + 42);
    const name = zip.toString('utf8', at + 46, at + 46 + nameLength);
    assert.equal(zip.readUInt32LE(start), 0x04034b50);
    const data = start + 30 + nameLength;
    const bytes = inflateRawSync(zip.subarray(data, data + (packed as number)));
    assert.equal(bytes.length, plain);
    assert.equal(crc32(bytes), crc);
    files.set(name, bytes.toString('utf8'));
    at += 46 + nameLength;
  }
  assert.equal(at, end);
  return files;
}

/** The rows of the only sheet of texts, as a reader of XLSX shows them. */
export function sheetRows(xlsx: Buffer): string[][] {
  const sheet = unzipped(xlsx).get('xl/worksheets/sheet1.xml') ?? '';
  assert.doesNotMatch(sheet, /<f>|<v>/, 'texts alone');
  return [...sheet.matchAll(/<row r="\d+">(.*?)<\/row>/gs)].map(([, row = '']) =>
    [...row.matchAll(/<t xml:space="preserve">(.*?)<\/t>/gs)].map(([, text = '']) =>
      text
        .replaceAll('&lt;', '<')
        .replaceAll('&gt;', '>')
        .replaceAll('&amp;', '&')
        .replace(/_x([0-9A-Fa-f]{4})_/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16))),
    ),
  );
}
