/** Appends bits to bytes, highest first. */
export interface BitWriter {
  readonly bytes: Uint8Array;
  bitCount: number;
}

export function appendBits(writer: BitWriter, value: number, length: number): void {
  const { bytes } = writer;
  let left = length;
  while (left > 0) {
    const at = writer.bitCount >> 3;
    const free = 8 - (writer.bitCount & 7);
    const count = Math.min(free, left);
    const part = (value >>> (left - count)) & ((1 << count) - 1);
    if (free === 8) bytes[at] = 0;
    bytes[at]! |= part << (free - count);
    writer.bitCount += count;
    left -= count;
  }
}
