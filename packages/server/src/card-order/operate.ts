/** What people do with orders: each verb is one transaction with its audit rows, and answers why where it may not be. */
import type { PoolClient } from 'pg';
import { appendAudit } from '../audit/append.ts';
import { addJob, type NewJob } from '../db/add-job.ts';
import { readWaybill } from '../dispatch/courier.ts';
import type { Transaction } from '../work.ts';
import { approveDifference, cardsAreAsOrderedOrAccepted } from './difference-store.ts';
import { dispatchOrder } from './dispatch-order.ts';
import { holdReasons } from './hold.ts';
import { planOrderJob } from './missing-jobs.ts';
import { type LockedOrder, lockOrder, moveOrder, type OrderKey } from './move.ts';
import { reportFinishJob, reportSendedJob } from './order-jobs.ts';
import { fetchCardsJob } from './plan.ts';
import { findOpenAttempts, readReportFacts } from './report-store.ts';
import type { OrderState } from './transitions.ts';

/** What came of it, or why not, in both languages. */
export type Operated = { readonly ok: boolean; readonly zh: string; readonly en: string };

const done = (zh: string, en: string): Operated => ({ ok: true, zh, en });
const no = (zh: string, en: string): Operated => ({ ok: false, zh, en });

type Act = (client: PoolClient, order: LockedOrder) => Promise<Operated>;

function operate(transaction: Transaction, key: OrderKey, act: Act): Promise<Operated> {
  return transaction(async (client) => {
    const order = await lockOrder(client, key);
    return order === undefined
      ? no(`没有制卡单 ${key.cardOrderId}`, `there is no order ${key.cardOrderId}`)
      : act(client, order);
  });
}

const testOrder = no(
  '测试单不进入生产：它自行走完各状态',
  'this is an order of test templates: it goes through its states by itself and never reaches production',
);

function wrongState(order: LockedOrder, zh: string, en: string): Operated {
  return no(`当前状态为 ${order.state}，${zh}`, `the order is ${order.state}; ${en}`);
}

/** All cards of an order are made and proven: through production to `made`, with the job that tells the platform. */
export function markMade(transaction: Transaction, key: OrderKey, person: string): Promise<Operated> {
  return operate(transaction, key, async (client, order) => {
    if (order.isTest === true) return testOrder;
    if (order.state === 'made') return done('此单已制成', 'the order is made already');
    if (order.state !== 'cards_fetched' && order.state !== 'in_production')
      return wrongState(order, '取卡完成后才能制成', 'it can be made once its cards are fetched');
    if (!(await cardsAreAsOrderedOrAccepted(client, order)))
      return no(
        '卡数与订单不符，且未经两人同意',
        'its cards are not as many as ordered, and no two people have accepted that',
      );
    if (order.state === 'cards_fetched')
      await moveOrder(client, order, { to: 'in_production', actor: person });
    await addJob(client, reportFinishJob(key));
    await moveOrder(client, { ...order, state: 'in_production' }, { to: 'made', actor: person });
    return done('已制成，将通知平台', 'made; the platform will be told');
  });
}

export interface Shipment {
  readonly company: string;
  readonly number: string;
  /** Takes a courier or a number that the list does not know; the audit log says so. */
  readonly force?: boolean;
}

/** An order that is made is handed to a courier; the platform is told once it knows that the order is made. */
export function ship(
  transaction: Transaction,
  key: OrderKey,
  shipment: Shipment,
  person: string,
): Promise<Operated> {
  return operate(transaction, key, async (client, order) => {
    if (order.isTest === true) return testOrder;
    if (order.state !== 'made')
      return wrongState(order, '制成后才能发货', 'only an order that is made can be shipped');
    const isForced = shipment.force === true;
    const waybill = readWaybill(shipment.company, shipment.number, isForced);
    if (!waybill.ok) return no(waybill.zh, waybill.en);
    const { company, number } = waybill;
    const forced = isForced && !readWaybill(shipment.company, shipment.number).ok ? { forced: true } : {};
    const { isFinishReported } = await readReportFacts(client, order);
    if (isFinishReported) await addJob(client, reportSendedJob(key));
    await dispatchOrder(client, order, { company, number }, person, forced);
    return done(
      `已发货：${company} ${number}，${isFinishReported ? '将通知平台' : '待平台确认制卡完成后通知'}`,
      `shipped with ${company} ${number}; the platform will be told${isFinishReported ? '' : ' once it knows that the order is made'}`,
    );
  });
}

