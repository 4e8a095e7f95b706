import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PoolClient } from 'pg';
import { planOrder, replanHeldFor } from '../../src/card-order/plan.ts';
import { inTransaction } from '../../src/db/transaction.ts';
import type { Transaction } from '../../src/work.ts';
import { testDatabase } from '../postgres.ts';

test('a template that arrives while an order is being planned still releases it', async (t) => {
  const { pool } = await testDatabase(t);
  await pool.query(
    `insert into card_order (environment, card_order_id, making_card_no, content_fingerprint, lines, card_count,
       receiver_key_id, receiver_wrapped_key, receiver_sealed)
     values ('daily', 1, 'CWD1-8', '\\x00', '[{"templateNo":"LATE"}]', 1, 'k', '\\x00', '\\x00')`,
  );
  const transaction: Transaction = (work) => inTransaction(pool, work);
  const hasRead = Promise.withResolvers<void>();
  const mayGoOn = Promise.withResolvers<void>();
  /** Stops the plan right after it read that the template is unknown. */
  const pausing: Transaction = (work) =>
    transaction(async (client) => {
      const query = async (statement: { text: string }) => {
        const result = await client.query(statement);
        if (statement.text.includes('lock_order_to_plan')) {
          hasRead.resolve();
          await mayGoOn.promise;
        }
        return result;
      };
      return work({ query } as unknown as PoolClient);
    });

  const planned = planOrder(pausing, { environment: 'daily', cardOrderId: 1n });
  await hasRead.promise;
  await pool.query(
    "insert into template (environment, template_no, card_name, par_value_fen, is_test) values ('daily', 'LATE', 'x', 100, false)",
  );
  const replanned = replanHeldFor(transaction, 'daily', 'LATE');
  // The re-plan must still be waiting for the plan when that goes on; without the wait it ends long before.
  const waits = new Promise<'waits'>((resolve) => setTimeout(() => resolve('waits'), 300));
  const first = await Promise.race([waits, replanned.then(() => 'ended')]);
  mayGoOn.resolve();
  await Promise.all([planned, replanned]);
  assert.equal(first, 'waits');
  const { rows } = await pool.query('select state, hold_reason from card_order');
  assert.deepEqual(rows, [{ state: 'planned', hold_reason: null }]);
});
