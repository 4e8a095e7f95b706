import assert from 'node:assert/strict';
import { Refusal, type RefusalCode, type RefusalPlace } from '../../src/refusal.ts';

/** Asserts the refusal and its place (the file's name aside), and that no value of the input is in its message. */
export async function refuses(
  work: () => unknown,
  code: RefusalCode,
  place: RefusalPlace = {},
  detail = /./,
): Promise<void> {
  await assert.rejects(
    async () => work(),
    (error: unknown) => {
      assert.ok(error instanceof Refusal, String(error));
      assert.equal(error.code, code, error.message);
      const { file: _, ...found } = error.place;
      assert.deepEqual(found, place, error.message);
      assert.match(error.detail, detail);
      assert.doesNotMatch(error.message, /SECRET/);
      return true;
    },
  );
}
