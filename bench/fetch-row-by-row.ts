import { createCipheriv, createHmac, randomBytes } from 'node:crypto';
import type { Pool } from 'pg';
import type { OrderKey } from '../packages/server/src/card-order/move.ts';
import { inTransaction } from '../packages/server/src/db/transaction.ts';
import type { Platform } from '../packages/server/src/platform/platform.ts';

const table = `create table if not exists peer_card (environment text not null, card_order_id bigint not null,
  page_no integer not null, slot smallint not null, template_no text not null, platform_status text not null,
  number_mac bytea not null unique, sealed bytea not null, primary key (environment, card_order_id, page_no, slot))`;

/**
 * What most would write: page after page, each card sealed by itself and inserted by a statement of its own, a page a
 * transaction. The same guarantees: durable, sealed, unique, resumable at the page.
 */
export async function fetchRowByRow(pool: Pool, platform: Platform, key: OrderKey): Promise<void> {
  await pool.query(table);
  const dataKey = randomBytes(32);
  const macKey = randomBytes(32);
  for (let pageNo = 1; ; pageNo++) {
    const answer = await platform.cardPage(key.cardOrderId, pageNo, 500);
    if (!answer.ok) throw new Error(answer.cause);
    await inTransaction(pool, async (client) => {
      for (const [slot, card] of answer.value.entries()) {
        const nonce = randomBytes(12);
        const cipher = createCipheriv('aes-256-gcm', dataKey, nonce);
        cipher.setAAD(Buffer.from(`${key.environment} ${key.cardOrderId} ${pageNo} ${slot}`));
        const secrets = JSON.stringify([card.cardNo, card.cardPassword, card.qrCode, card.shortQrCode]);
        const sealed = Buffer.concat([
          nonce,
          cipher.update(secrets, 'utf8'),
          cipher.final(),
          cipher.getAuthTag(),
        ]);
        const mac = createHmac('sha256', macKey).update(card.cardNo).digest().subarray(0, 16);
        await client.query({
          name: 'peer-insert',
          text: 'insert into peer_card values ($1, $2, $3, $4, $5, $6, $7, $8)',
          values: [
            key.environment,
            String(key.cardOrderId),
            pageNo,
            slot,
            card.templateNo,
            card.status,
            mac,
            sealed,
          ],
        });
      }
    });
    if (answer.value.length < 500) return;
  }
}
