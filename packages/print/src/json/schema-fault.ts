import type { TLocalizedValidationError } from 'typebox/error';

export type SchemaFault = TLocalizedValidationError;

/** Of all that a schema finds wrong, what helps: of an unknown setting it also says that nothing is allowed there. */
export function mostTelling(faults: readonly SchemaFault[]): SchemaFault {
  return faults.find(({ keyword }) => keyword !== 'boolean') ?? (faults[0] as SchemaFault);
}

/** `/front/2/sizePt` as `front[2].sizePt`, behind `base` where the schema was that of a part. */
export function pathOf(pointer: string, base = ''): string {
  const steps = pointer.split('/').slice(1);
  const path = steps.map(stepText).join('');
  return base === '' ? path.replace(/^\./, '') : base + path;
}

const longestStep = 60;

function stepText(step: string): string {
  if (/^\d+$/.test(step)) return `[${step}]`;
  return `.${step.replaceAll('~1', '/').replaceAll('~0', '~').slice(0, longestStep)}`;
}

const mostNames = 5;
const longestName = 40;

/** What is wrong, with the names of settings that are unknown or missing; values are never in it. */
export function reasonOf(fault: SchemaFault): string {
  if (fault.keyword === 'additionalProperties') {
    const names = fault.params.additionalProperties.slice(0, mostNames);
    return `${names.map((name) => JSON.stringify(name.slice(0, longestName))).join(', ')}: no such setting`;
  }
  if (fault.keyword === 'required') return `${fault.params.requiredProperties.join(', ')} must be stated`;
  return fault.message;
}
