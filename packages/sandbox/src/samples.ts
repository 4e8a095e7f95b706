import type { LogisticsInfo } from '@cardwright/top';
import type { TemplateRecord } from './records.ts';

/** The receiver in the published example of `cardorder.make`. */
export const sampleReceiver: LogisticsInfo = {
  receiver_name: '张三',
  receiver_number: '15512345678',
  receiver_address: '浙江省-杭州市-余杭区-五常街道文一西路969号1号楼小邮局',
  receiver_zip_code: '310000',
};

/** The published example's order: 500 cards of the first sample template. */
export const sampleOrder = { cardOrderId: 16002n, templates: 1, cards: 500n } as const;

const parValuesFen = [100n, 20_000n, 50_000n, 100_000n] as const;

/**
 * Sample template `ordinal`, from 0: the first is the published example's 3010030E02, the next are made after it
 * with other par values.
 */
export function sampleTemplate(ordinal: number): TemplateRecord {
  const parValueFen = parValuesFen[ordinal % parValuesFen.length] ?? 100n;
  return {
    templateNo: `3010030E${String(ordinal + 2).padStart(2, '0')}`,
    cardName: ordinal === 0 ? '猫超储值卡面额100' : `猫超储值卡${parValueFen / 100n}元`,
    parValueFen,
    pictureUrl: 'http://www.taobao.com/1.jpg',
    isTest: false,
  };
}
