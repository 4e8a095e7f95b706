import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { makeDataDir } from '../data-dir.ts';

/** The sandbox's own app secret: random for each data folder, so that a sandbox never opens a real door. */
export function sandboxSecret(dataDir: string): string {
  const path = join(dataDir, 'sandbox.json');
  if (!existsSync(path)) {
    makeDataDir(dataDir);
    writeFileSync(path, JSON.stringify({ appSecret: randomBytes(16).toString('hex') }), { mode: 0o600 });
  }
  return (JSON.parse(readFileSync(path, 'utf8')) as { appSecret: string }).appSecret;
}

export interface SandboxProcess {
  readonly url: string;
  /** What became of the published page's sample order. */
  readonly sample: {
    cardOrderId?: string;
    accepted: boolean;
    makingCardNo?: string;
    problem?: string;
    resultCode?: string;
  };
  stop(): Promise<void>;
}

/** Starts the platform's stand-in as a process of its own, which shares nothing with the product but HTTP. */
export async function startSandboxProcess(options: {
  port: number;
  makerUrl: string;
  dataDir: string;
  appKey: string;
  appSecret: string;
}): Promise<SandboxProcess> {
  const entry = fileURLToPath(import.meta.resolve('@cardwright/sandbox/main'));
  const settings = {
    host: '127.0.0.1',
    port: options.port,
    maker: options.makerUrl,
    state: join(options.dataDir, 'sandbox-state.json'),
    'app-key': options.appKey,
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const flags = ['--sample', '--ready-json', '--until-stdin-ends'];
  const child = spawn(process.execPath, [entry, 'serve', ...args, ...flags], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, CARDWRIGHT_SANDBOX_APP_SECRET: options.appSecret },
  });
  return { ...(await readyLine(child)), stop: () => stopChild(child) };
}

function readyLine(child: ChildProcess): Promise<Omit<SandboxProcess, 'stop'>> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) =>
      reject(new Error(`沙箱未能启动 · the sandbox stopped with ${code} before it was ready`)),
    );
    if (child.stdout === null) return;
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (!line.startsWith('{"ready"')) return;
      resolve(JSON.parse(line) as Omit<SandboxProcess, 'stop'>);
    });
  });
}

function stopChild(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once('exit', () => resolve());
    child.kill('SIGTERM');
    setTimeout(() => child.kill('SIGKILL'), 3_000).unref();
  });
}
