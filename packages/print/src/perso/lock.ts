import { createHash } from 'node:crypto';
import { Refusal } from '../refusal.ts';
import type { PersoProfileJson } from './schema.ts';

/**
 * The profile's identity: SHA-256 of its canonical JSON without `lock`. Keys are sorted by UTF-16 units and nothing is
 * between the tokens (RFC 8785; a profile holds no fractions), so the layout of the file on disk does not matter.
 */
export function profileSha256(profile: PersoProfileJson): string {
  const { lock: _, ...locked } = profile;
  return createHash('sha256').update(canonicalJson(locked), 'utf8').digest('hex');
}

/** Throws `perso-profile-changed` where a profile has a lock and is not what was locked. */
export function refuseChanged(profile: PersoProfileJson): void {
  if (profile.lock !== undefined && profile.lock !== profileSha256(profile)) {
    throw new Refusal('perso-profile-changed', `the lock of ${profile.name} does not fit it`, { at: 'lock' });
  }
}

function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`).join(',')}}`;
}
