import type { Environment } from '@cardwright/top';
import type { PoolClient } from 'pg';
import { raiseAlarm } from '../alarm/alarm-store.ts';
import { appendAudit } from '../audit/append.ts';
import type { EnvironmentConfig } from '../config.ts';
import { addJob } from '../db/add-job.ts';
import type { ActOutcome } from '../platform/outcome.ts';
import type { Platform } from '../platform/platform.ts';
import { GiveUp, TryLater, type Work } from '../work.ts';
import { type LockedOrder, lockOrder, type OrderKey } from './move.ts';
import { advanceTestOrderJob, reportSendedJob } from './order-jobs.ts';
import {
  findOpenAttempts,
  type ReportContent,
  type ReportFacts,
  type ReportKind,
  readReportFacts,
  storeIntent,
  storeOutcome,
  storeReported,
} from './report-store.ts';
import type { OrderState } from './transitions.ts';

/** What reports need from the rooms below. */
export interface ReportParts {
  readonly platformOf: (environment: Environment) => Platform;
  /**
   * Whether this refusal says that the platform knows the fact already. Believed only after an attempt that may have
   * acted: who never said it has no reason to hear it.
   */
  readonly meansAlready: (environment: Environment, code: string) => boolean;
}

/** Reads refusals by the settings `alreadyDoneCodes` of the environments. */
export function alreadyByCodes(environments: readonly EnvironmentConfig[]): ReportParts['meansAlready'] {
  const patterns = new Map(
    environments.map(({ name, alreadyDoneCodes }) => [
      name,
      alreadyDoneCodes.map((code) => new RegExp(`^${code.split('*').map(RegExp.escape).join('.*')}$`)),
    ]),
  );
  return (environment, code) => patterns.get(environment)?.some((pattern) => pattern.test(code)) === true;
}

/** Tells the platform that all cards are made: only when it is true, once in effect. Does nothing where it is not due. */
export const reportFinish = (parts: ReportParts, work: Work, key: OrderKey): Promise<void> =>
  report(parts, work, key, 'make-finish');

/** Tells the platform that the order was shipped: only after it knows that the cards are made. */
export const reportSended = (parts: ReportParts, work: Work, key: OrderKey): Promise<void> =>
  report(parts, work, key, 'sended');

/** The states in which the cards are made, and in which they are shipped. A receipt ends an order, not its reports. */
const trueIn: Readonly<Record<ReportKind, readonly OrderState[]>> = {
  'make-finish': ['made', 'dispatched', 'closed', 'test_done'],
  sended: ['dispatched', 'closed', 'test_done'],
};

/** The order was changed between looking and calling. */
class NotDue extends Error {}

/**
 * Intent, call, outcome: three steps, of which a crash may cut off any. What was intended and has no clear outcome is
 * said again, with exactly the same content, which the platform takes as the same fact.
 */
async function report(parts: ReportParts, work: Work, key: OrderKey, kind: ReportKind): Promise<void> {
  const due = await work.transaction((client) => findDue(client, key, kind));
  if (due === undefined) return;
  let callId: bigint | undefined;
  const before = async (): Promise<void> => {
    callId = await work.transaction(async (client) => {
      const content = await findDue(client, key, kind);
      if (content === undefined || !isSame(content, due)) throw new NotDue();
      return storeIntent(client, key, kind, content);
    });
  };
  let outcome: ActOutcome;
  try {
    outcome = await say(parts.platformOf(key.environment), key, kind, due, { before, signal: work.signal });
  } catch (error) {
    if (error instanceof NotDue) return;
    throw error;
  }
  // Without an intent nothing was called: the door was closed.
  const isKnown = callId === undefined ? false : await conclude(parts, work, { key, kind, callId, outcome });
  if (!outcome.ok && !isKnown) throw goOn(kind, outcome);
}

function say(
  platform: Platform,
  key: OrderKey,
  kind: ReportKind,
  content: ReportContent,
  options: { readonly before: () => Promise<void>; readonly signal: AbortSignal },
): Promise<ActOutcome> {
  if (kind === 'make-finish') return platform.finish(key.cardOrderId, options);
  const { company = '', number = '' } = content;
  return platform.sended(key.cardOrderId, { company, number }, options);
}

/** What is to be said, or undefined where it is not true, not its turn, or known already. */
async function findDue(
  client: PoolClient,
  key: OrderKey,
  kind: ReportKind,
): Promise<ReportContent | undefined> {
  const order = await lockOrder(client, key);
  if (order === undefined) throw new GiveUp(`no order ${key.environment} ${key.cardOrderId} to report`);
  const facts = await readReportFacts(client, order);
  const content = dueContent(order, facts, kind);
  if (content === undefined) return undefined;
  const attempts = await findOpenAttempts(client, key, kind);
  if (attempts.every((attempt) => isSame(attempt.content, content))) return content;
  throw new GiveUp(`${kind}: the platform may know other content already; it was changed since`);
}

