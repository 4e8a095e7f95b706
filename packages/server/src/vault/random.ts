import { randomFillSync } from 'node:crypto';

const drawnAtOnce = 4_096;
let drawn = Buffer.alloc(0);

/**
 * Random bytes for keys and nonces, each handed out once. Drawn in advance: a draw costs some 10 µs, however few its bytes
 * are. At most 4,096 bytes.
 */
export function takeRandom(bytes: number): Buffer {
  if (bytes > drawnAtOnce) throw new RangeError(`${bytes} random bytes at once`);
  if (drawn.length < bytes) drawn = randomFillSync(Buffer.allocUnsafeSlow(drawnAtOnce));
  const taken = drawn.subarray(0, bytes);
  drawn = drawn.subarray(bytes);
  return taken;
}
