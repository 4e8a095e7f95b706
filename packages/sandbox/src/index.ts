export { durationMs, type VirtualClockSettings } from './clock.ts';
export type { OrderEffects, TrueCard } from './effects.ts';
export { type FaultKind, type FaultKindInfo, faultKindNames, faultKinds } from './faults/kinds.ts';
export type { Chaos, FaultRule, FaultState, Faults } from './faults/plan.ts';
export { type Sandbox, type SandboxActs, type SandboxSettings, startSandbox } from './sandbox.ts';
