import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

/**
 * `npm run life`: one order from make to receipt, as everybody does it by hand: the product and the sandbox platform run on a
 * data folder of their own, which is gone afterwards; every command is shown before it is run.
 */
const root = join(import.meta.dirname, '..');
const product = join(root, 'packages/server/src/main.ts');
const sandboxCli = join(root, 'packages/sandbox/src/main.ts');
const run = promisify(execFile);
const patienceMs = 45_000;

const say = (text = ''): void => void process.stdout.write(`${text}\n`);

/** Ports that nobody listens on just now. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => new Promise((resolve) => server.once('listening', resolve))));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

class Life {
  readonly #dataDir = mkdtempSync(join(tmpdir(), 'cardwright-life-'));
  #server: ChildProcess | undefined;
  #sandboxUrl = '';
  #isEnding = false;

  async start(): Promise<void> {
    const [port, sandboxPort] = await freePorts(2);
    this.#sandboxUrl = `http://127.0.0.1:${sandboxPort}`;
    const args = [
      'serve',
      '--data',
      this.#dataDir,
      '--port',
      String(port),
      '--sandbox-port',
      String(sandboxPort),
    ];
    say('启动产品与沙箱平台 · starting the product and a sandbox platform …');
    const server = spawn(process.execPath, [product, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, CARDWRIGHT_LOG_LEVEL: 'error' },
    });
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      let text = '';
      server.stdout.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        if (text.includes('16002 →')) resolve();
      });
      server.once('exit', (code) => {
        if (!this.#isEnding) reject(new Error(`the product ended with ${code}`));
      });
    });
  }

  /** Runs a command of the product, shown as one would type it. */
  async cardwright(shown: string, { quiet = false } = {}): Promise<string> {
    const args = [...shown.split(' '), '--data', this.#dataDir];
    return this.#run('cardwright', product, shown, args, quiet);
  }

  async sandbox(shown: string): Promise<string> {
    return this.#run(
      'sandbox',
      sandboxCli,
      shown,
      [...shown.split(' '), '--sandbox', this.#sandboxUrl],
      false,
    );
  }

  async #run(name: string, main: string, shown: string, args: string[], quiet: boolean): Promise<string> {
    if (!quiet) say(`\n$ npm run -s ${name} -- ${shown}`);
    const { stdout } = await run(process.execPath, [main, ...args], {
      env: { ...process.env, CARDWRIGHT_LOG_LEVEL: 'error' },
    });
    if (!quiet) say(stdout.trimEnd());
    return stdout;
  }

  /** Waits until the order is as it should be. */
  async until(id: string, what: string, isSo: (order: Record<string, unknown>) => boolean): Promise<void> {
    const endMs = performance.now() + patienceMs;
    for (;;) {
      const [order] = JSON.parse(
        await this.cardwright(`orders show ${id} --json`, { quiet: true }),
      ) as Record<string, unknown>[];
      if (order !== undefined && isSo(order)) return say(`… ${what}`);
      if (order?.['state'] === 'held') throw new Error(`the order is held: ${order['holdReason']}`);
      if (performance.now() > endMs) throw new Error(`after ${patienceMs / 1_000} s: not yet ${what}`);
      await sleep(200);
    }
  }

  async end(): Promise<void> {
    this.#isEnding = true;
    const server = this.#server;
    if (server !== undefined && server.exitCode === null) {
      const ended = new Promise((resolve) => server.once('exit', resolve));
      server.kill('SIGTERM');
      await ended;
    }
    rmSync(this.#dataDir, { recursive: true, force: true });
  }
}

const startedAtMs = performance.now();
const life = new Life();
try {
  await life.start();
  await life.sandbox('order place --order-id 20001 --templates 2 --cards 300');
  await life.until(
    '20001',
    '卡已取齐并核对 · the cards are fetched and proven',
    ({ state }) => state === 'cards_fetched',
  );
  await life.cardwright('orders made 20001 --by 张三');
  await life.cardwright('orders ship 20001 --company 顺丰速运 --number SF1020304050607 --by 李四');
  await life.until(
    '20001',
    '平台已知悉发货 · the platform knows that it was shipped',
    (order) => order['sendedReportedAt'] !== null && order['sendedReportedAt'] !== undefined,
  );
  await life.sandbox('status 20001');
  await life.sandbox('receipt 20001');
  await life.until('20001', '已完结 · closed', ({ state }) => state === 'closed');
  await life.cardwright('orders show 20001');
  await life.cardwright('audit verify');
  say(`\n完成 · done in ${((performance.now() - startedAtMs) / 1_000).toFixed(1)} s`);
} catch (error) {
  say(`\n错误 · error: ${(error as Error).message}`);
  process.exitCode = 1;
} finally {
  await life.end();
}
