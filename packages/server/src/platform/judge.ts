import { gatewayErrors, judgeGatewayError, type TopError } from '@cardwright/top';
import type { Later, Malformed, Refused, Unknown } from './outcome.ts';

/** What a failed call says about the peer: it lives, it fails, it wants silence for a while, or nothing. */
export type PeerSign =
  | { readonly kind: 'answered' | 'failing' | 'nothing' }
  | { readonly kind: 'ban'; readonly seconds: number | undefined; readonly isDailyVolume: boolean };

export interface Judged<O> {
  readonly peer: PeerSign;
  readonly outcome: O;
}

const answered = { kind: 'answered' } as const;
const failing = { kind: 'failing' } as const;
const nothing = { kind: 'nothing' } as const;

/** Judges the failure of a call that only reads. */
export function judgeRead(error: TopError): Judged<Later | Refused | Malformed> {
  const peer = peerSignOf(error);
  const cause = causeOf(error, { platformWords: false });
  if (error.kind === 'malformed-answer') return { peer, outcome: { ok: false, kind: 'malformed', cause } };
  return { peer, outcome: isRefusal(error) ? refused(error, cause) : later(error, cause) };
}

/** Judges the failure of a call that has an effect: where it may have had it, that is the outcome. */
export function judgeAct(error: TopError): Judged<Later | Refused | Unknown> {
  const peer = peerSignOf(error);
  const cause = causeOf(error, { platformWords: true });
  if (error.effect === 'unknown') {
    const mayRepeat = !isLasting(error);
    return {
      peer,
      outcome: { ok: false, kind: 'unknown', cause, mayRepeat, counts: error.kind !== 'aborted' },
    };
  }
  return { peer, outcome: isRefusal(error) ? refused(error, cause) : later(error, cause) };
}

function peerSignOf(error: TopError): PeerSign {
  switch (error.kind) {
    case 'flow-control':
      return { kind: 'ban', seconds: error.banSeconds, isDailyVolume: error.alarm };
    case 'gateway':
      return error.class === 'platform' && !isLasting(error) ? failing : answered;
    case 'refused':
      return answered;
    case 'malformed-answer':
      // A wrong field is an answer; bytes that are none may come from whatever stands in front of a platform that is down.
      return error.issue === undefined || error.issue.path === '' ? failing : answered;
    case 'transport':
    case 'timeout':
    case 'http-status':
      return failing;
    case 'aborted':
    case 'invalid-request':
    case 'too-many-pages':
      return nothing;
  }
}

/** Platform errors that the same call brings on again (protocol §2). */
const isLasting = (error: TopError): boolean =>
  error.subCode?.startsWith('isp.') === true && judgeGatewayError(error as GatewayFacts).retry === 'never';
type GatewayFacts = Parameters<typeof judgeGatewayError>[0];

function isRefusal(error: TopError): boolean {
  if (error.kind === 'gateway') return error.class !== 'platform' || isLasting(error);
  return error.kind === 'refused' || error.kind === 'invalid-request';
}

function refused(error: TopError, cause: string): Refused {
  const code =
    plainSubCode(error) ??
    (error.code === undefined ? undefined : String(error.code)) ??
    (error.kind === 'refused' ? 'success-false' : error.kind);
  return { ok: false, kind: 'refused', cause, code };
}

const later = (error: TopError, cause: string): Later => ({
  ok: false,
  kind: 'later',
  cause,
  counts: error.kind !== 'flow-control' && error.kind !== 'aborted',
});

const plainSubCode = (error: TopError): string | undefined => error.subCode?.split(':', 1)[0];

/**
 * The failure in one English line, for a person and the order's history. The platform's own words may repeat what they
 * are about; where that could be a card they stay out.
 */
function causeOf(error: TopError, { platformWords }: { platformWords: boolean }): string {
  const parts: string[] = [error.kind.replaceAll('-', ' ')];
  if (error.code !== undefined) {
    const known = gatewayErrors.get(error.code);
    parts.push(`code ${error.code}${known === undefined ? '' : ` ${known.msg} ${known.zh}`}`);
  }
  const subCode = platformWords ? error.subCode : plainSubCode(error);
  if (subCode !== undefined) parts.push(subCode);
  if (platformWords && error.subMsg !== undefined) parts.push(error.subMsg);
  if (error.banSeconds !== undefined) parts.push(`banned for ${error.banSeconds} s`);
  if (error.httpStatus !== undefined) parts.push(`HTTP status ${error.httpStatus}`);
  if (error.detail !== undefined) parts.push(error.detail);
  if (error.issue !== undefined) {
    const { path, expected, found } = error.issue;
    parts.push(`${path === '' ? '' : `${path}: `}expected ${expected}, found ${found}`);
  }
  if (error.requestId !== undefined) parts.push(`request_id ${error.requestId}`);
  return parts.join('; ');
}