const longestReason = 200;

/** An order that will not be made. Not possible once the platform may have been told that it is. */
export function cancel(
  transaction: Transaction,
  key: OrderKey,
  reason: string,
  person: string,
): Promise<Operated> {
  const words = reason.trim().replace(/\s+/g, ' ');
  return operate(transaction, key, async (client, order) => {
    if (words === '' || words.length > longestReason)
      return no(
        `取消原因须为 1–${longestReason} 个字`,
        `a reason of 1 to ${longestReason} characters is needed`,
      );
    if (order.state === 'cancelled') return done('此单已取消', 'the order is cancelled already');
    if (!canBeCancelled(order.state)) return wrongState(order, '已不能取消', 'it is too late to cancel it');
    const { isFinishReported } = await readReportFacts(client, order);
    if (isFinishReported || (await findOpenAttempts(client, key, 'make-finish')).length > 0)
      return no(
        '平台可能已收到制卡完成通知，不能取消',
        'the platform may have been told that the order is made: it cannot be cancelled',
      );
    await moveOrder(client, order, { to: 'cancelled', actor: person, detail: { reason: words } });
    return done('已取消', 'cancelled');
  });
}

const canBeCancelled = (state: OrderState): boolean =>
  state === 'received' ||
  state === 'planned' ||
  state === 'cards_fetched' ||
  state === 'in_production' ||
  state === 'held';

const codeOf = (order: LockedOrder): string => order.holdReason?.split(':', 1)[0] ?? '';

/**
 * Holds that end when a person has looked into them. A card that changed before production is fetched anew; once it is
 * made, there is no other way on.
 */
const isClearedByPerson = (order: LockedOrder): boolean =>
  codeOf(order) === 'leak-alarm' ||
  (codeOf(order) === 'card-changed' && (order.heldFrom === 'in_production' || order.heldFrom === 'made'));

/** The jobs of an order whose cards are fetched: a test order lives on by itself, a real one is watched. */
export type FetchedJobs = (order: OrderKey & { readonly isTest: boolean }) => readonly NewJob[];

/** A held order goes on where it stopped: after a leak alarm that was cleared, or to be planned again. */
export function resume(
  transaction: Transaction,
  key: OrderKey,
  fetchedJobs: FetchedJobs,
  person: string,
): Promise<Operated> {
  return operate(transaction, key, async (client, order) => {
    if (order.state !== 'held' || order.heldFrom === null)
      return wrongState(order, '只有已暂停的单可以恢复', 'only a held order can be resumed');
    if (order.heldFrom === 'received') {
      await addJob(client, planOrderJob(key));
      const detail = { reason: order.holdReason };
      await appendAudit(client, [{ actor: person, action: 'order.plan-again', ...key, detail }]);
      return done(
        '将重新排产；原因未消除则仍会暂停',
        'it is planned again; while the reason lasts it stays held',
      );
    }
    if (!isClearedByPerson(order))
      return no(
        '此暂停原因不能直接恢复，见 orders show 的建议',
        'an order that is held for this reason cannot just go on; orders show says what can be done',
      );
    const to = order.heldFrom as Exclude<OrderState, 'held'>;
    for (const job of await jobsOf(client, { ...order, state: to }, fetchedJobs)) await addJob(client, job);
    await moveOrder(client, order, {
      to,
      actor: person,
      detail: { resumed: true, reason: order.holdReason },
    });
    return done(`已恢复为 ${to}`, `it goes on as ${to}`);
  });
}

