import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { publishedDialect, readApiCall, writeApiError } from '@cardwright/top';
import type { EnvironmentConfig } from '../../src/config.ts';

export const appKey = '12345678';
export const appSecret = 'helloworld';

/** What a call does: an answer, a refusal, other bytes, or silence (the connection is dropped after it was received). */
export type Reaction =
  | { readonly kind: 'answer'; readonly value: object }
  | { readonly kind: 'error'; readonly code: number; readonly subCode?: string; readonly subMsg?: string }
  | { readonly kind: 'bytes'; readonly body: string; readonly status?: number }
  | { readonly kind: 'drop' };

export interface FakePlatform {
  readonly config: EnvironmentConfig;
  /** The methods that arrived, in order. */
  readonly calls: string[];
  react: (method: string, fields: ReadonlyMap<string, string>) => Reaction;
}

export const agrees: Reaction = { kind: 'answer', value: { result: { success: true } } };

/** A gateway over HTTP that checks signatures and does what the test says. */
export async function startFakePlatform(t: TestContext): Promise<FakePlatform> {
  const calls: string[] = [];
  const fake: { react: FakePlatform['react'] } = { react: () => agrees };
  const server = createServer(async (message, response) => {
    const { method = '', url = '', headers } = message;
    const body = await buffer(message);
    const secretOf = (key: string) => (key === appKey ? appSecret : undefined);
    const reading = readApiCall({ method, url, headers, body }, secretOf, Date.now());
    const style = { format: reading.format, requestId: `req-${calls.length + 1}` };
    if (!reading.ok) {
      response.end(writeApiError(reading.refusal, style).body);
      return;
    }
    calls.push(reading.method);
    const reaction = fake.react(reading.method, reading.fields);
    if (reaction.kind === 'drop') message.socket.destroy();
    else if (reaction.kind === 'bytes') response.writeHead(reaction.status ?? 200).end(reaction.body);
    else if (reaction.kind === 'error') {
      const { code, subCode, subMsg } = reaction;
      const refusal = { code, msg: 'refused', ...(subCode && { subCode }), ...(subMsg && { subMsg }) };
      response.end(writeApiError(refusal, style).body);
    } else {
      const name = `${reading.method.replaceAll('.', '_')}_response`;
      response.end(JSON.stringify({ [name]: { ...reaction.value, request_id: style.requestId } }));
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const gateway = `http://127.0.0.1:${(server.address() as AddressInfo).port}/router/rest`;
  return Object.assign(fake, { calls, config: environmentAt(gateway) });
}

export const environmentAt = (gateway: string): EnvironmentConfig => ({
  name: 'daily',
  appKey,
  appSecrets: [appSecret],
  gateway,
  dialect: publishedDialect,
  clockWindowMs: 600_000,
  sourceAllowList: [],
  alreadyDoneCodes: ['isv.*already-finished'],
  querySigning: { keyFile: undefined, padding: 'pkcs1', digest: 'sha256', encoding: 'base64' },
});
