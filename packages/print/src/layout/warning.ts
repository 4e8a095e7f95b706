/** What a layout may do and rarely should. A warning's code never changes its meaning. */
export const layoutWarnings = {
  'near-edge': {
    zh: '文字或条码超出安全区',
    en: 'text or a code is nearer to the edge than the safe zone',
  },
  'bleed-short': {
    zh: '图形到边但未做出血',
    en: 'artwork ends at the edge without filling the bleed',
  },
  'ink-total-high': { zh: '总墨量过高', en: 'more ink than the press takes' },
  'small-text-inks': {
    zh: '小于 6 pt 的文字用了多色，套印不准会发虚',
    en: 'text under 6 pt in more than one ink blurs with any misregistration',
  },
  'thin-line-inks': {
    zh: '小于 0.5 pt 的线条用了多色',
    en: 'a line under 0.5 pt in more than one ink blurs with any misregistration',
  },
  'line-hair': { zh: '线条细于 0.25 pt', en: 'a line under 0.25 pt may not print' },
  'code-ink': {
    zh: '条码应为单黑 K100',
    en: 'a code in another ink than black alone (K100) may not be read',
  },
  'password-length-open': {
    zh: '未规定密码长度，宽度可能泄露信息',
    en: 'without length, the width of a password may tell something',
  },
  'password-ambiguous': {
    zh: '密码含易混淆字符',
    en: 'the alphabet of a password has characters that are taken for one another',
  },
  'password-uncovered': { zh: '密码没有覆盖层', en: 'no panel covers a password' },
  'panel-margin-small': {
    zh: '覆盖层每边应比被遮内容大 0.5 mm',
    en: 'a panel must be 0.5 mm larger on each side than what it hides',
  },
  'panel-below': { zh: '覆盖层在被遮内容之下', en: 'a panel lies below what it should hide' },
  'panel-knocks-out': {
    zh: '覆盖层未设叠印，会镂空下方内容',
    en: 'a panel without overprint erases what it should hide',
  },
} as const satisfies Readonly<Record<string, { readonly zh: string; readonly en: string }>>;

export type LayoutWarningCode = keyof typeof layoutWarnings;

export interface LayoutWarning {
  readonly code: LayoutWarningCode;
  /** The element, such as `front[2]`, with its name if it has one. */
  readonly at: string;
  /** Figures, the same in any language. */
  readonly detail: string;
  readonly zh: string;
  readonly en: string;
}

export function layoutWarning(code: LayoutWarningCode, at: string, detail: string): LayoutWarning {
  return { code, at, detail, ...layoutWarnings[code] };
}