/** The jobs of an order that comes back from a hold; at other points it waits for people. */
async function jobsOf(
  client: PoolClient,
  order: LockedOrder,
  fetchedJobs: FetchedJobs,
): Promise<readonly NewJob[]> {
  if (order.state === 'planned') return [fetchCardsJob(order)];
  const jobs = [...fetchedJobs({ ...order, isTest: order.isTest === true })];
  const { isFinishReported } = await readReportFacts(client, order);
  if (order.state === 'made' && !isFinishReported) jobs.push(reportFinishJob(order));
  return jobs;
}

/** Fetches an order's cards anew; given by personalisation. Leaves the order `planned`. */
export type RestartFetch = (client: PoolClient, order: LockedOrder, actor: string) => Promise<void>;

/** The cards of an order that is held for them are fetched anew. */
export function refetch(
  transaction: Transaction,
  key: OrderKey,
  restartFetch: RestartFetch,
  person: string,
): Promise<Operated> {
  return operate(transaction, key, async (client, order) => {
    const isHeldForCards =
      order.state === 'held' && (order.heldFrom === 'planned' || order.heldFrom === 'cards_fetched');
    if (!isHeldForCards)
      return wrongState(
        order,
        '只有因取卡而暂停、尚未生产的单可以重新取卡',
        'only an order that is held for its cards, before production, can be fetched anew',
      );
    await restartFetch(client, order, person);
    return done('将重新取卡', 'its cards will be fetched anew');
  });
}

/**
 * One of two different people accepts that an order's cards differ from what was ordered; the second lets it go on. Of a
 * made order also that the platform gives other cards now: what is printed cannot be fetched anew.
 */
export function acceptDifference(
  transaction: Transaction,
  key: OrderKey,
  fetchedJobs: FetchedJobs,
  person: string,
): Promise<Operated> {
  const name = person.normalize('NFKC').trim().replace(/\s+/g, ' ');
  return operate(transaction, key, async (client, order) => {
    if (name === '' || name.length > 64)
      return no('须用 --by 写明同意人', 'say who accepts it (--by, 1 to 64 characters)');
    const isChangedOnceMade = isClearedByPerson(order) && codeOf(order) === 'card-changed';
    if (order.state !== 'held' || !(order.heldFrom === 'planned' || isChangedOnceMade))
      return wrongState(order, '没有待接受的差异', 'there is no difference to accept');
    if (!isChangedOnceMade && !isAcceptable(codeOf(order)))
      return no(
        '此类差异不能接受，只能重新取卡或取消',
        'this cannot be accepted: fetch the cards anew, or cancel',
      );
    const { approvedBy, digest, isNew } = await approveDifference(client, order, name);
    const approval = {
      actor: name,
      action: 'order.difference-accepted',
      ...key,
      detail: { reason: order.holdReason, holdDigest: digest },
    };
    if (isNew) await appendAudit(client, [approval]);
    if (approvedBy.length < 2)
      return done('已记录；还需另一人同意', 'noted; another person has to accept it too');
    const to = isChangedOnceMade ? (order.heldFrom as 'in_production' | 'made') : 'cards_fetched';
    for (const job of await jobsOf(client, { ...order, state: to }, fetchedJobs)) await addJob(client, job);
    await moveOrder(client, order, {
      to,
      actor: name,
      detail: { acceptedBy: approvedBy, reason: order.holdReason },
    });
    return done('两人已同意，继续', 'two people have accepted it; the order goes on');
  });
}

function isAcceptable(code: string): boolean {
  const entry = Object.hasOwn(holdReasons, code) ? holdReasons[code as keyof typeof holdReasons] : undefined;
  return entry !== undefined && 'acceptable' in entry;
}
