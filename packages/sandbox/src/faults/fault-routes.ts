import { digits, type Infer, int64, list, optional, required, struct, text } from '@cardwright/top';
import { durationMs } from '../clock.ts';
import { type ControlAnswer, declined, idOf, notFound, ok, withBody } from '../control-answer.ts';
import type { SandboxActs } from '../sandbox.ts';
import { faultKindNames, faultKinds, isFaultKind } from './kinds.ts';
import type { Chaos, FaultRule } from './plan.ts';

const pages = list(int64(1n), { min: 1, max: 10_000, tag: 'page' });
const newFault = struct({
  kind: required(text(64)),
  method: optional(text(128)),
  cardOrderId: optional(digits()),
  pages: optional(pages),
  times: optional(int64()),
  afterCalls: optional(int64()),
  value: optional(int64()),
});
const newChaos = struct({
  seed: required(text(256)),
  /** A decimal fraction. */
  rate: required(text(32)),
  kinds: optional(list(text(64), { min: 1, max: 1000, tag: 'kind' })),
});
/** `by`: like `3d` or `1h30m`. */
const advance = struct({ by: required(text(64)) });

/** Answers the routes of faults, the clock and an order's effects; undefined for any other route. */
export function answerFaultRoute(
  sandbox: SandboxActs,
  route: string,
  idText: string | undefined,
  body: string,
): Promise<ControlAnswer> | ControlAnswer | undefined {
  const { faults } = sandbox;
  switch (route) {
    case 'GET /faults':
      return ok({
        faults: faults.list(),
        chaos: faults.chaos(),
        struck: Object.fromEntries(faults.struck()),
      });
    case 'GET /faults/ID':
      return idText === 'kinds' ? ok({ kinds: kindViews() }) : notFound;
    case 'POST /faults':
      return withBody(newFault, body, (input) => addFault(sandbox, input));
    case 'DELETE /faults':
      return faults.clear().then((cleared) => ok({ cleared }));
    case 'DELETE /faults/ID':
      return clearOne(sandbox, idText);
    case 'POST /chaos':
      return withBody(newChaos, body, (input) => setChaos(sandbox, input));
    case 'DELETE /chaos':
      return faults.setChaos(undefined).then(() => ok({}));
    case 'GET /clock':
      return ok({ clock: sandbox.time() });
    case 'POST /clock':
      return withBody(advance, body, ({ by }) => advanceClock(sandbox, by));
    case 'GET /orders/ID/effects': {
      const id = idOf(idText);
      return id === undefined ? notFound : ok({ effects: sandbox.effects(id) });
    }
    default:
      return undefined;
  }
}

function kindViews(): readonly object[] {
  return faultKindNames.map((kind) => ({ kind, ...faultKinds[kind] }));
}

async function addFault(sandbox: SandboxActs, input: Infer<typeof newFault>): Promise<ControlAnswer> {
  const { kind, method, cardOrderId, pages: asked, times, afterCalls, value } = input;
  if (!isFaultKind(kind)) return declined({ ok: false, problem: 'there is no such kind of fault' });
  const rule: FaultRule = {
    kind,
    ...(method === undefined ? {} : { method }),
    ...(cardOrderId === undefined ? {} : { cardOrderId }),
    ...(asked === undefined ? {} : { pages: asked.map(Number) }),
    ...(times === undefined ? {} : { times: Number(times) }),
    ...(afterCalls === undefined ? {} : { afterCalls: Number(afterCalls) }),
    ...(value === undefined ? {} : { value: Number(value) }),
  };
  const added = await sandbox.faults.add(rule);
  return added.ok ? ok({ fault: added.rule }) : declined(added);
}

async function clearOne({ faults }: SandboxActs, idText: string | undefined): Promise<ControlAnswer> {
  const id = idOf(idText);
  const cleared = id === undefined ? 0 : await faults.clear(Number(id));
  return cleared === 0 ? notFound : ok({ cleared });
}

async function setChaos({ faults }: SandboxActs, input: Infer<typeof newChaos>): Promise<ControlAnswer> {
  const { seed, rate, kinds } = input;
  const known = kinds?.filter(isFaultKind);
  if (known?.length !== kinds?.length)
    return declined({ ok: false, problem: 'there is no such kind of fault' });
  const chaos: Chaos = { seed, rate: Number(rate), ...(known === undefined ? {} : { kinds: known }) };
  const set = await faults.setChaos(chaos);
  return set.ok ? ok({ chaos }) : declined(set);
}

async function advanceClock(sandbox: SandboxActs, by: string): Promise<ControlAnswer> {
  const byMs = durationMs(by);
  if (byMs === undefined) return declined({ ok: false, problem: 'a duration is like 3d, 1h30m or 500ms' });
  if (byMs > longestStepMs) return declined({ ok: false, problem: 'at most 3650d at once' });
  const now = await sandbox.advance(byMs);
  return now === undefined
    ? declined({ ok: false, problem: "the clock is the machine's; start the sandbox with --virtual-clock" })
    : ok({ clock: sandbox.time() });
}

const longestStepMs = 3650 * 86_400_000;
