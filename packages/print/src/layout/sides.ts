/** Apart from the schemas, as all that threads need to draw: a drawing thread never loads what checks layouts. */
export type Side = 'front' | 'back';

export const sides: readonly Side[] = ['front', 'back'];

/** Where an element without `layer` belongs. */
export const usualLayer = 'print';
