import type { Pool } from 'pg';
import {
  acceptDifference,
  cancel,
  type FetchedJobs,
  markMade,
  type Operated,
  refetch,
  resume,
  ship,
} from '../../packages/server/src/card-order/operate.ts';
import { inTransaction } from '../../packages/server/src/db/transaction.ts';
import { couriers } from '../../packages/server/src/dispatch/courier.ts';
import { releaseParkedJobs } from '../../packages/server/src/jobs/parked.ts';
import { restartFetch } from '../../packages/server/src/personalisation/restart.ts';
import type { Transaction } from '../../packages/server/src/work.ts';
import { pick, type Random } from '../crash/random.ts';

/** An order as those who walk through the shop floor see it. */
export interface SeenOrder {
  readonly id: bigint;
  readonly state: string;
  readonly held_from: string | null;
  readonly hold_reason: string | null;
  readonly is_test: boolean | null;
  readonly finish_reported: boolean;
  readonly sended_reported: boolean;
  readonly parked: readonly string[];
}

/** All orders, or those that have not come to an end or have work that is parked. */
export async function seeOrders(pool: Pool, which: 'all' | 'open' = 'all'): Promise<readonly SeenOrder[]> {
  const { rows } = await pool.query<SeenOrder>({
    name: `sim-orders-${which}`,
    text: `select card_order_id as id, state, held_from, hold_reason, is_test, finish_reported_at is not null as finish_reported,
        sended_reported_at is not null as sended_reported,
        array(select task from parked_job p where p.environment = c.environment and p.card_order_id = c.card_order_id
          and p.released_at is null order by 1) as parked
      from card_order c ${
        which === 'all'
          ? ''
          : `where ended_at is null or exists (select from parked_job p where released_at is null
        and (p.environment, p.card_order_id) = (c.environment, c.card_order_id))`
      } order by 1`,
  });
  return rows;
}

const people = ['李四', '王五'] as const;
const mostRefetches = 4;

/** The people of the card maker: each act is one that the product offers, whatever it answers. */
export class Operators {
  readonly #pool: Pool;
  readonly #fetchedJobs: FetchedJobs;
  readonly #random: Random;
  readonly #refetches = new Map<bigint, number>();

  constructor(pool: Pool, fetchedJobs: FetchedJobs, random: Random) {
    this.#pool = pool;
    this.#fetchedJobs = fetchedJobs;
    this.#random = random;
  }

  readonly #transaction: Transaction = (work) => inTransaction(this.#pool, work);

  /** What an order waits for, done; undefined where it waits for nobody. Answers in words for the trace. */
  async actOn(order: SeenOrder): Promise<string | undefined> {
    const key = { environment: 'daily', cardOrderId: order.id } as const;
    if (order.parked.length > 0) return this.#release(order);
    if (order.state === 'held') return this.#actOnHeld(order);
    if (order.is_test === true) return undefined;
    if (order.state === 'cards_fetched' && this.#random() < 0.04) return this.#cancel(order);
    if (order.state === 'cards_fetched' || order.state === 'in_production')
      return said('made', await markMade(this.#transaction, key, '张三'));
    if (order.state === 'made') return said('ship', await this.#ship(order));
    return undefined;
  }

  /** Any act, whether it fits or not. */
  async actAtRandom(order: SeenOrder): Promise<string> {
    const key = { environment: 'daily', cardOrderId: order.id } as const;
    const acts: readonly (() => Promise<string>)[] = [
      async () => said('made', await markMade(this.#transaction, key, '张三')),
      async () => said('ship', await this.#ship(order)),
      async () => said('refetch', await this.#refetch(order)),
      async () => said('resume', await resume(this.#transaction, key, this.#fetchedJobs, '张三')),
      async () => said('accept', await this.#accept(order, pick(this.#random, people))),
      () => this.#cancel(order),
    ];
    return pick(this.#random, acts)();
  }

  async #actOnHeld(order: SeenOrder): Promise<string | undefined> {
    const key = { environment: 'daily', cardOrderId: order.id } as const;
    const code = order.hold_reason?.split(':', 1)[0] ?? '';
    if (code === 'unknown-template') return undefined;
    if (order.held_from === 'received') return this.#cancel(order);
    const isInProduction = order.held_from === 'made' || order.held_from === 'in_production';
    if (code === 'card-changed' && isInProduction && this.#random() < 0.3) {
      for (const person of people) await this.#accept(order, person);
      return 'accepted by two';
    }
    if (code === 'leak-alarm' || isInProduction)
      return said('resume', await resume(this.#transaction, key, this.#fetchedJobs, '张三'));
    if (code === 'cards-missing' || code === 'template-counts-differ') {
      if (this.#random() < 0.3) {
        for (const person of people) await this.#accept(order, person);
        return 'accepted by two';
      }
    }
    const refetches = this.#refetches.get(order.id) ?? 0;
    if (refetches >= mostRefetches) return this.#cancel(order);
    this.#refetches.set(order.id, refetches + 1);
    return said('refetch', await this.#refetch(order));
  }

  async #release({ parked }: SeenOrder): Promise<string> {
    await this.#transaction((client) => releaseParkedJobs(client, 'all', '张三'));
    return `released ${parked.join(', ')}`;
  }

  #ship(order: SeenOrder): Promise<Operated> {
    const { name: company, example: number } = pick(this.#random, couriers);
    const key = { environment: 'daily', cardOrderId: order.id } as const;
    return ship(this.#transaction, key, { company, number }, '张三');
  }

  #refetch(order: SeenOrder): Promise<Operated> {
    return refetch(this.#transaction, { environment: 'daily', cardOrderId: order.id }, restartFetch, '张三');
  }

  #accept(order: SeenOrder, person: string): Promise<Operated> {
    const key = { environment: 'daily', cardOrderId: order.id } as const;
    return acceptDifference(this.#transaction, key, this.#fetchedJobs, person);
  }

  async #cancel(order: SeenOrder): Promise<string> {
    const key = { environment: 'daily', cardOrderId: order.id } as const;
    return said('cancel', await cancel(this.#transaction, key, '平台要求', '张三'));
  }
}

const said = (act: string, { ok }: Operated): string => `${act}: ${ok ? 'done' : 'refused'}`;
