import { publishedDialect } from '@cardwright/top';
import type { EnvironmentConfig } from '../../packages/server/src/config.ts';
import { createAdmit } from '../../packages/server/src/gateway/admit.ts';
import type { GatewayServices } from '../../packages/server/src/gateway/handlers.ts';
import { createGateway } from '../../packages/server/src/gateway/server.ts';
import { createLog } from '../../packages/server/src/log.ts';

export const simSecret = 'helloworld';

export const simEnvironment: EnvironmentConfig = {
  name: 'daily',
  appKey: '12345678',
  appSecrets: [simSecret],
  gateway: 'http://127.0.0.1:1/router/rest',
  dialect: publishedDialect,
  clockWindowMs: 600_000,
  sourceAllowList: [],
  alreadyDoneCodes: ['isv.*already*'],
  querySigning: { keyFile: undefined, padding: 'pkcs1', digest: 'sha256', encoding: 'base64' },
};

/** What became of an answer: as if the process had died before it stored anything, or before it could answer. */
export type IntakeFate = 'before' | 'after';

/** The product's gateway on a real socket, for all schedules of this process, one at a time. */
export interface Intake {
  readonly url: string;
  /** Serves these from now on, by this clock. */
  serve(services: GatewayServices, now: () => number, fate: () => IntakeFate | undefined): void;
  close(): Promise<void>;
}

export async function openIntake(): Promise<Intake> {
  let current:
    | { services: GatewayServices; now: () => number; fate: () => IntakeFate | undefined }
    | undefined;
  const acting =
    <A extends readonly unknown[], R>(pick: (services: GatewayServices) => (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      if (current === undefined) throw new Error('nobody serves');
      const fate = current.fate();
      if (fate === 'before') throw new Error('the process died before anything was stored');
      const result = await pick(current.services)(...args);
      if (fate === 'after') throw new Error('the process died before it could answer');
      return result;
    };
  const gateway = createGateway({
    admit: createAdmit([simEnvironment], () => current?.now() ?? 0),
    services: {
      acceptCardOrder: acting((services) => services.acceptCardOrder),
      storeTemplate: acting((services) => services.storeTemplate),
      findProgress: acting((services) => services.findProgress),
      storeReceipt: acting((services) => services.storeReceipt),
    },
    dialectOf: () => simEnvironment.dialect,
    readiness: async () => ({ ready: true, detail: '' }),
    trustedProxies: [],
    log: createLog('silent'),
  });
  const address = await gateway.listen({ host: '127.0.0.1', port: 0 });
  return {
    url: `${address}/spi`,
    serve: (services, now, fate) => {
      current = { services, now, fate };
    },
    close: () => gateway.close(),
  };
}
