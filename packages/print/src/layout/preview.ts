import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { initWasm, Resvg } from '@resvg/resvg-wasm';
import { ptPerMm } from '../draw/pen.ts';
import type { Row } from '../records/record.ts';
import { Refusal } from '../refusal.ts';
import type { CompiledFace, CompiledLayout } from './compile.ts';
import { roundedBox } from './shapes.ts';
import type { Side } from './sides.ts';
import { SvgPen } from './svg-pen.ts';

export interface PreviewOptions {
  /** All layers unless stated. */
  readonly layers?: readonly string[];
  /** Shows the bleed of so many millimetres around the card; 0, the cut card, unless stated. */
  readonly bleedMm?: number;
  readonly showTrim?: boolean;
  readonly showSafe?: boolean;
  /** For pages that hold several previews. */
  readonly idPrefix?: string;
  /** Stands between the layout and the picture: `proofFace`, for one. */
  readonly through?: (face: CompiledFace) => CompiledFace;
}

/**
 * One side of one card as an SVG of its size in millimetres. The row is drawn as it is: give `dummyRow` of it, or go
 * through `proofFace`, wherever people look who must see no secret.
 */
export function previewSvg(
  compiled: CompiledLayout,
  side: Side,
  row: Row,
  recordNo: number,
  options: PreviewOptions = {},
): string {
  const { layers, bleedMm = 0, idPrefix = 'card', through = (face) => face } = options;
  const face = through(
    compiled.face(side, layers === undefined ? undefined : (layer) => layers.includes(layer)),
  );
  const pen = new SvgPen(idPrefix);
  face.drawStatic(pen);
  face.drawVariable(pen, row, recordNo);

  const { card, widthPt, heightPt } = compiled;
  const bleedPt = bleedMm * ptPerMm;
  const area = [-bleedPt, -bleedPt, widthPt + 2 * bleedPt, heightPt + 2 * bleedPt].map(figure).join(' ');
  const size = `width="${figure(card.widthMm + 2 * bleedMm)}mm" height="${figure(card.heightMm + 2 * bleedMm)}mm"`;
  const radiusPt = (card.cornerRadiusMm ?? 0) * ptPerMm;
  const paper =
    bleedMm > 0
      ? roundedBox({ left: -bleedPt, bottom: -bleedPt, right: widthPt + bleedPt, top: heightPt + bleedPt }, 0)
      : roundedBox({ left: 0, bottom: 0, right: widthPt, top: heightPt }, radiusPt);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} viewBox="${area}">`,
    `<clipPath id="${idPrefix}-card"><path d="${paper}"/></clipPath>`,
    `<g transform="matrix(1 0 0 -1 0 ${figure(heightPt)})">`,
    `<g clip-path="url(#${idPrefix}-card)" style="isolation:isolate">`,
    `<path d="${paper}" fill="#ffffff"/>`,
    pen.markup(),
    '</g>',
    ...guides(compiled, options),
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}

function guides(
  { card, widthPt, heightPt }: CompiledLayout,
  { showTrim, showSafe }: PreviewOptions,
): string[] {
  const frame = (insetMm: number, colour: string): string => {
    const inset = insetMm * ptPerMm;
    const box = { left: inset, bottom: inset, right: widthPt - inset, top: heightPt - inset };
    const radius = Math.max(0, ((card.cornerRadiusMm ?? 0) - insetMm) * ptPerMm);
    return `<path d="${roundedBox(box, radius)}" fill="none" stroke="${colour}" stroke-width="0.4" stroke-dasharray="2 1.5"/>`;
  };
  return [
    ...(showTrim === true ? [frame(0, '#e5007d')] : []),
    ...(showSafe === true && card.safeMm !== undefined ? [frame(card.safeMm, '#009ee3')] : []),
  ];
}

const figure = (value: number): string => String(Number(value.toFixed(4)));

/** 16 million pixels are 64 MB while they are drawn. */
const mostPixels = 16_000_000;

let rendererReady: Promise<void> | undefined;

/**
 * A preview as PNG. The renderer is loaded once, from its package's own file; it opens no file and no connection.
 * Throws `preview-too-large` for more than 16 million pixels.
 */
export async function previewPng(svg: string, dotsPerInch: number): Promise<Uint8Array> {
  if (!(dotsPerInch >= 10 && dotsPerInch <= 2400))
    throw new Refusal('preview-too-large', `${dotsPerInch} dpi; 10 to 2400 are possible`);
  rendererReady ??= readFile(fileURLToPath(import.meta.resolve('@resvg/resvg-wasm/index_bg.wasm'))).then(
    initWasm,
  );
  await rendererReady;
  const resvg = new Resvg(svg, { dpi: dotsPerInch });
  try {
    const pixels = resvg.width * resvg.height;
    if (pixels > mostPixels)
      throw new Refusal(
        'preview-too-large',
        `${Math.round(resvg.width)} × ${Math.round(resvg.height)} pixels`,
      );
    const image = resvg.render();
    try {
      return image.asPng();
    } finally {
      image.free();
    }
  } finally {
    resvg.free();
  }
}
