import type { Pool } from 'pg';

/**
 * The one clock of a schedule: of the product, of the platform, and of the database, where `now()` and
 * `clock_timestamp()` of functions and statements are shadowed by it. It stands still until it is moved.
 */
export class SimClock {
  #nowMs = startMs;
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** Milliseconds since 1970. */
  readonly now = (): number => this.#nowMs;

  reset(): Promise<void> {
    return this.moveTo(startMs);
  }

  async moveTo(ms: number): Promise<void> {
    this.#nowMs = ms;
    await this.#pool.query({
      name: 'sim-clock',
      text: 'update sim.clock set at = to_timestamp($1::float8 / 1000)',
      values: [ms],
    });
  }
}

export const startMs = Date.UTC(2026, 0, 5, 1);

/** What shadows the clock of a database; columns with a default of now() keep the machine's. */
export const clockSql = `
create schema sim;
create table sim.clock (at timestamptz not null);
insert into sim.clock values (to_timestamp(${startMs} / 1000));
create function sim.now() returns timestamptz language sql stable parallel safe as 'select at from sim.clock';
create function sim.clock_timestamp() returns timestamptz language sql stable parallel safe as 'select at from sim.clock';
`;
