import type { Ink } from '../draw/ink.ts';
import { type BoxMm, boxOf } from './box.ts';
import { atOf, inkOf, type LayoutResources } from './compiling.ts';
import type { ElementOf, Layout, LayoutElement } from './schema.ts';
import { sides, usualLayer } from './sides.ts';
import { type LayoutWarning, type LayoutWarningCode, layoutWarning } from './warning.ts';

/** An element with what warnings are made of. */
interface Placed {
  readonly element: LayoutElement;
  readonly at: string;
  readonly box: BoxMm;
  readonly ink: Ink | undefined;
}

interface Checking {
  readonly layout: Layout;
  readonly resources: LayoutResources;
  warn(code: LayoutWarningCode, at: string, detail: string): void;
}

const smallTextPt = 6;
const thinLinePt = 0.5;
const hairLinePt = 0.25;
/** How much larger than what it hides a panel must be on each side (刮刮层每边大 0.5 mm). */
const panelMarginMm = 0.5;
/** A wish of the press in millimetres is met when it is met to a hundredth. */
const slackMm = 0.005;

/** What pre-press would object to: nothing here stops the work. Pictures: see `checkPictures`. */
export function checkLayout(layout: Layout, resources: LayoutResources): LayoutWarning[] {
  const warnings: LayoutWarning[] = [];
  const checking: Checking = {
    layout,
    resources,
    warn: (code, at, detail) => warnings.push(layoutWarning(code, at, detail)),
  };
  for (const side of sides) {
    const placed = (layout[side] ?? []).map((element, index) => ({
      element,
      at: atOf(side, index, element),
      box: boxOf(element),
      ink: inkOfElement(layout, element),
    }));
    for (const each of placed) checkElement(checking, each);
    checkPanels(checking, placed);
  }
  return warnings;
}

function inkOfElement(layout: Layout, element: LayoutElement): Ink | undefined {
  if (element.type === 'image') return undefined;
  if (element.type !== 'panel') return inkOf(layout, element.ink);
  return inkOf(layout, { spot: element.spot, tint: element.tint ?? 1, overprint: element.overprint ?? true });
}

function checkElement(checking: Checking, placed: Placed): void {
  const { element, at, ink } = placed;
  if (ink !== undefined) checkInk(checking, placed, ink);
  if (element.type === 'text' || element.type === 'password' || element.type === 'code')
    checkSafeZone(checking, placed);
  if (element.type === 'rect' || element.type === 'panel') checkBleed(checking, placed);
  if (element.type === 'password') checkPassword(checking, element, at);
}

function checkInk({ resources, warn }: Checking, { element, at }: Placed, ink: Ink): void {
  const inks = ink.kind === 'cmyk' ? ink.cmyk.filter((part) => part > 0).length : 1;
  const isText = element.type === 'text' || element.type === 'password';
  if (isText && inks > 1) {
    const minSizePt = element.type === 'text' ? (element.minSizePt ?? element.sizePt) : element.sizePt;
    if (minSizePt < smallTextPt) warn('small-text-inks', at, `${minSizePt} pt, ${inks} inks`);
  }
  if (element.type === 'line') {
    if (inks > 1 && element.widthPt < thinLinePt)
      warn('thin-line-inks', at, `${element.widthPt} pt, ${inks} inks`);
    if (element.widthPt < hairLinePt) warn('line-hair', at, `${element.widthPt} pt`);
  }
  if (ink.kind !== 'cmyk') {
    if (element.type === 'code') warn('code-ink', at, ink.kind === 'spot' ? ink.spot.name : ink.kind);
    return;
  }
  const percents = ink.cmyk.map((part) => Math.round(part * 100));
  if (element.type === 'code' && percents.join() !== '0,0,0,100')
    warn('code-ink', at, `C${percents[0]} M${percents[1]} Y${percents[2]} K${percents[3]}`);
  const total = percents.reduce((sum, percent) => sum + percent, 0);
  const { maxInkPercent = 300 } = resources;
  if (total > maxInkPercent) warn('ink-total-high', at, `${total} % > ${maxInkPercent} %`);
}

function distancesMm({ card }: Layout, box: BoxMm): number[] {
  const right = card.widthMm - box.xMm - box.widthMm;
  return [box.xMm, box.yMm, right, card.heightMm - box.yMm - box.heightMm];
}

function checkSafeZone({ layout, warn }: Checking, { at, box }: Placed): void {
  const safeMm = layout.card.safeMm ?? 0;
  const nearest = Math.min(...distancesMm(layout, box));
  if (nearest < safeMm - slackMm) warn('near-edge', at, `${nearest.toFixed(2)} mm < ${safeMm} mm`);
}

function checkBleed({ layout, resources, warn }: Checking, { at, box }: Placed): void {
  const { bleedMm = 1.5 } = resources;
  const short = distancesMm(layout, box).filter((mm) => mm < slackMm && mm > slackMm - bleedMm);
  if (short.length > 0)
    warn('bleed-short', at, `${Math.max(0, -Math.max(...short)).toFixed(2)} mm < ${bleedMm} mm`);
}

/** Characters that are taken for one another, in any typeface of a scratch card. */
const lookalikes = ['0Oo', '1Il', '5S', '2Z', '8B'];

function checkPassword({ warn }: Checking, element: ElementOf<'password'>, at: string): void {
  if (element.length === undefined) warn('password-length-open', at, 'length');
  const { alphabet = '' } = element;
  const found = lookalikes
    .map((group) => [...group].filter((character) => alphabet.includes(character)).join(''))
    .filter((group) => group.length > 1);
  if (found.length > 0) warn('password-ambiguous', at, found.join(' '));
}

function checkPanels({ warn }: Checking, placed: readonly Placed[]): void {
  for (const [index, hidden] of placed.entries()) {
    if (hidden.element.type !== 'password' && hidden.element.type !== 'code') continue;
    const panels = placed.filter(
      ({ element, box }) => element.type === 'panel' && overlapMm(box, hidden.box) > 0,
    );
    if (panels.length === 0 && hidden.element.type === 'password')
      warn('password-uncovered', hidden.at, hidden.at);
    for (const panel of panels) {
      const margin = Math.min(...marginsMm(panel.box, hidden.box));
      if (margin < panelMarginMm - slackMm)
        warn('panel-margin-small', panel.at, `${hidden.at}: ${margin.toFixed(2)} mm < ${panelMarginMm} mm`);
      const isSameLayer = (panel.element.layer ?? usualLayer) === (hidden.element.layer ?? usualLayer);
      if (isSameLayer && placed.indexOf(panel) < index) warn('panel-below', panel.at, hidden.at);
      if (panel.ink?.kind === 'spot' && panel.ink.overprint === false)
        warn('panel-knocks-out', panel.at, hidden.at);
    }
  }
}

function overlapMm(a: BoxMm, b: BoxMm): number {
  const across = Math.min(a.xMm + a.widthMm, b.xMm + b.widthMm) - Math.max(a.xMm, b.xMm);
  const down = Math.min(a.yMm + a.heightMm, b.yMm + b.heightMm) - Math.max(a.yMm, b.yMm);
  return Math.min(across, down);
}

/** How far `outer` reaches beyond `inner` on each side; negative where it does not cover it. */
function marginsMm(outer: BoxMm, inner: BoxMm): number[] {
  return [
    inner.xMm - outer.xMm,
    inner.yMm - outer.yMm,
    outer.xMm + outer.widthMm - inner.xMm - inner.widthMm,
    outer.yMm + outer.heightMm - inner.yMm - inner.heightMm,
  ];
}
