import type { RefusalText } from './refusal-text.ts';

/** What is wrong with fonts, pictures, spot inks and output profiles. */
export const materialRefusals = {
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
  'artwork-not-picture': {
    zh: '既不是 JPEG 也不是 PNG',
    en: 'the artwork is neither JPEG nor PNG',
    next: 'Save the picture as JPEG or PNG.',
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
  'font-collection': {
    zh: '字体集合须指明其中一款',
    en: 'a font collection was given without saying which of its fonts',
    next: 'Choose one by its number, or save it as a .ttf of its own.',
  },
  'font-embedding-forbidden': {
    zh: '字体许可不允许嵌入',
    en: 'the font forbids to embed a subset of it in documents',
    next: 'Use another font, or one whose licence for embedding you bought.',
  },
  'font-outlines-unsupported': {
    zh: '不支持该字体的轮廓格式',
    en: 'a font has outlines that cannot be embedded',
    next: 'Use a font with TrueType outlines (.ttf).',
  },
  'font-unreadable': {
    zh: '字体文件无法读取',
    en: 'a font file cannot be read',
    next: 'Give a sound TrueType file (.ttf) with a Unicode character map.',
  },
  'font-variable': {
    zh: '不支持可变字体',
    en: 'a variable font has no outlines until its weight is chosen',
    next: 'Give a static instance, such as the Regular of the same family.',
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
    next: 'Choose another name of 1 to 127 bytes of UTF-8; All, None and the process inks have a meaning of their own.',
  },
} as const satisfies Readonly<Record<string, RefusalText>>;
