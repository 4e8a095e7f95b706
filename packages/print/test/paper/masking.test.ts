import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { maskCardNo, maskName, maskPhone } from '../../src/paper/masking.ts';

const runs = 5_000;

function checkTable(mask: (text: string) => string, cases: readonly (readonly [string, string])[]): void {
  for (const [text, masked] of cases) {
    assert.equal(mask(text), masked, text);
    assert.equal(mask(masked), masked, `${text}, masked twice`);
  }
}

test('names show the surname at most', () => {
  checkTable(maskName, [
    ['张', '*'],
    ['张三', '张*'],
    ['张三丰', '张**'],
    ['欧阳', '欧*'],
    ['欧阳修', '欧阳*'],
    ['欧阳娜娜', '欧阳**'],
    ['司马相如', '司马**'],
    ['张 三', '张 *'],
    ['张三先生', '张***'],
    ['𠮷野家', '𠮷**'],
    ['阿卜杜拉·买买提', '阿***·***'],
    ['迪丽热巴•迪力木拉提', '迪***•*****'],
    ['John Smith', 'J*** *****'],
    ["Conan O'Brien", "C**** *'*****"],
    ['José', 'J***'],
    ['ＪＯＨＮ', 'J***'],
    ['・', '*'],
  ]);
});

test('organisations keep what a courier needs, and still hide two characters', () => {
  checkTable(maskName, [
    ['杭州示例制卡有限公司', '杭州**制卡有限公司'],
    ['北京大学医院', '北京**医院'],
  ]);
  assert.equal(maskName('李公司'), '李**', 'too short to be sure');
});

test('phones hide six digits of every number', () => {
  checkTable(maskPhone, [
    ['13812345678', '138******78'],
    ['138 1234 5678', '138 **** **78'],
    ['138-1234-5678', '138-****-**78'],
    ['+8613812345678', '+86138******78'],
    ['+86 138 1234 5678', '+86 138 **** **78'],
    ['0086 13812345678', '0086 138******78'],
    ['8613812345678', '86138******78'],
    ['(+86)13812345678', '(+86)138******78'],
    ['１３８１２３４５６７８', '138******78'],
    ['0571-88157858', '0571-******58'],
    ['057188157858', '0571******58'],
    ['(010)12345678', '(010)******78'],
    ['010-12345678', '010-******78'],
    ['0571-1234567', '0571-******7'],
    ['0571-88157858-8001', '0571-******58-****'],
    ['0571-88157858转8001', '0571-******58转****'],
    ['0571-88157858 ext. 12', '0571-******58 ext. **'],
    ['13812345678-1234', '138******78-****'],
    ['88157858', '******58'],
    ['8815785', '******5'],
    ['95338', '*****'],
    ['110', '***'],
    ['400-820-8820', '400-***-***0'],
    ['13812345678/0571-88157858', '138******78/0571-******58'],
    ['13812345678、13987654321', '138******78、139******21'],
  ]);
});

const han = fc.constantFrom(...'张王李赵欧阳司马上官诸葛丽娜伟芳静敏𠮷䶮㛃𬭊買提阿卜杜拉');
const latinWord = fc.string({ unit: fc.constantFrom(...'abcdefghijÀéñ'), minLength: 1, maxLength: 9 });
const someName = fc.oneof(
  fc.string({ unit: han, minLength: 1, maxLength: 5 }),
  fc
    .tuple(
      fc.string({ unit: han, minLength: 2, maxLength: 6 }),
      fc.constantFrom('·', '•', ' ', '．'),
      fc.string({ unit: han, minLength: 1, maxLength: 6 }),
    )
    .map((parts) => parts.join('')),
  fc.array(latinWord, { minLength: 1, maxLength: 4 }).map((words) => words.join(' ')),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).filter((name) => !/[*＊]/u.test(name)),
);

