/**
 * Every way this package refuses work: a code that never changes its meaning, what is wrong, and what to do next.
 * The place (record, field, file) is added where the refusal is made. Values of secret columns are never in it.
 */
export const refusals = {
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
  'layout-malformed': {
    zh: '版式文件不正确',
    en: 'the layout is not right',
    next: 'Mend the layout at the place that the message names.',
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
  'layout-artwork-missing': {
    zh: '版式所用图片未提供',
    en: 'an artwork of the layout was not given',
    next: 'Give the picture that the layout declares under that name.',
  },
  'text-glyph-missing': {
    zh: '字体缺字',
    en: 'no typeface has a glyph for a character',
    next: 'Add a font that has the character, or mend the record.',
  },
  'password-unfit': {
    zh: '密码长度或字符不符',
    en: 'a password differs from what the layout says of passwords',
    next: 'Set length and alphabet of the password element to what the records hold.',
  },
  'proof-shows-secret': {
    zh: '样张会露出保密内容',
    en: 'a proof would show a secret',
    next: 'Declare the field that the message names as secret in the layout.',
  },
  'preview-too-large': {
    zh: '预览图过大',
    en: 'the preview would be too large',
    next: 'Ask for fewer dots per inch.',
  },
  'paper-format-unsupported': {
    zh: '该单据不支持此输出格式',
    en: 'this paper does not come in this format',
    next: 'Ask for PDF; ZPL is for labels and waybills of 203, 300 or 600 dpi.',
  },
  'paper-malformed': {
    zh: '单据数据无法使用',
    en: 'the data of a paper cannot be used',
    next: 'Mend the property that the message names; unknown properties are not accepted.',
  },
  'paper-text-too-long': {
    zh: '文字放不进单据栏位',
    en: 'a text does not fit its place on the paper, even at the smallest size',
    next: 'Shorten the property that the message names.',
  },
  'paper-totals-differ': {
    zh: '单据合计数不一致',
    en: 'figures of a paper that must agree differ',
    next: 'Find out which figure is wrong before anything is packed or signed.',
  },
  'record-field-missing': {
    zh: '记录缺少字段',
    en: 'a record lacks a field',
    next: 'Add the column to the records, or take the element off the layout.',
  },
  'record-malformed': {
    zh: '记录无法解析',
    en: 'a record cannot be read',
    next: 'Mend that record in the input file and run again.',
  },
  'record-text-unsafe': {
    zh: '记录含有控制字符或双向文字控制符',
    en: 'a record holds a control or bidirectional formatting character',
    next: 'Remove the character that the message names.',
  },
  'record-text-too-long': {
    zh: '记录内容过长',
    en: 'a text of a record is too long',
    next: 'Shorten the text, or widen its box in the layout.',
  },
  'records-file-unreadable': {
    zh: '记录文件无法打开',
    en: 'the file of records cannot be opened',
    next: 'Name a readable file that ends with .csv or .jsonl.',
  },
  'records-encoding-wrong': {
    zh: '文件编码与声明不符',
    en: 'bytes do not belong to the encoding that was named',
    next: 'Name the encoding that the file was saved in (utf-8 or gb18030), or save it as UTF-8.',
  },
  'records-header-malformed': {
    zh: '表头不合规',
    en: 'the header does not name the columns',
    next: 'Give the file a first line of different column names (or, in .jsonl, each object the same keys).',
  },
  'records-empty': {
    zh: '文件中没有记录',
    en: 'the file holds no record',
    next: 'Give a file with at least one record.',
  },
  'record-fields-uneven': {
    zh: '字段数与表头不一致',
    en: 'a record does not have exactly the columns of the others',
    next: 'Mend that record; a text that holds a comma must stand in quotes.',
  },
  'record-quote-unclosed': {
    zh: '引号未闭合，或引号内有换行',
    en: 'a quoted text is not closed on its line',
    next: 'Close the quote; a line break cannot be part of a text.',
  },
  'record-value-not-text': {
    zh: '字段值不是字符串',
    en: 'a value is not a string',
    next: 'Write every value as a JSON string: numbers lose leading zeros and long digits.',
  },
  'record-duplicate': {
    zh: '记录重复',
    en: 'two records have the same value where it must be unique',
    next: 'Take one of the two records out: no card is made twice.',
  },
  'records-uniqueness-undecided': {
    zh: '无法判断记录是否重复',
    en: 'too many values look alike to tell whether they are unique',
    next: 'This file was made to slow the check down: ask who made it.',
  },
  'selection-malformed': {
    zh: '记录范围或补打清单写法有误',
    en: 'the list of asked records cannot be understood',
    next: 'Write ranges such as 1-500,777, or one record number or key a line.',
  },
  'selection-repeated': {
    zh: '同一记录被要求两次',
    en: 'a record is asked for twice',
    next: 'Ask for each record once: a remake makes one card.',
  },
  'selection-record-absent': {
    zh: '要求的记录不存在',
    en: 'a record that is asked for does not exist',
    next: 'Check the list against the file of records.',
  },
  'selection-key-ambiguous': {
    zh: '一个键值对应多条记录',
    en: 'a key belongs to more than one record',
    next: 'Ask by a column whose values are unique, or by record number.',
  },
  'artwork-not-picture': {
    zh: '既不是 JPEG 也不是 PNG',
    en: 'the artwork is neither JPEG nor PNG',
    next: 'Save the picture as JPEG or PNG.',
  },
  'artwork-damaged': {
    zh: '图片损坏或不完整',
    en: 'the picture is damaged or incomplete',
    next: 'Export the picture again.',
  },
  'artwork-kind-unsupported': {
    zh: '不支持的图片类型',
    en: 'this kind of picture cannot be printed as it is',
    next: 'Save it as an ordinary 8-bit JPEG (grey, RGB or CMYK) or as a PNG.',
  },
  'artwork-too-large': {
    zh: '图片过大',
    en: 'the picture is too large',
    next: 'Scale the picture down: 600 dpi at its printed size is plenty.',
  },
  'artwork-transparent': {
    zh: '图片含透明像素',
    en: 'the picture has transparent pixels',
    next: 'Flatten it onto its background: transparency changes colours on the press.',
  },
  'artwork-orientation': {
    zh: '图片依赖 EXIF 旋转',
    en: 'the picture is stored turned or mirrored',
    next: 'Save it upright, without an EXIF orientation.',
  },
  'artwork-profile-unfit': {
    zh: 'ICC 特性文件与图片不符或损坏',
    en: 'the ICC profile is damaged or does not fit the picture',
    next: 'Convert the picture to the colour space of its profile, or save it without one.',
  },
  'press-malformed': {
    zh: '印刷机参数无法识别',
    en: 'a press profile is not understood',
    next: 'Mend the setting that the message names; schema/press-1.json lists all of them.',
  },
  'press-card-differs': {
    zh: '卡片尺寸与印刷机参数不符',
    en: 'the layout is not of the card size that the press takes',
    next: 'Use the layout or the press made for that card.',
  },
  'press-does-not-fit': {
    zh: '拼版超出印张可印范围',
    en: 'the grid does not fit on the sheet',
    next: 'Take fewer columns or rows, smaller gutters, fewer marks, or a larger sheet.',
  },
  'press-lacks-duplex': {
    zh: '版式有背面，但印刷机参数未设双面印刷',
    en: 'the layout has a back and the press prints the front only',
    next: 'State duplex in the press profile, or take the back off the layout.',
  },
  'slug-character-missing': {
    zh: '印张信息行中有字体不含的字符',
    en: 'the sheet slug has a character that its typeface lacks',
    next: 'Choose another job name, or give the marks a typeface that has the character.',
  },
  'manifest-malformed': {
    zh: '印刷清单无法识别',
    en: 'a run manifest is not understood',
    next: 'Take the manifest as the run wrote it; if it was changed, run the job again.',
  },
  'perso-profile-malformed': {
    zh: '个人化文件规格有误',
    en: 'a personalisation profile cannot be used',
    next: 'Mend the setting that the message names.',
  },
  'perso-profile-changed': {
    zh: '已锁定的个人化文件规格被改动',
    en: 'a locked personalisation profile is not what was locked',
    next: 'Take the locked profile again, or lock the new one after the press has approved a test file.',
  },
  'perso-secret-exposed': {
    zh: '密级字段出现在不允许的位置',
    en: 'a secret column is named where no secret may be',
    next: 'Use a column that is not secret; unlisted columns count as secret.',
  },
  'perso-encryption-missing': {
    zh: '含密数据未加密',
    en: 'a file with secrets would be written in the clear',
    next: 'Give the public key of the press, or say outright that the file is not to be encrypted.',
  },
  'perso-key-unfit': {
    zh: '印刷方公钥不可用',
    en: 'the key of the press cannot be used for encryption',
    next: 'Ask the press for a current public key: one age recipient (age1…), or one OpenPGP key that can encrypt.',
  },
  'perso-key-private': {
    zh: '误传了私钥',
    en: 'this is a private key',
    next: 'Treat it as leaked: its owner must make a new pair and send the public half only.',
  },
  'perso-match-secret-missing': {
    zh: '缺少匹配码密钥',
    en: 'the match keys of this profile need a secret of at least 16 bytes',
    next: "Give the secret that the line's camera has.",
  },
  'perso-value-empty': {
    zh: '字段为空',
    en: 'a field of a personalisation file would be empty',
    next: 'Fill in the record, or let the field be empty in the profile.',
  },
  'perso-value-too-wide': {
    zh: '内容超出字段宽度',
    en: 'a value is wider than its field',
    next: 'Mend the record, or widen the field in the profile: nothing is cut.',
  },
  'perso-value-too-narrow': {
    zh: '内容短于字段宽度',
    en: 'a value is narrower than its field, which is not padded',
    next: 'Mend the record, or state the padding in the profile.',
  },
  'perso-padding-ambiguous': {
    zh: '内容与填充字符无法区分',
    en: "a value ends where padding begins with the padding's own character",
    next: 'Choose another padding character in the profile, or mend the record.',
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
  'perso-number-malformed': {
    zh: '不是数字',
    en: 'a value is not a plain number',
    next: 'Only digits can be summed or checked: mend the record or the profile.',
  },
  'perso-file-damaged': {
    zh: '个人化文件与规格不符',
    en: 'a personalisation file is not what its profile says',
    next: 'Do not feed it to a machine: write it anew and compare the hashes.',
  },
  'export-too-long': {
    zh: '导出行数过多',
    en: 'too many rows for this kind of export',
    next: 'Export CSV, or fewer records at a time.',
  },
  'output-profile-unusable': {
    zh: '输出意图的 ICC 特性文件不可用',
    en: 'the ICC profile of the output intent cannot be used',
    next: 'Give the press profile an ICC output profile for CMYK (device class prtr), or leave it out for FOGRA39.',
  },
  'spot-ink-conflict': {
    zh: '同名专色定义不一致',
    en: 'one spot ink is given two colours',
    next: 'Give the spot ink the same CMYK values wherever it is named, or two names.',
  },
  'spot-ink-name-unusable': {
    zh: '专色名称不可用',
    en: 'a spot ink has a name that no plate can have',
    next: 'Choose another name of 1 to 127 bytes of UTF-8; All and None have a meaning of their own.',
  },
  'font-unreadable': {
    zh: '字体文件无法读取',
    en: 'a font file cannot be read',
    next: 'Give a sound TrueType file (.ttf) with a Unicode character map.',
  },
  'font-collection': {
    zh: '字体集合须指明其中一款',
    en: 'a font collection was given without saying which of its fonts',
    next: 'Choose one by its number, or save it as a .ttf of its own.',
  },
  'font-variable': {
    zh: '不支持可变字体',
    en: 'a variable font has no outlines until its weight is chosen',
    next: 'Give a static instance, such as the Regular of the same family.',
  },
  'font-embedding-forbidden': {
    zh: '字体许可不允许嵌入',
    en: 'the font forbids to embed a subset of it in documents',
    next: 'Use another font, or one whose licence for embedding you bought.',
  },
  'text-script-unsupported': {
    zh: '该文字需要复杂排版，暂不支持',
    en: 'a character belongs to writing that has to be joined, stacked or turned, or is no character at all',
    next: 'Write it with characters that stand alone (NFC), or place it as a picture.',
  },
  'font-outlines-unsupported': {
    zh: '不支持该字体的轮廓格式',
    en: 'a font has outlines that cannot be embedded',
    next: 'Use a font with TrueType outlines (.ttf).',
  },
  'records-none': {
    zh: '没有可印的记录',
    en: 'there is no record to print',
    next: 'Check the file of records, the range or the remake list.',
  },
  'run-interrupted': {
    zh: '任务被中断，已完成的文件保留',
    en: 'the run was interrupted; whole files stay',
    next: 'Run the same command again: it goes on after the last whole file.',
  },
  'press-lacks-sheet': {
    zh: '该印刷机参数没有印张',
    en: 'the press profile has no sheet to impose on',
    next: 'Use a press profile with a sheet, or the command pdf.',
  },
  'input-unreadable': {
    zh: '无法读取输入文件',
    en: 'an input file cannot be read',
    next: 'Check its name and permissions.',
  },
  'option-unknown': {
    zh: '选项的值无效',
    en: 'an option has a value that it does not take',
    next: 'See --help.',
  },
  'option-conflict': {
    zh: '选项互相矛盾',
    en: 'two options exclude each other',
    next: 'Give one of them.',
  },
  'run-folder-taken': {
    zh: '输出文件夹中已有另一任务',
    en: 'the folder holds the output of another run',
    next: 'Choose an empty folder; to make a run anew, remove its files first.',
  },
} as const satisfies Readonly<Record<string, RefusalText>>;

interface RefusalText {
  readonly zh: string;
  readonly en: string;
  readonly next: string;
}

export type RefusalCode = keyof typeof refusals;

export interface RefusalPlace {
  /** The record's number in its file, from 1. */
  readonly recordNo?: number;
  /** The line in the file, from 1. */
  readonly line?: number;
  /** The column, setting or element: a path such as `front.elements[2].value`. */
  readonly at?: string;
  readonly file?: string;
}

/**
 * Work that this package will not do, with the code, the place and a detail free of secrets. Thrown inside a run, where
 * a return value would cost every card a check; the package's public doors catch it and return it.
 */
export class Refusal extends Error {
  readonly code: RefusalCode;
  readonly place: RefusalPlace;
  readonly detail: string;

  constructor(code: RefusalCode, detail: string, place: RefusalPlace = {}) {
    const { zh, en, next } = refusals[code];
    const where = [
      place.file,
      place.recordNo === undefined ? undefined : `record ${place.recordNo}`,
      place.line === undefined ? undefined : `line ${place.line}`,
      place.at,
    ].filter((part) => part !== undefined);
    super(`${code}: ${[...where, detail].join(': ')}. ${en} · ${zh}. ${next}`);
    this.name = 'Refusal';
    this.code = code;
    this.place = place;
    this.detail = detail;
  }
}

/** A refusal from a deeper place with the place that its caller knows; any other error as it is. */
export function refusedAt(error: unknown, place: RefusalPlace): unknown {
  if (!(error instanceof Refusal)) return error;
  return new Refusal(error.code, error.detail, { ...place, ...error.place });
}
