import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import {
  type CardOrderMakeSuccess,
  composeSpi,
  encodeMakeSuccess,
  makeSuccessMethod,
  parseContentType,
  readMakeSuccessAnswer,
} from '@cardwright/top';
import type { CallLog } from '../call-log.ts';
import { exchange } from '../maker-link.ts';

/** The platform's way to the business party. */
export interface BuyerLink {
  /** Sends cardorder.make.success once. Undefined: the business party has taken it; else why it is not known to have. */
  notify(notice: CardOrderMakeSuccess['request']): Promise<string | undefined>;
  close(): void;
}

export interface BuyerLinkSettings {
  /** The business party's SPI address; undefined: a simulated one that takes every notice. */
  readonly buyer: string | undefined;
  readonly appKey: string;
  readonly appSecret: string;
  readonly timeoutMs: number;
  /** The time that signed calls carry. */
  readonly clock: () => Date;
  readonly calls: CallLog;
}

export function createBuyerLink(settings: BuyerLinkSettings): BuyerLink {
  const buyer = settings.buyer === undefined ? undefined : new URL(settings.buyer);
  const agent = buyer?.protocol === 'https:' ? new HttpsAgent() : new HttpAgent();

  async function deliver(to: URL, request: CardOrderMakeSuccess['request']): Promise<string | undefined> {
    const signed = composeSpi({
      url: to.pathname + to.search,
      method: makeSuccessMethod,
      appKey: settings.appKey,
      secret: settings.appSecret,
      timestamp: settings.clock(),
      body: encodeMakeSuccess({ request }, 'form'),
    });
    const response = await exchange(to, agent, signed, settings.timeoutMs);
    if (response.outcome !== 'response') return `${response.outcome} (${response.detail})`;
    if (response.httpStatus !== 200) return `HTTP status ${response.httpStatus}`;
    const charset = parseContentType(response.contentType)?.charset;
    const answer = readMakeSuccessAnswer(response.body, charset);
    if (!answer.ok) return `unreadable (${answer.issue.path} ${answer.issue.expected})`;
    return answer.value.success ? undefined : `refused with ${JSON.stringify(answer.value.result_code)}`;
  }

  return {
    async notify(request) {
      const startedMs = performance.now();
      const problem = buyer === undefined ? undefined : await deliver(buyer, request);
      const { order_id: cardOrderId, out_biz_id: outBizId } = request;
      settings.calls.note({
        direction: 'out',
        method: makeSuccessMethod,
        cardOrderId,
        ok: problem === undefined,
        outcome: `order=${cardOrderId} biz=${JSON.stringify(outBizId)}: ${problem ?? 'taken'}`,
        elapsedMs: Math.round(performance.now() - startedMs),
      });
      return problem;
    },
    close: () => agent.destroy(),
  };
}
