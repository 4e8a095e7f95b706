import { fork } from 'node:child_process';
import { createAcceptCardOrder } from '../packages/server/src/card-order/accept.ts';
import { storeOrders } from '../packages/server/src/card-order/accept-store.ts';
import { loadConfig } from '../packages/server/src/config.ts';
import { createAdmit } from '../packages/server/src/gateway/admit.ts';
import type { GatewayServices } from '../packages/server/src/gateway/handlers.ts';
import { createGateway } from '../packages/server/src/gateway/server.ts';
import { gatewayServices, openHouse } from '../packages/server/src/house.ts';
import { createLog } from '../packages/server/src/log.ts';

/**
 * `whole`: the product as it is served, planning the orders at the same time. `gateway`: without the job engine, which
 * does what pgbench does. `plain`: the same, but each order in a commit of its own.
 */
export type GatewayKind = 'whole' | 'gateway' | 'plain';

/** A gateway in a process of its own. */
export interface GatewayProcess {
  readonly port: number;
  close(): Promise<void>;
}

interface Task {
  readonly kind: GatewayKind;
  readonly connectionString: string;
  readonly settings: Readonly<Record<string, string>>;
}

/** `execArgv`: options of Node, for a profile. */
export async function startGatewayProcess(task: Task, execArgv: readonly string[]): Promise<GatewayProcess> {
  const child = fork(import.meta.filename, { execArgv: [...execArgv] });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const port = await new Promise<number>((resolve, reject) => {
    child.once('message', (message: number) => resolve(message));
    child.once('exit', (code) => reject(new Error(`the gateway process ended (${code})`)));
    child.send(task);
  });
  return {
    port,
    close: () => {
      child.send('close');
      return ended;
    },
  };
}

async function serve(task: Task): Promise<{ port: number; close: () => Promise<void> }> {
  const config = loadConfig({ env: { ...task.settings } });
  const log = createLog('error');
  const house = await openHouse(config, task.connectionString, log);
  if (task.kind === 'whole') {
    await house.serveWorker();
    return { port: (await house.serveGateway()).port, close: () => house.close() };
  }
  const services: GatewayServices = gatewayServices(house.pool, house.vault);
  const plain = createAcceptCardOrder(house.vault, async (offered) => {
    const [outcome] = await storeOrders(house.pool, [offered]);
    if (outcome === undefined) throw new Error('no outcome');
    return outcome;
  });
  const gateway = createGateway({
    admit: createAdmit(config.environments, Date.now),
    services: task.kind === 'plain' ? { ...services, acceptCardOrder: plain } : services,
    dialectOf: () => config.environments[0]?.dialect,
    readiness: async () => ({ ready: true, detail: '' }),
    trustedProxies: [],
    log,
  });
  const address = await gateway.listen({ host: '127.0.0.1', port: 0 });
  const close = async (): Promise<void> => {
    await gateway.close();
    await house.close();
  };
  return { port: Number(new URL(address).port), close };
}

if (process.send !== undefined && process.argv[1] === import.meta.filename) {
  process.once('message', (task: Task) => {
    void serve(task).then(({ port, close }) => {
      process.once('message', () => void close().then(() => process.disconnect()));
      process.send?.(port);
    });
  });
}