function dueContent(order: LockedOrder, facts: ReportFacts, kind: ReportKind): ReportContent | undefined {
  if (!trueIn[kind].includes(order.state)) return undefined;
  if (kind === 'make-finish') return facts.isFinishReported ? undefined : {};
  if (!facts.isFinishReported || facts.isSendedReported) return undefined;
  const { logisticsCompany: company, logisticsOrderId: number } = facts;
  if (company === null || number === null)
    throw new GiveUp('an order was shipped without courier and waybill');
  return { company, number };
}

const isSame = (a: ReportContent, b: ReportContent): boolean =>
  a['company'] === b['company'] && a['number'] === b['number'];

interface SaidReport {
  readonly key: OrderKey;
  readonly kind: ReportKind;
  readonly callId: bigint;
  readonly outcome: ActOutcome;
}

/** Writes the outcome with all that follows from it, in one transaction. Answers whether the platform knows the fact. */
function conclude(parts: ReportParts, work: Work, said: SaidReport): Promise<boolean> {
  const { key, kind, callId, outcome } = said;
  return work.transaction(async (client) => {
    const order = await lockOrder(client, key);
    if (order === undefined) throw new Error('an order vanished while it was reported');
    if (outcome.ok) {
      await storeKnown(client, order, said, undefined);
      return true;
    }
    const saysAlready = outcome.kind === 'refused' && parts.meansAlready(key.environment, outcome.code);
    if (saysAlready && (await mayHaveSaid(client, order, said))) {
      await storeKnown(client, order, said, outcome.cause);
      return true;
    }
    await storeOutcome(client, callId, outcome.kind === 'later' ? 'put-off' : outcome.kind, outcome.cause);
    if (needsPerson(outcome)) {
      const detail = { report: kind, cause: outcome.cause };
      await raiseAlarm(client, { kind: 'report-refused', ...key, detail });
      await appendAudit(client, [{ actor: 'reporter', action: 'order.report-refused', ...key, detail }]);
    }
    return false;
  });
}

/** Whether another attempt was understood, or may have been. */
async function mayHaveSaid(
  client: PoolClient,
  order: LockedOrder,
  { key, kind, callId }: SaidReport,
): Promise<boolean> {
  if (isReported(await readReportFacts(client, order), kind)) return true;
  return (await findOpenAttempts(client, key, kind, callId)).length > 0;
}

const isReported = (facts: ReportFacts, kind: ReportKind): boolean =>
  kind === 'make-finish' ? facts.isFinishReported : facts.isSendedReported;

/** The platform knows the fact: from now on it is ours to know too, and the next fact may have its turn. */
async function storeKnown(
  client: PoolClient,
  order: LockedOrder,
  { key, kind, callId, outcome }: SaidReport,
  detail: string | undefined,
): Promise<void> {
  const requestId = outcome.ok ? outcome.requestId : undefined;
  const facts = await readReportFacts(client, order);
  const isRepeated = isReported(facts, kind);
  await storeOutcome(client, callId, isRepeated ? 'repeated' : 'done', detail, requestId);
  if (isRepeated) return;
  await storeReported(client, key, kind);
  if (kind === 'make-finish') {
    if (order.state === 'made' && order.isTest === true) await addJob(client, advanceTestOrderJob(key));
    if (trueIn.sended.includes(order.state)) await addJob(client, reportSendedJob(key));
  }
  const action = kind === 'make-finish' ? 'order.finish-reported' : 'order.sended-reported';
  const told = kind === 'sended' ? { company: facts.logisticsCompany, number: facts.logisticsOrderId } : {};
  await appendAudit(client, [
    {
      actor: 'reporter',
      action,
      ...key,
      detail: {
        ...told,
        ...(requestId === undefined ? {} : { requestId }),
        ...(detail === undefined ? {} : { knownAlready: detail }),
      },
    },
  ]);
}

type Failed = Extract<ActOutcome, { ok: false }>;

const needsPerson = (outcome: Failed): boolean =>
  outcome.kind === 'refused' || (outcome.kind === 'unknown' && !outcome.mayRepeat);

/** How the job goes on. */
function goOn(kind: ReportKind, outcome: Failed): Error {
  const cause = `${kind}: ${outcome.cause}`;
  if (outcome.kind === 'refused' || needsPerson(outcome)) return new GiveUp(cause);
  const { retryAfterMs, counts } = outcome;
  return new TryLater(cause, { counts, ...(retryAfterMs === undefined ? {} : { delayMs: retryAfterMs }) });
}
