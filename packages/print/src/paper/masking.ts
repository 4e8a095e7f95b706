/**
 * What a paper may show of people and cards. Names, phones and addresses follow GB/T 41833-2022 (快递电子运单): at least
 * one character of the name, at least six digits of the phone and the unit or room of the address are hidden. Where a
 * text cannot be understood more is hidden, never less. Masking twice gives the same as masking once.
 */

const hiddenPart = '*';

/** Surnames of two characters in use today, so that 欧阳修 shows 欧阳 and 欧阳 alone shows 欧. */
const compoundSurnames = new Set(
  (
    '欧阳 司马 上官 诸葛 夏侯 东方 皇甫 尉迟 公孙 慕容 令狐 宇文 长孙 司徒 司空 端木 独孤 南宫 轩辕 闻人 ' +
    '申屠 太史 公冶 澹台 呼延 西门 百里 东郭 第五 万俟 钟离 淳于 单于 赫连 濮阳 宗政 鲜于 闾丘 亓官 仲孙 歐陽'
  ).split(' '),
);
const organisation =
  /(公司|集团|银行|学校|大学|中学|小学|医院|商店|商行|超市|酒店|宾馆|中心|协会|学会|委员会|事务所|印刷厂|制卡厂|工厂|厂|门店|店|馆|局)$/u;

/**
 * Hides a name but for its surname: 张三丰 → 张**, 欧阳修 → 欧阳*, 阿卜杜拉·买买提 → 阿***·***, John Smith → J*** *****,
 * 张 → *. Of an organisation's name, which is no personal data, the third and fourth character go: 杭州**制卡有限公司.
 */
export function maskName(name: string): string {
  const characters = charactersOf(halfWidth(name).trim());
  const isLetter = (character: string): boolean => /^[\p{L}\p{N}*]/u.test(character);
  const letters = characters.filter(isLetter);
  if (letters.length === 0) return hiddenPart.repeat(Math.max(1, characters.length));
  const hides = isOrganisation(characters.join(''), letters.length)
    ? (index: number) => index === 2 || index === 3
    : (index: number) => index >= shownOfSurname(letters);
  let index = 0;
  return characters
    .map((character) => (isLetter(character) && hides(index++) ? hiddenPart : character))
    .join('');
}

function isOrganisation(name: string, length: number): boolean {
  return length >= 6 && organisation.test(name);
}

function shownOfSurname(letters: readonly string[]): number {
  if (letters.length === 1) return 0;
  const isCompound = letters.length >= 3 && compoundSurnames.has(letters.slice(0, 2).join(''));
  return isCompound ? 2 : 1;
}

/**
 * Hides at least six digits of every number in the text: 13812345678 → 138******78, 0571-88157858 → 0571-******58,
 * +86 13812345678 → +86 138******78. Extensions are hidden whole, and so are numbers of up to six digits.
 */
export function maskPhone(phone: string): string {
  return halfWidth(phone)
    .trim()
    .split(/([/;,、，；|或]+)/u)
    .map((part, index) => (index % 2 === 1 ? part : maskNumber(part)))
    .join('');
}

const countryCode =
  /^\s*(?:[(（]?\s*(?:\+|00)\s*86\s*[)）]?|86(?=[\s-]*1[3-9*](?:[\s-]?[\d*]){9}\s*$))[\s-]*/u;

function maskNumber(text: string): string {
  const code = countryCode.exec(text)?.[0] ?? '';
  const isNational = [...text.slice(code.length)].filter(isDigitPlace).length > 6;
  const prefix = isNational ? code : '';
  const national = text.slice(prefix.length);
  const mainLength = lengthBeforeExtension(national);
  const main = national.slice(0, mainLength);
  const places = [...main].filter(isDigitPlace).length;
  const shownHead = Math.max(0, Math.min(headOf(main.replaceAll(/[^\d*]/gu, '')), places - 6));
  const shownTail = Math.max(0, Math.min(2, places - 6 - shownHead));
  let place = 0;
  const maskedMain = [...main].map((character) => {
    if (!isDigitPlace(character)) return character;
    place += 1;
    return place <= shownHead || place > places - shownTail ? character : hiddenPart;
  });
  return prefix + maskedMain.join('') + national.slice(mainLength).replaceAll(/\p{N}/gu, hiddenPart);
}

const isDigitPlace = (character: string): boolean => /[\p{N}*]/u.test(character);

/** Where 转, 分机, ext, x, # or a third group after a hyphen begins an extension. */
function lengthBeforeExtension(national: string): number {
  const marked = /\s*(?:转|轉|分机|ext|x|#)/iu.exec(national);
  const grouped = /^\s*(?:[(（]?[0*][\d*]{2,3}[)）]?[\s-]*[\d*]{7,8}|1[\d*]{10})(?=[\s-]+[\d*])/u.exec(
    national,
  );
  return Math.min(marked?.index ?? national.length, grouped?.[0].length ?? national.length);
}

/** Leading digits that say where a number belongs, not whose it is: the area code, or a mobile's network. */
function headOf(digits: string): number {
  if (/^(?:010|02)/u.test(digits)) return 3;
  if (digits.startsWith('0')) return 4;
  return digits.length >= 10 ? 3 : 0;
}

/**
 * Keeps what tells two cards of an order apart and hides the middle: up to six characters of the start and four of the
 * end, as PCI DSS 4.0 §3.4.1 allows at most, and never fewer than four hidden: 6212340000005678 → 621234******5678.
 * Numbers under eight characters show their last half at most.
 */
export function maskCardNo(cardNo: string): string {
  const shownTail = Math.min(4, Math.floor(cardNo.length / 2));
  const shownHead = Math.max(0, Math.min(6, cardNo.length - 8));
  const hidden = hiddenPart.repeat(cardNo.length - shownHead - shownTail);
  return cardNo.slice(0, shownHead) + hidden + cardNo.slice(cardNo.length - shownTail);
}

/** Full-width digits, letters and signs (Ａ１－（） as ASCII; everything else as it is. */
export function halfWidth(text: string): string {
  return text
    .replaceAll(/[\uff01-\uff5e]/gu, (sign) => String.fromCodePoint(sign.codePointAt(0)! - 0xfee0))
    .replaceAll('\u3000', ' ');
}

/** Code points, each with the combining marks and variation selectors that belong to it. */
function charactersOf(text: string): string[] {
  return text.match(/\P{M}\p{M}*|\p{M}+/gsu) ?? [];
}
