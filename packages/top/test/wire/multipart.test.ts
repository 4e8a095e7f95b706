import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readMultipart } from '../../src/wire/multipart.ts';

const read = (body: string, limit = 10) => readMultipart(Buffer.from(body, 'latin1'), 'B', 'utf-8', limit);
const part = (value: string, parameters = 'name="a"', more = '') =>
  `--B\r\nContent-Disposition: form-data; ${parameters}\r\n${more}\r\n${value}\r\n`;

function partsOf(body: string): string[][] {
  const reading = read(body);
  assert.ok(reading.ok, reading.ok ? '' : reading.problem);
  return reading.parts.map(({ name, content, isFile }) => [
    name.toString('latin1'),
    content.toString('latin1'),
    isFile ? 'file' : 'text',
  ]);
}

test('text parts are taken as they are, file parts are told apart', () => {
  const body =
    part('1+1=%41') +
    part('', 'name="b"') +
    part('x', 'name="f"; filename=""') +
    part('y', "name=g; filename*=UTF-8''y");
  assert.deepEqual(partsOf(body + '--B--\r\n'), [
    ['a', '1+1=%41', 'text'],
    ['b', '', 'text'],
    ['f', 'x', 'file'],
    ['g', 'y', 'file'],
  ]);
});

test('the style of the Java client, line breaks before and after, quoted names', () => {
  const javaStyle =
    '\r\n--B\r\nContent-Disposition:form-data;name="a"\r\nContent-Type:text/plain\r\n\r\n1\r\n--B--';
  assert.deepEqual(partsOf(javaStyle), [['a', '1', 'text']]);
  assert.deepEqual(partsOf(part('1', 'name="a\\"b;c\\\\"') + '--B--'), [['a"b;c\\', '1', 'text']]);
  assert.deepEqual(partsOf(part('\r\n--\r\nB\r\n') + '--B--'), [['a', '\r\n--\r\nB\r\n', 'text']]);
  assert.deepEqual(partsOf('--B--'), []);
});

test('everything on which two readers could disagree is refused', () => {
  const end = '--B--\r\n';
  const refused: Record<string, string> = {
    empty: '',
    preamble: 'hello\r\n' + part('1') + end,
    epilogue: part('1') + end + 'x',
    'no closing boundary': part('1'),
    'closing boundary cut': part('1') + '--B-',
    'padding after a boundary': '--B \r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' + end,
    'a longer boundary': '--BB\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' + end,
    'a boundary that goes on, in a value': part('1\r\n--Bx') + end,
    'bare line feeds': part('1').replaceAll('\r\n', '\n') + '--B--',
    'no headers': '--B\r\n\r\n1\r\n' + end,
    'headers without end': '--B\r\nContent-Disposition: form-data; name="a"\r\n' + end,
    'headers that run into the next part':
      '--B\r\nContent-Disposition: form-data; name="a"\r\n' + part('1') + end,
    'a boundary right after the headers':
      '--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n--B\r\nx: y\r\n\r\n1\r\n' + end,
    'no name': part('1', 'filename="x"') + end,
    'two names': part('1', 'name="a"; name="b"') + end,
    'another disposition': part('1').replace('form-data', 'attachment') + end,
    'disposition twice': part('1', 'name="a"', 'content-disposition: form-data; name="b"\r\n') + end,
    'folded header': part('1', 'name="a"', ' ; filename="x"\r\n') + end,
    'malformed header': part('1', 'name="a"', 'nonsense\r\n') + end,
    base64: part('MQ==', 'name="a"', 'Content-Transfer-Encoding: base64\r\n') + end,
    'another charset': part('1', 'name="a"', 'Content-Type: text/plain; charset=GBK\r\n') + end,
    'an unknown charset': part('1', 'name="a"', 'Content-Type: text/plain; charset=x\r\n') + end,
    'long headers': part('1', 'name="a"', `X: ${'x'.repeat(5000)}\r\n`) + end,
    'too many parts': part('1').repeat(11) + end,
  };
  for (const [what, body] of Object.entries(refused)) assert.equal(read(body).ok, false, what);
});

test('any values survive', () => {
  const value = fc.string({ unit: fc.constantFrom('\r', '\n', '-', 'B', 'x', '\xff', '"'), maxLength: 20 });
  fc.assert(
    fc.property(fc.array(value, { maxLength: 8 }), (values) => {
      fc.pre(values.every((text) => !`\r\n${text}`.includes('\r\n--B')));
      const body = values.map((text) => part(text)).join('') + '--B--\r\n';
      assert.deepEqual(
        partsOf(body).map(([, text]) => text),
        values,
      );
    }),
    { numRuns: 500 },
  );
});

test('no body makes it throw', () => {
  const unit = fc.constantFrom(
    '--B',
    '\r\n',
    '--',
    ': ',
    'Content-Disposition',
    'form-data',
    '; name=',
    '"a"',
    '\\',
    'x',
  );
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 30 }), (body) => {
      assert.equal(typeof read(body).ok, 'boolean');
    }),
    { numRuns: 5000 },
  );
});
