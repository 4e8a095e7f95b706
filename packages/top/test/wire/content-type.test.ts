import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseContentType, readContentType } from '../../src/wire/content-type.ts';

test('the types of the protocol, in any case and spacing', () => {
  const form = { kind: 'form', charset: 'utf-8' };
  assert.deepEqual(parseContentType(undefined), form);
  assert.deepEqual(parseContentType(''), form);
  assert.deepEqual(parseContentType('Application/X-WWW-Form-Urlencoded ; Charset="GBK"'), {
    kind: 'form',
    charset: 'gbk',
  });
  assert.deepEqual(parseContentType('application/json;charset=utf-8;'), { kind: 'json', charset: 'utf-8' });
  for (const type of ['text/xml', 'application/xml']) assert.equal(parseContentType(type)?.kind, 'xml');
  assert.equal(parseContentType('text/plain; format=flowed; charset=gb18030')?.charset, 'gb18030');
  assert.deepEqual(parseContentType('multipart/form-data;charset=UTF-8;boundary="a;b=c"'), undefined);
  assert.deepEqual(parseContentType('multipart/form-data; boundary="a b=c"; charset=GB2312'), {
    kind: 'multipart',
    charset: 'gb2312',
    boundary: 'a b=c',
  });
});

test('what is wrong is named', () => {
  for (const value of [
    'application/octet-stream',
    'text/html',
    'application/jsonx',
    'application/json, text/xml',
    ';charset=utf-8',
    'text/xml; charset=utf-8; CHARSET=gbk',
    'text/xml; charset="utf-8',
    'text/xml; charset=u"tf"-8',
    'text/xml; =utf-8',
    'text/xml; utf-8',
    'multipart/form-data',
    'multipart/form-data; boundary=',
    `multipart/form-data; boundary=${'x'.repeat(71)}`,
    'multipart/form-data; boundary="ends in space "',
    'multipart/form-data; boundary=a; boundary=b',
  ]) {
    assert.equal(readContentType(value), 'content-type', value);
  }
  for (const value of [
    'text/xml; charset=latin1',
    'application/json; charset=',
    'text/plain; charset=utf-16',
  ]) {
    assert.equal(readContentType(value), 'charset', value);
  }
});

test('no header value makes it throw', () => {
  const unit = fc.constantFrom(';', '=', '"', '\\', ' ', 'charset', 'text/xml', 'boundary', 'gbk', 'é');
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.string({ unit })), (value) => {
      const read = readContentType(value);
      assert.ok(typeof read === 'string' || read.kind !== undefined);
    }),
    { numRuns: 3000 },
  );
});
