import { type FaultKind, faultKindNames, faultKinds } from '../../packages/sandbox/src/faults/kinds.ts';

/** In real time, which a schedule does not have; what they do is done by others of their kind. */
const untimely: ReadonlySet<FaultKind> = new Set<FaultKind>([
  'slow',
  'silent-before',
  'acted-then-silent',
  'maker-hang-up',
  'maker-repeat',
  'maker-repeat-later',
  'maker-reorder',
]);

/** What strikes most schedules. */
export const usualKinds = faultKindNames.filter(
  (kind) => !untimely.has(kind) && faultKinds[kind].onlyNamed !== true,
);
/** Those, and what a maker gets over only with a person or a long wait. */
export const rareKinds = faultKindNames.filter((kind) => !untimely.has(kind));

/** The work that is about one order. */
export const orderTasks = [
  'plan-card-order',
  'fetch-cards',
  'watch-cards',
  'report-finish',
  'report-sended',
  'advance-test-order',
] as const;
