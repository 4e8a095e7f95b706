import type { RefusalText } from './refusal-text.ts';

/** What is wrong with a personalisation profile, its key, a value or a file. */
export const persoRefusals = {
  'export-too-long': {
    zh: '导出行数过多',
    en: 'too many rows for this kind of export',
    next: 'Export CSV, or fewer records at a time.',
  },
  'perso-character-unencodable': {
    zh: '字符无法用该编码写出',
    en: 'a character does not exist in the encoding of the file',
    next: 'Use UTF-8, or mend the record.',
  },
  'perso-check-digit-wrong': {
    zh: '校验位错误',
    en: 'a number does not have the right check digits',
    next: 'Mend the record; if every record fails, the scheme in the profile is wrong.',
  },
  'perso-encryption-missing': {
    zh: '含密数据未加密',
    en: 'a file with secrets would be written in the clear',
    next: 'Give the public key of the press, or say outright that the file is not to be encrypted.',
  },
  'perso-file-damaged': {
    zh: '个人化文件与规格不符',
    en: 'a personalisation file is not what its profile says',
    next: 'Do not feed it to a machine: write it anew and compare the hashes.',
  },
  'perso-key-private': {
    zh: '误传了私钥',
    en: 'this is a private key',
    next: 'Treat it as leaked: its owner must make a new pair and send the public half only.',
  },
  'perso-key-unfit': {
    zh: '印刷方公钥不可用',
    en: 'the key of the press cannot be used for encryption',
    next: 'Ask the press for a current public key: one age recipient (age1…), or one OpenPGP key that can encrypt.',
  },
  'perso-match-secret-malformed': {
    zh: '匹配码密钥文件不正确',
    en: 'the file with the secret of match keys is not right',
    next: 'Give a file of hexadecimal digits, such as openssl rand -hex 32 makes.',
  },
  'perso-match-secret-missing': {
    zh: '缺少匹配码密钥',
    en: 'the match keys of this profile need a secret of at least 16 bytes',
    next: "Give the secret that the line's camera has.",
  },
  'perso-number-malformed': {
    zh: '不是数字',
    en: 'a value is not a plain number',
    next: 'Only digits can be summed or checked: mend the record or the profile.',
  },
  'perso-padding-ambiguous': {
    zh: '内容与填充字符无法区分',
    en: "a value ends where padding begins with the padding's own character",
    next: 'Choose another padding character in the profile, or mend the record.',
  },
  'perso-profile-changed': {
    zh: '已锁定的个人化文件规格被改动',
    en: 'a locked personalisation profile is not what was locked',
    next: 'Take the locked profile again, or lock the new one after the press has approved a test file.',
  },
  'perso-profile-malformed': {
    zh: '个人化文件规格有误',
    en: 'a personalisation profile cannot be used',
    next: 'Mend the setting that the message names.',
  },
  'perso-secret-exposed': {
    zh: '密级字段出现在不允许的位置',
    en: 'a secret column is named where no secret may be',
    next: 'Use a column that is not secret; unlisted columns count as secret.',
  },
  'perso-value-empty': {
    zh: '字段为空',
    en: 'a field of a personalisation file would be empty',
    next: 'Fill in the record, or let the field be empty in the profile.',
  },
  'perso-value-formula': {
    zh: '内容可能被当作公式',
    en: 'a value begins as a formula of a spreadsheet does',
    next: 'Mend the record; or, if the machine is to have it, say so with "formula" in the profile.',
  },
  'perso-value-separator': {
    zh: '内容含有分隔符或引号',
    en: 'a value holds the separator or a quote, or looks like a marker line',
    next: 'Let the profile quote values, choose another separator or marker, or mend the record.',
  },
  'perso-value-too-narrow': {
    zh: '内容短于字段宽度',
    en: 'a value is narrower than its field, which is not padded',
    next: 'Mend the record, or state the padding in the profile.',
  },
  'perso-value-too-wide': {
    zh: '内容超出字段宽度',
    en: 'a value is wider than its field',
    next: 'Mend the record, or widen the field in the profile: nothing is cut.',
  },
} as const satisfies Readonly<Record<string, RefusalText>>;