test('whatever the name, at least one of its characters is hidden and at most two letters are shown', () => {
  fc.assert(
    fc.property(someName, (name) => {
      const masked = maskName(name);
      assert.equal(maskName(masked), masked);
      const letters = name.normalize('NFC').match(/[\p{L}\p{N}]/gu) ?? [];
      const shown = masked.match(/[\p{L}\p{N}]/gu) ?? [];
      assert.ok(masked.includes('*'), 'nothing hidden');
      const isCompany = /(公司|集团|店|馆|局|厂|中心|学校|银行)$/u.test(name);
      if (!isCompany)
        assert.ok(shown.length <= 2 && shown.length < Math.max(1, letters.length), 'too much shown');
    }),
    { numRuns: runs },
  );
});

const digits = (minLength: number, maxLength = minLength) =>
  fc.string({ unit: fc.constantFrom(...'0123456789'), minLength, maxLength });
const spaced = (text: string, gap: string) => text.replaceAll(/(....)(?=.)/gu, `$1${gap}`);
const mobile = fc
  .tuple(fc.constantFrom('', '+86', '+86 ', '0086', '86-', '(+86)'), digits(9), fc.constantFrom('', '-', ' '))
  .map(([prefix, rest, gap]) =>
    [
      prefix,
      `1${rest[0] === '0' || rest[0] === '1' || rest[0] === '2' ? '3' : rest[0]}`,
      spaced(rest.slice(1) + '7', gap),
    ].join(''),
  );
const landline = fc
  .tuple(
    fc.constantFrom('010', '021', '0571', '0755', '0898'),
    fc.constantFrom('', '-', ' '),
    digits(7, 8),
    fc.constantFrom('', '-801', '转12', ' ext 8001', '#3'),
  )
  .map((parts) => parts.join(''));
const onePhone = fc.oneof(
  mobile,
  landline,
  digits(3, 15),
  digits(7, 8).map((text) => `400-${text}`),
);
const somePhone = fc
  .tuple(
    fc.array(onePhone, { minLength: 1, maxLength: 3 }),
    fc.constantFrom('/', '、', ',', '；', ' 或 '),
    fc.boolean(),
  )
  .map(([phones, joint, isWide]) => {
    const wide = (text: string) =>
      text.replaceAll(/[!-~]/gu, (sign) => String.fromCodePoint(sign.codePointAt(0)! + 0xfee0));
    return { phones, joint, text: isWide ? wide(phones.join(joint)) : phones.join(joint) };
  });

test('whatever the phone, six digits of each number are hidden, or all of a shorter one', () => {
  fc.assert(
    fc.property(somePhone, ({ phones, text }) => {
      const masked = maskPhone(text);
      assert.equal(maskPhone(masked), masked);
      const parts = masked.split(/[/、,;；或]/u);
      assert.equal(parts.length, phones.length);
      for (const [index, phone] of phones.entries()) {
        const digitsOf = (value: string): number => value.replaceAll(/[^0-9]/gu, '').length;
        const hidden = digitsOf(phone) - digitsOf(parts[index]!);
        assert.ok(hidden >= Math.min(6, digitsOf(phone)), `${phone} as ${parts[index]}`);
        assert.equal((parts[index]!.match(/\*/gu) ?? []).length, hidden, 'a star for each hidden digit');
      }
    }),
    { numRuns: runs },
  );
});

test('card numbers show the first six and last four at most', () => {
  checkTable(maskCardNo, [
    ['6212340000005678', '621234******5678'],
    ['6212340000000005678', '621234*********5678'],
    ['123456789012', '1234****9012'],
    ['12345678', '****5678'],
    ['1234567', '****567'],
    ['12', '*2'],
    ['1', '*'],
  ]);
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(...'0123456789AZ'), minLength: 1, maxLength: 32 }),
      (cardNo) => {
        const masked = maskCardNo(cardNo);
        assert.equal(masked.length, cardNo.length);
        assert.equal(maskCardNo(masked), masked);
        assert.ok(masked.split('*').length - 1 >= Math.min(4, Math.ceil(cardNo.length / 2)));
        assert.ok(masked.replaceAll('*', '').length <= 10);
      },
    ),
  );
});
