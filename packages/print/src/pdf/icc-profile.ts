/** What the header and the description of an ICC profile tell (ICC.1:2010, 7.2 and 9.2.41). */
export interface IccProfile {
  readonly majorVersion: number;
  readonly deviceClass: string;
  readonly colourSpace: string;
  readonly connectionSpace: string;
  readonly description: string;
}

const headerBytes = 128;
const tagEntryBytes = 12;

/** `undefined` where the bytes are no whole ICC profile. */
export function readIccProfile(bytes: Uint8Array): IccProfile | undefined {
  const profile = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (profile.length < headerBytes + 4 || profile.toString('latin1', 36, 40) !== 'acsp') return undefined;
  if (profile.readUInt32BE(0) !== profile.length) return undefined;
  const tag = (at: number) => profile.toString('latin1', at, at + 4);
  return {
    majorVersion: profile[8]!,
    deviceClass: tag(12),
    colourSpace: tag(16),
    connectionSpace: tag(20),
    description: descriptionOf(profile),
  };
}

function descriptionOf(profile: Buffer): string {
  const count = profile.readUInt32BE(headerBytes);
  for (let entry = 0; entry < count; entry++) {
    const at = headerBytes + 4 + entry * tagEntryBytes;
    if (at + tagEntryBytes > profile.length) return '';
    if (profile.toString('latin1', at, at + 4) !== 'desc') continue;
    const offset = profile.readUInt32BE(at + 4);
    return textOf(profile.subarray(offset, offset + profile.readUInt32BE(at + 8)));
  }
  return '';
}

/** Version 2 keeps ASCII with its length, version 4 UTF-16BE by language: the first is taken. */
function textOf(tag: Buffer): string {
  const kind = tag.toString('latin1', 0, 4);
  if (kind === 'desc' && tag.length >= 12) {
    const text = tag.toString('latin1', 12, 12 + tag.readUInt32BE(8));
    return text.split('\0', 1)[0]!.trim();
  }
  if (kind === 'mluc' && tag.length >= 28) {
    const offset = tag.readUInt32BE(24);
    const text = Buffer.from(tag.subarray(offset, offset + (tag.readUInt32BE(20) & ~1)));
    return text.swap16().toString('utf16le').split('\0', 1)[0]!.trim();
  }
  return '';
}
