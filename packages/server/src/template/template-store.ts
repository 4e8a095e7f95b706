import type { CardTemplateNew } from '@cardwright/top';
import type { PoolClient } from 'pg';
import { appendAudit } from '../audit/append.ts';

interface TemplateRow {
  readonly card_name: string;
  readonly par_value_fen: bigint;
  readonly picture_url: string | null;
  readonly is_test: boolean;
}

/**
 * Stores a template (新增实体卡模板). A repeat with the same content is a duplicate; the same number with other
 * content is a conflict, which leaves the stored one as it is and an audit row behind.
 */
export async function storeTemplate(
  client: PoolClient,
  template: CardTemplateNew,
): Promise<'stored' | 'duplicate' | 'conflict'> {
  const { own_sign: environment, template_no: templateNo } = template;
  const inserted = await client.query(
    `insert into template (environment, template_no, card_name, par_value_fen, picture_url, is_test)
     values ($1, $2, $3, $4, $5, $6) on conflict do nothing`,
    [
      environment,
      templateNo,
      template.card_name,
      String(template.par_value),
      template.picture_url ?? null,
      template.is_test,
    ],
  );
  if (inserted.rowCount === 1) {
    await audit(client, 'template.stored', template);
    return 'stored';
  }
  const known = await client.query<TemplateRow>(
    'select card_name, par_value_fen, picture_url, is_test from template where environment = $1 and template_no = $2',
    [environment, templateNo],
  );
  const row = known.rows[0];
  if (row !== undefined && sameContent(row, template)) return 'duplicate';
  await audit(client, 'template.conflict', template);
  return 'conflict';
}

function sameContent(row: TemplateRow, template: CardTemplateNew): boolean {
  return (
    row.card_name === template.card_name &&
    BigInt(row.par_value_fen) === template.par_value &&
    (row.picture_url ?? undefined) === template.picture_url &&
    row.is_test === template.is_test
  );
}

function audit(client: PoolClient, action: string, template: CardTemplateNew): Promise<void> {
  const detail = { ...template, par_value: String(template.par_value) };
  return appendAudit(client, [{ actor: 'platform', action, environment: template.own_sign, detail }]);
}
