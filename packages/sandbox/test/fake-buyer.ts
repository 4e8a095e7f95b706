import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CardOrderMakeSuccess, cardOrderMakeSuccess, decodeFields, verifySpi } from '@cardwright/top';
import { appSecret } from './fake-maker.ts';

export interface FakeBuyer {
  readonly url: string;
  /** The notices whose signature was right, in order. */
  readonly notices: CardOrderMakeSuccess['request'][];
  close(): Promise<void>;
}

/** A business party (业务方) that takes notices, but answers the first ones with `failures`, one after the other. */
export async function startFakeBuyer(
  failures: { httpStatus: number; body: string }[] = [],
): Promise<FakeBuyer> {
  const notices: CardOrderMakeSuccess['request'][] = [];
  const server = createServer((incoming, response) => {
    incoming.toArray().then((chunks: Buffer[]) => {
      const { method = '', url = '', headers } = incoming;
      const verdict = verifySpi({ method, url, headers, body: Buffer.concat(chunks) }, appSecret);
      if (!verdict.ok) return response.writeHead(403).end();
      const form = new Map([...verdict.parts.form].map(([name, value]) => [name, value.toString('utf8')]));
      const decoded = decodeFields(cardOrderMakeSuccess, form);
      if (!decoded.ok) return response.writeHead(400).end();
      notices.push(decoded.value.request);
      const { httpStatus, body } = failures.shift() ?? {
        httpStatus: 200,
        body: '{"success":true,"result_code":"","result_message":""}',
      };
      return response.writeHead(httpStatus, { 'content-type': 'application/json' }).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/notify?from=platform`,
    notices,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
