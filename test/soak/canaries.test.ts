import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { CanarySearch } from './canaries.ts';

const canary = '7K3M9PQRSTUVWXY2';
const noise = Buffer.from('\x00\xff{"a":"zzzz"} 0123', 'latin1');

const hidden: Readonly<Record<string, Buffer>> = {
  plain: Buffer.from(canary),
  'inside a longer word': Buffer.from(`abc${canary}def`),
  'UTF-16, little endian': Buffer.from(canary, 'utf16le'),
  'UTF-16, big endian': Buffer.from(canary, 'utf16le').swap16(),
  'hexadecimal digits': Buffer.from(Buffer.from(`x${canary}`).toString('hex')),
  'hexadecimal digits after an odd one': Buffer.from(`a${Buffer.from(canary).toString('hex').toUpperCase()}`),
  'base64 at offset 0': Buffer.from(Buffer.from(canary).toString('base64')),
  'base64 at offset 1': Buffer.from(Buffer.from(`{${canary}}`).toString('base64')),
  'base64 at offset 2': Buffer.from(Buffer.from(`{"${canary}"}`).toString('base64')),
  gzip: gzipSync(`{"cardPassword":"${canary}"}`),
};
for (const [how, bytes] of Object.entries(hidden)) {
  test(`a canary is found: ${how}`, () => {
    const search = new CanarySearch([canary]);
    search.bytes('here', Buffer.concat([noise, bytes, noise]));
    assert.notDeepEqual(search.result().found, []);
  });
}

test('where there is none, none is found', () => {
  const search = new CanarySearch([canary, '欧阳1a2b3c']);
  for (const bytes of Object.values(hidden)) search.bytes('here', Buffer.from(bytes.map((byte) => byte ^ 1)));
  assert.deepEqual(search.result().found, []);
});

test('a canary of other signs is found where it stands', () => {
  const search = new CanarySearch(['欧阳1a2b3c']);
  search.bytes('here', Buffer.from('收货人 欧阳1a2b3c，'));
  assert.deepEqual(search.result().found, ['1 canaries in here (plain)']);
});
