/** sRGB's primaries adapted to D50, and the white of the connection space, in XYZ (ICC's sRGB, IEC 61966-2-1). */
const colorants = {
  rXYZ: [0.4360747, 0.2225045, 0.0139322],
  gXYZ: [0.3850649, 0.7168786, 0.0971045],
  bXYZ: [0.1430804, 0.0606169, 0.7141733],
} as const;
const d50 = [0.9642, 1, 0.8249] as const;

/** IEC 61966-2-1: Y = ((a·X + b)^g) from d on, else c·X. */
const curve = { g: 2.4, a: 1 / 1.055, b: 0.055 / 1.055, c: 1 / 12.92, d: 0.04045 };

const headerBytes = 128;

/**
 * An ICC profile of sRGB, version 4 (ICC.1:2004), of some 500 bytes: PDF/X-4 allows no bare DeviceRGB over a CMYK
 * press, so that pictures without a profile of their own carry this one, which is what cameras and screens mean.
 */
export function srgbProfile(): Uint8Array {
  const parametric = Buffer.concat([
    Buffer.from('para\0\0\0\0\0\x03\0\0', 'latin1'),
    ...[curve.g, curve.a, curve.b, curve.c, curve.d].map(fixed),
  ]);
  const tags: readonly (readonly [readonly string[], Buffer])[] = [
    [['desc'], text('sRGB')],
    [['cprt'], text('No copyright, use freely')],
    [['wtpt'], xyz(d50)],
    ...Object.entries(colorants).map(([name, values]) => [[name], xyz(values)] as const),
    [['rTRC', 'gTRC', 'bTRC'], parametric],
  ];
  return assembled(tags);
}

function assembled(tags: readonly (readonly [readonly string[], Buffer])[]): Uint8Array {
  const count = tags.reduce((sum, [names]) => sum + names.length, 0);
  const entries: Buffer[] = [];
  let offset = headerBytes + 4 + 12 * count;
  const bodies = tags.map(([names, body]) => {
    for (const name of names)
      entries.push(Buffer.concat([Buffer.from(name), word(offset), word(body.length)]));
    const padded = Buffer.concat([body, Buffer.alloc(-body.length & 3)]);
    offset += padded.length;
    return padded;
  });
  return Buffer.concat([header(offset), word(count), ...entries, ...bodies]);
}

function header(size: number): Buffer {
  const bytes = Buffer.alloc(headerBytes);
  bytes.writeUInt32BE(size, 0);
  bytes.writeUInt32BE(0x04200000, 8);
  bytes.write('mntrRGB XYZ ', 12, 'latin1');
  // The day of IEC 61966-2-1, since a profile must have one: 1 October 1999.
  for (const [index, part] of [1999, 10, 1, 0, 0, 0].entries()) bytes.writeUInt16BE(part, 24 + 2 * index);
  bytes.write('acsp', 36, 'latin1');
  Buffer.concat(d50.map(fixed)).copy(bytes, 68);
  return bytes;
}

function text(value: string): Buffer {
  const content = Buffer.from(value, 'utf16le').swap16();
  return Buffer.concat([
    Buffer.from('mluc\0\0\0\0', 'latin1'),
    word(1),
    word(12),
    Buffer.from('enUS'),
    word(content.length),
    word(28),
    content,
  ]);
}

function xyz(values: readonly [number, number, number]): Buffer {
  return Buffer.concat([Buffer.from('XYZ \0\0\0\0', 'latin1'), ...values.map(fixed)]);
}

/** s15Fixed16Number. */
function fixed(value: number): Buffer {
  return word(Math.round(value * 65536));
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
