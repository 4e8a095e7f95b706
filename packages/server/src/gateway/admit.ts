import { BlockList, isIP } from 'node:net';
import { type Environment, readSpiCall, type SpiCall, type SpiRequest, verifySpi } from '@cardwright/top';
import type { EnvironmentConfig } from '../config.ts';
import { failure } from './result-codes.ts';

/** One request, frozen as it came in: what is verified is what is decoded. */
export interface AdmittedRequest extends SpiRequest {
  readonly remoteAddress: string;
}

export type Admission =
  | { ok: true; call: SpiCall; environment: EnvironmentConfig }
  | { ok: false; failure: ReturnType<typeof failure>; reason: string };

/** Signature, source, clock, strict decoding and environment: everything before a request may do anything. */
export type Admit = (request: AdmittedRequest, environmentInPath: Environment | undefined) => Admission;

interface Candidate {
  readonly secret: string;
  readonly environments: readonly EnvironmentConfig[];
}

export function createAdmit(environments: readonly EnvironmentConfig[], nowMs: () => number): Admit {
  const allowed = new Map(environments.map((environment) => [environment.name, allowListOf(environment)]));
  const candidatesFor = new Map<Environment | undefined, readonly Candidate[]>([
    [undefined, candidatesOf(environments)],
    ...environments.map((environment) => [environment.name, candidatesOf([environment])] as const),
  ]);
  return (request, environmentInPath) => {
    const candidates = candidatesFor.get(environmentInPath) ?? [];
    const verdict = verifySpi(
      request,
      candidates.map((candidate) => candidate.secret),
    );
    if (!verdict.ok) return refuse(failure('sign-check-failure'), `${verdict.reason}: ${verdict.detail}`);
    const reading = readSpiCall(verdict.parts);
    if (!reading.ok) return refuseReading(reading.refusal);
    const environment = candidates[verdict.secretIndex]?.environments.find(
      ({ name }) => name === ownSignOf(reading.call),
    );
    if (environment === undefined)
      return refuse(failure('environment-mismatch'), 'own_sign differs from the signing environment');
    if (allowed.get(environment.name)?.(request.remoteAddress) === false) {
      return refuse(failure('source-not-allowed'), `caller ${request.remoteAddress}`);
    }
    const driftMs = nowMs() - reading.call.timestampMs;
    if (Math.abs(driftMs) > environment.clockWindowMs) {
      return refuse(
        failure('timestamp-out-of-window'),
        `the sender's clock differs by ${Math.round(driftMs / 1000)} s`,
      );
    }
    return { ok: true, call: reading.call, environment };
  };
}

function candidatesOf(environments: readonly EnvironmentConfig[]): readonly Candidate[] {
  const bySecret = Map.groupBy(
    environments.flatMap((environment) => environment.appSecrets.map((secret) => ({ secret, environment }))),
    ({ secret }) => secret,
  );
  return [...bySecret].map(([secret, owners]) => ({
    secret,
    environments: owners.map(({ environment }) => environment),
  }));
}

function refuse(answer: ReturnType<typeof failure>, reason: string): Admission {
  return { ok: false, failure: answer, reason };
}

type ReadingRefusal = Extract<ReturnType<typeof readSpiCall>, { ok: false }>['refusal'];

function refuseReading({ reason, issue }: ReadingRefusal): Admission {
  const detail = `${issue.path === '' ? 'body' : issue.path}: expected ${issue.expected}, found ${issue.found}`;
  const code =
    reason === 'unknown-method'
      ? 'unsupported-method'
      : reason === 'bad-parameter'
        ? 'invalid-parameter'
        : 'invalid-request';
  return refuse(failure(code, detail), `${reason}: ${detail}`);
}

function ownSignOf(call: SpiCall): Environment {
  return 'request' in call.params ? call.params.request.own_sign : call.params.own_sign;
}

function allowListOf(environment: EnvironmentConfig): ((address: string) => boolean) | undefined {
  if (environment.sourceAllowList.length === 0) return undefined;
  const ranges = new BlockList();
  for (const entry of environment.sourceAllowList) {
    const [address = '', bits] = entry.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    ranges.addSubnet(address, bits === undefined ? (family === 'ipv6' ? 128 : 32) : Number(bits), family);
  }
  return (address) => {
    const plain = address.replace(/^::ffff:/i, '');
    return isIP(plain) !== 0 && ranges.check(plain, isIP(plain) === 6 ? 'ipv6' : 'ipv4');
  };
}
