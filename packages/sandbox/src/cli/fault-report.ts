import type { OrderEffects } from '../effects.ts';
import type { FaultKindInfo } from '../faults/kinds.ts';
import type { Chaos, FaultState } from '../faults/plan.ts';
import type { AsJson } from './control-client.ts';

/** The part of an answer of the control interface that is about faults, the clock and effects. */
export interface FaultReading {
  readonly kinds?: readonly (AsJson<FaultKindInfo> & { readonly kind: string })[];
  readonly fault?: AsJson<FaultState>;
  readonly faults?: readonly AsJson<FaultState>[];
  readonly chaos?: AsJson<Chaos>;
  readonly cleared?: number;
  readonly clock?: { readonly kind: 'system' | 'virtual'; readonly now: string };
  readonly effects?: AsJson<OrderEffects>;
}

/** What an answer says about faults, the clock and effects, in lines; none if it says nothing. */
export function faultLines({ kinds, fault, faults, chaos, cleared, clock, effects }: FaultReading): string[] {
  return [
    ...(kinds ?? []).map(kindLine),
    ...(fault === undefined ? [] : [ruleLine(fault)]),
    ...(faults?.length === 0 && chaos === undefined ? ['没有故障 no faults'] : []),
    ...(faults ?? []).map(ruleLine),
    ...(chaos === undefined ? [] : [chaosLine(chaos)]),
    ...(cleared === undefined ? [] : [`已清除 cleared: ${cleared}`]),
    ...(clock === undefined ? [] : [`${clockNames[clock.kind]}: ${clock.now}`]),
    ...(effects === undefined ? [] : effectLines(effects)),
  ];
}

const clockNames = { system: '系统时钟 system clock', virtual: '虚拟时钟 virtual clock' } as const;

function kindLine({
  kind,
  place,
  harmless,
  value,
  zh,
  en,
}: NonNullable<FaultReading['kinds']>[number]): string {
  const meaning = value === undefined ? '' : ` (--value ${value.meaning}, ${value.otherwise})`;
  return `${kind.padEnd(24)} ${place.padEnd(8)} ${harmless ? 'harmless' : '-       '} ${zh} ${en}${meaning}`;
}

function ruleLine({ id, kind, struck, times = 1, ...rule }: AsJson<FaultState>): string {
  const limits = [
    ['method', rule.method],
    ['order', rule.cardOrderId],
    ['pages', rule.pages?.join(',')],
    ['after', rule.afterCalls || undefined],
    ['value', rule.value],
  ].flatMap(([name, value]) => (value === undefined ? [] : [` ${name}=${value}`]));
  const often = times === 0 ? '一直 always' : `${times} 次 times`;
  return `#${id} ${kind}, ${often}, 已发生 struck ${struck}${limits.join('')}`;
}

function chaosLine({ seed, rate, kinds }: AsJson<Chaos>): string {
  return `随机故障 chaos: seed ${seed}, rate ${rate}${kinds === undefined ? '' : `, ${kinds.join(' ')}`}`;
}

function effectLines({ finish, sended, calls }: AsJson<OrderEffects>): string[] {
  return [
    `生效次数 effects: make.finish ${finish}, sended ${sended}`,
    ...calls.map(
      ({ at, asked, outcome, fault }) => `  ${at} ${asked} ${outcome}${fault ? ` (${fault})` : ''}`,
    ),
  ];
}
