/** Percent-encoding as HTML forms use it (`+` is a space), over bytes: the charset is the caller's concern. */

const percent = 0x25;
const plus = 0x2b;
const space = 0x20;

/** The value of a hexadecimal digit by its byte, -1 for any other byte. */
const hexValue = new Int8Array(256).fill(-1);
for (let value = 0; value < 16; value++) {
  const digit = value.toString(16);
  hexValue[digit.charCodeAt(0)] = value;
  hexValue[digit.toUpperCase().charCodeAt(0)] = value;
}

/**
 * Decodes `bytes[start…end)` into `out` from `at` on, which must have room for `end - start` bytes.
 * Returns the end of what was written, or -1 if a `%` is not followed by two hexadecimal digits.
 */
export function percentDecodeInto(
  bytes: Uint8Array,
  start: number,
  end: number,
  out: Uint8Array,
  at: number,
): number {
  let to = at;
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!;
    if (byte === percent) {
      if (i + 2 >= end) return -1;
      const high = hexValue[bytes[i + 1]!]!;
      const low = hexValue[bytes[i + 2]!]!;
      if ((high | low) < 0) return -1;
      out[to++] = (high << 4) | low;
      i += 2;
    } else out[to++] = byte === plus ? space : byte;
  }
  return to;
}

/**
 * The decoded bytes of `bytes[start…end)`, always a copy; undefined if there is a bad escape (`%`, `%4`, `%zz`).
 */
export function percentDecode(bytes: Uint8Array, start = 0, end = bytes.length): Buffer | undefined {
  const part = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
  if (!part.includes(percent) && !part.includes(plus)) return Buffer.from(part);
  const out = Buffer.allocUnsafe(part.length);
  const length = percentDecodeInto(part, 0, part.length, out, 0);
  return length < 0 ? undefined : out.subarray(0, length);
}

const encoded: readonly string[] = Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte);
  if (/[A-Za-z0-9.*_-]/.test(character)) return character;
  return byte === space ? '+' : '%' + byte.toString(16).toUpperCase().padStart(2, '0');
});

/**
 * Encodes bytes as `java.net.URLEncoder` does: letters, digits and `.-*_` stay, a space becomes `+`, all else `%XX`.
 * (Java escapes both bytes of a GBK character where the second is an ASCII letter; this leaves the letter, which
 * decodes to the same bytes.)
 */
export function percentEncode(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i++) text += encoded[bytes[i]!]!;
  return text;
}
