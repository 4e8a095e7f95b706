import type { RefusalText } from './refusal-text.ts';

/** What is wrong with a layout, or with a text or code that it shall show. */
export const layoutRefusals = {
  'code-character-unsupported': {
    zh: '该码制不支持此字符',
    en: 'a text holds a character that this kind of code cannot carry',
    next: 'Remove the character, or use a QR code or Data Matrix.',
  },
  'code-empty': {
    zh: '条码内容为空',
    en: 'a code has nothing to carry',
    next: 'Fill in the field that the code is made from.',
  },
  'code-text-broken': {
    zh: '条码内容不是有效的 Unicode 文本',
    en: 'the text of a code is not well-formed Unicode',
    next: 'Mend the record: it was cut or decoded in the middle of a character.',
  },
  'code-too-long': {
    zh: '内容超出条码容量',
    en: 'the text of a code is longer than the symbol can hold',
    next: 'Shorten the text, lower the level of error correction, or allow larger symbols.',
  },
  'code-too-small': {
    zh: '预留位置放不下条码',
    en: 'the place for a code is too small to be read at this resolution',
    next: 'Enlarge the place as the message says, shorten the text, lower the level, or print with more dots per inch.',
  },
  'layout-artwork-missing': {
    zh: '版式所用图片未提供',
    en: 'an artwork of the layout was not given',
    next: 'Give the picture that the layout declares under that name.',
  },
  'layout-font-missing': {
    zh: '版式所用字体未提供',
    en: 'a font of the layout was not given',
    next: 'Give a font of that name, or name another in the layout.',
  },
  'layout-font-uneven': {
    zh: '密码字体不等宽或缺字',
    en: 'the typeface of a password is not of one width',
    next: 'Choose a fixed-width typeface that has every character of the alphabet, such as mono.',
  },
  'layout-malformed': {
    zh: '版式文件不正确',
    en: 'the layout is not right',
    next: 'Mend the layout at the place that the message names.',
  },
  'password-unfit': {
    zh: '密码长度或字符不符',
    en: 'a password differs from what the layout says of passwords',
    next: 'Set length and alphabet of the password element to what the records hold.',
  },
  'preview-too-large': {
    zh: '预览图过大',
    en: 'the preview would be too large',
    next: 'Ask for fewer dots per inch.',
  },
  'proof-shows-secret': {
    zh: '样张会露出保密内容',
    en: 'a proof would show a secret',
    next: 'Declare the field that the message names as secret in the layout.',
  },
  'text-glyph-missing': {
    zh: '字体缺字',
    en: 'no typeface has a glyph for a character',
    next: 'Add a font that has the character, or mend the record.',
  },
  'text-script-unsupported': {
    zh: '该文字需要复杂排版，暂不支持',
    en: 'a character belongs to writing that has to be joined, stacked or turned, or is no character at all',
    next: 'Write it with characters that stand alone (NFC), or place it as a picture.',
  },
} as const satisfies Readonly<Record<string, RefusalText>>;
