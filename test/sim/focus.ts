import { type FaultKind, faultKindNames, faultKinds } from '../../packages/sandbox/src/faults/kinds.ts';
import { pick } from '../crash/random.ts';
import type { Focus } from './schedule.ts';

/** The lies about cards that a maker has to notice, or may take as they are (R4). */
export const lieKinds: readonly FaultKind[] = faultKindNames.filter((kind) =>
  ['listing', 'cards'].includes(faultKinds[kind].place),
);

/** One lie, told once of one of two long orders. */
export const lieOnce = (kind: FaultKind): Focus => ({
  isLong: true,
  isStormy: false,
  faults: ({ orders }, random) => {
    // Where the other order was listed before, its cards can be told as this one's.
    const cardOrderId = pick(random, orders).cardOrderId;
    const times = kind === 'card-in-two-orders' ? 0 : 1;
    return [{ kind, cardOrderId, times }];
  },
});

/** Ways in which a notification acts, and its caller does not hear of it (R6). */
export const unheardActs = [
  'acted-then-reset',
  'isp-timeout-acted',
  'http-502',
  'half-answer',
  'garbage-answer',
] as const satisfies readonly FaultKind[];

/** Each of finish and sended acts unheard, once or twice, is refused when repeated or not, amid kills. */
export const actUnheard: Focus = {
  isLong: false,
  isStormy: true,
  faults: (_, random) =>
    ['make.finish', 'sended']
      .flatMap((method) => [
        { kind: pick(random, unheardActs), method, times: 0 as const, afterCalls: 0 },
        ...(random() < 0.3 ? [{ kind: 'repeat-refused' as const, method, times: 2 }] : []),
      ])
      .map((rule) => ({ ...rule, times: rule.times === 0 ? 1 + Math.floor(random() * 3) : rule.times })),
};
