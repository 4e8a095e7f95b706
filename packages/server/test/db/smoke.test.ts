import { test } from 'node:test';
import { testDatabase } from '../postgres.ts';
for (let i = 0; i < 3; i++) test('x', async (t) => {
  const t0 = performance.now();
  const db = await testDatabase(t);
  const t1 = performance.now();
  await db.pool.query('select 1');
  t.after(() => console.log('db', t1 - t0));
});
