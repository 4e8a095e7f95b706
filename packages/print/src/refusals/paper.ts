import type { RefusalText } from './refusal-text.ts';

/** What is wrong with the data of a label or paper. */
export const paperRefusals = {
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
} as const satisfies Readonly<Record<string, RefusalText>>;
