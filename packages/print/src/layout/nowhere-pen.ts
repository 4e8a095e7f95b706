import type { Pen } from '../draw/pen.ts';

/** Draws nothing: what is drawn with it shows only whether it is refused. */
export const nowherePen: Pen = {
  ink: () => undefined,
  rect: () => undefined,
  path: () => undefined,
  line: () => undefined,
  text: () => undefined,
  modules: () => undefined,
  artwork: () => undefined,
  within: (_matrix, draw) => draw(),
};
