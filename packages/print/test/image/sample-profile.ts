/** The smallest ICC profile that is one: a header and a description. */
export function sampleProfile(
  space: 'GRAY' | 'RGB ' | 'CMYK',
  description = 'Sample',
  kind = 'prtr',
): Buffer {
  const text = Buffer.from(`${description}\0`, 'latin1');
  const bytes = Buffer.alloc(128 + 4 + 12 + 12 + text.length);
  bytes.writeUInt32BE(bytes.length, 0);
  bytes[8] = 2;
  bytes.write(kind, 12, 'latin1');
  bytes.write(space, 16, 'latin1');
  bytes.write('acsp', 36, 'latin1');
  bytes.writeUInt32BE(1, 128);
  bytes.write('desc', 132, 'latin1');
  bytes.writeUInt32BE(144, 136);
  bytes.writeUInt32BE(12 + text.length, 140);
  bytes.write('desc', 144, 'latin1');
  bytes.writeUInt32BE(text.length, 152);
  text.copy(bytes, 156);
  return bytes;
}
