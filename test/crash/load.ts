import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { readSpiAnswer, type SpiRequest } from '@cardwright/top';
import { composeCall } from '../../packages/server/test/gateway/house.ts';
import { type Entry, knownTemplateNo, type Ledger } from './ledger.ts';
import { pick, type Random } from './random.ts';

const make = 'alibaba.fundplatform.cardorder.make';
const statusQuery = 'alibaba.fundplatform.cardorder.status.query';
const newTemplate = 'alibaba.fundplatform.card.template.new';

/** How one call ended. `doubtful`: no answer or "busy", after which nobody knows whether it took effect. */
export type Outcome = 'success' | 'conflict' | 'doubtful' | 'wrong';

export interface LoadCounts {
  calls: number;
  success: number;
  conflict: number;
  doubtful: number;
}

const answerLimitMs = 20_000;
const longestPauseMs = 12;
/** So many of the latest orders are repeated most, while their first calls may still be under way. */
const recentCount = 24;

/** Callers that play the platform: new orders, repeats, conflicts and status queries, on connections of their own. */
export class Load {
  readonly counts: LoadCounts = { calls: 0, success: 0, conflict: 0, doubtful: 0 };
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 });
  readonly #ledger: Ledger;
  readonly #port: () => number;
  readonly #observers = new Set<(sentAtMs: number, outcome: Outcome) => void>();

  constructor(ledger: Ledger, port: () => number) {
    this.#ledger = ledger;
    this.#port = port;
  }

  /** Runs `callers` at once until the signal; returns when the last call has its answer. */
  async run(callers: number, random: Random, stop: AbortSignal): Promise<void> {
    const each = Array.from({ length: callers }, async () => {
      while (!stop.aborted) {
        const outcome = await this.#act(random);
        await delay(outcome === 'doubtful' ? longestPauseMs : random() * longestPauseMs);
      }
    });
    await Promise.all(each);
  }

  /**
   * Waits until `inARow` calls, all sent after `sinceMs` (on the clock of performance.now) had an answer and none
   * failed in between. Answers when the last of them was answered; undefined after `limitMs`.
   */
  async untilAnswered(sinceMs: number, inARow: number, limitMs: number): Promise<number | undefined> {
    let row = 0;
    const wait = new AbortController();
    const reached = new Promise<number>((resolve) => {
      const observe = (sentAtMs: number, outcome: Outcome): void => {
        if (sentAtMs < sinceMs) return;
        row = outcome === 'doubtful' ? 0 : row + 1;
        if (row >= inARow) resolve(performance.now());
      };
      this.#observers.add(observe);
      wait.signal.addEventListener('abort', () => this.#observers.delete(observe));
    });
    const late = delay(limitMs, undefined, { signal: wait.signal }).catch(() => undefined);
    const at = await Promise.race([reached, late]);
    wait.abort();
    return at;
  }

  async registerTemplate(): Promise<void> {
    const answer = await this.#send(
      composeCall(newTemplate, {
        own_sign: 'daily',
        template_no: knownTemplateNo,
        card_name: '猫超储值卡',
        par_value: 100n,
        picture_url: 'http://www.taobao.com/1.jpg',
        is_test: false,
      }),
    );
    const decoded = answer && readSpiAnswer(newTemplate, answer);
    if (!decoded?.ok || !decoded.value.success) throw new Error(`template refused: ${answer}`);
  }

  /** Sends one content of an order and writes down what came of it. */
  async order(entry: Entry, content: number): Promise<Outcome> {
    const order = entry.contents[content];
    if (order === undefined) throw new Error(`order ${entry.id} has no content ${content}`);
    const sentAtMs = performance.now();
    const body = await this.#send(composeCall(make, order));
    const answer = body && readSpiAnswer(make, body);
    const response = answer?.ok ? answer.value.response : undefined;
    let outcome: Outcome = 'wrong';
    if (body === undefined || response?.result_code === 'system-busy') outcome = 'doubtful';
    else if (response?.success === true) {
      outcome = 'success';
      this.#ledger.noteSuccess(entry, content, response.making_card_no ?? '');
    } else if (response?.result_code === 'order-conflict') {
      outcome = 'conflict';
      this.#ledger.noteConflict(entry, content);
    } else this.#ledger.complain(entry, `unexpected answer ${body}`);
    return this.#count(sentAtMs, outcome);
  }

  /** Asks for the status; an acknowledged order must be known. */
  async status(entry: Entry): Promise<Outcome> {
    const mustExist = entry.acknowledged !== undefined;
    const sentAtMs = performance.now();
    const reference = { card_order_id: entry.id, own_sign: 'daily' } as const;
    const body = await this.#send(composeCall(statusQuery, { request: reference }));
    const answer = body && readSpiAnswer(statusQuery, body);
    const response = answer?.ok ? answer.value.response : undefined;
    let outcome: Outcome = 'success';
    if (body === undefined || response?.result_code === 'system-busy') outcome = 'doubtful';
    else if (response?.success !== true) {
      outcome = 'wrong';
      this.#ledger.complain(entry, `unexpected status answer ${body}`);
    } else if (mustExist && response.status === 'REQUEST_NOT_EXIST') {
      outcome = 'wrong';
      this.#ledger.complain(entry, 'acknowledged, but its status is REQUEST_NOT_EXIST');
    }
    return this.#count(sentAtMs, outcome);
  }

  close(): void {
    this.#agent.destroy();
  }

  #act(random: Random): Promise<Outcome> {
    const { entries } = this.#ledger;
    const roll = random();
    if (roll < 0.5 || entries.length === 0) return this.order(this.#ledger.open(), 0);
    const entry = pick(random, random() < 0.7 ? entries.slice(-recentCount) : entries);
    if (roll < 0.75) return this.order(entry, 0);
    if (roll < 0.9) return this.order(entry, random() < 0.5 ? 1 : 2);
    return this.status(entry);
  }

  #count(sentAtMs: number, outcome: Outcome): Outcome {
    this.counts.calls++;
    if (outcome !== 'wrong') this.counts[outcome]++;
    for (const observe of this.#observers) observe(sentAtMs, outcome);
    return outcome;
  }

  /** The body of the answer, or undefined where none came. */
  #send(message: SpiRequest): Promise<Buffer | undefined> {
    return new Promise((resolve) => {
      const headers = Object.fromEntries(
        Object.entries(message.headers).filter((entry): entry is [string, string] => {
          return typeof entry[1] === 'string';
        }),
      );
      const outgoing = request(
        {
          host: '127.0.0.1',
          port: this.#port(),
          agent: this.#agent,
          method: message.method,
          path: message.url,
          headers: { ...headers, 'Content-Length': message.body.length },
          timeout: answerLimitMs,
        },
        (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
          incoming.on('error', () => resolve(undefined));
          incoming.on('end', () => resolve(incoming.complete ? Buffer.concat(chunks) : undefined));
        },
      );
      outgoing.on('timeout', () => outgoing.destroy());
      outgoing.on('error', () => resolve(undefined));
      outgoing.end(message.body);
    });
  }
}
