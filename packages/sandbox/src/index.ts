export { type Sandbox, type SandboxActs, type SandboxSettings, startSandbox } from './sandbox.ts';
