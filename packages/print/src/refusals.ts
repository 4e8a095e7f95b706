import { layoutRefusals } from './refusals/layout.ts';
import { materialRefusals } from './refusals/material.ts';
import { paperRefusals } from './refusals/paper.ts';
import { persoRefusals } from './refusals/perso.ts';
import { pressRefusals } from './refusals/press.ts';
import { recordRefusals } from './refusals/record.ts';

/**
 * Every way this package refuses work: a code that never changes its meaning, what is wrong, and what to do next.
 * The place (record, field, file) is added where the refusal is made. Values of secret columns are never in it.
 */
export const refusals = {
  ...recordRefusals,
  ...layoutRefusals,
  ...materialRefusals,
  ...pressRefusals,
  ...persoRefusals,
  ...paperRefusals,
};

export type RefusalCode = keyof typeof refusals;
