import { createHmac, timingSafeEqual } from 'node:crypto';
import { type Charset, encodeText } from '../wire/charset.ts';
import { type Attempt, attempts, expectedBytes } from './attempts.ts';
import { cause, causeOfRefusal, type SpiCause } from './causes.ts';
import { spiDigest } from './digest.ts';
import { type LooseRequest, readLoosely } from './loose.ts';
import { isSensitiveName, maskText, maskValue } from './mask.ts';
import type { SpiRefusal, SpiRequest } from './request.ts';
import { verifySpi } from './verify.ts';

export interface LabelledSecret {
  /** Where the secret is in use, e.g. `daily`; it is printed. */
  readonly label: string;
  readonly secret: string;
}

export interface SpiExplanation {
  readonly ok: boolean;
  readonly reason?: SpiRefusal;
  readonly detail?: string;
  /** The label of the secret that matched. */
  readonly secretLabel?: string;
  /**
   * The text to be hashed: secrets shown as ‹secret›, receiver and card fields hidden. Where the request is refused
   * for its form, as far as it can be read.
   */
  readonly canonical: string;
  /** The sign that came with the request. */
  readonly presented?: string;
  /** The right sign; only when the request has it. */
  readonly expected?: string;
  /** How the right sign begins under each secret, enough to compare and too little to use. */
  readonly computed: readonly { readonly label: string; readonly start: string }[];
  /** The best finding first; empty if the signature is right. */
  readonly causes: readonly SpiCause[];
}

/**
 * Why a signature fails, found by trying the known mistakes of signers, proxies and configurations. For the
 * operator's eyes: the caller only gets the protocol's code. Costs some hundred digests of the request; never throws.
 *
 * @param secrets the active secrets of the environment that was called. Labelled ones may also hold those of other
 *   environments: the first label is the one that was called.
 */
export function explainSpi(
  request: SpiRequest,
  secrets: string | readonly string[] | readonly LabelledSecret[],
): SpiExplanation {
  const labelled = labelSecrets(secrets);
  const unlabelled = typeof secrets === 'string' || typeof secrets?.[0] === 'string';
  const own = labelled.filter(({ label }) => unlabelled || label === labelled[0]?.label);
  const verdict = verifySpi(
    request,
    own.map(({ secret }) => secret),
  );
  const loose = readLoosely(request);
  const shown = loose === undefined ? emptyView : view(loose, labelled);
  if (verdict.ok) {
    const secretLabel = own[verdict.secretIndex]?.label ?? '';
    const expected = shown.presented ?? '';
    return { ok: true, secretLabel, ...shown, expected, causes: [] };
  }
  const causes = loose === undefined ? [] : findCauses(loose, own, labelled);
  const { reason, detail } = verdict;
  const formFirst = reason === 'wrong-sign' || reason === 'missing-sign' || reason === 'no-secret';
  return {
    ok: false,
    reason,
    detail,
    ...shown,
    causes: formFirst ? causes : [causeOfRefusal(reason), ...certain(causes, reason)],
  };
}

function certain(causes: readonly SpiCause[], reason: SpiRefusal): SpiCause[] {
  return causes.filter(({ confidence, code }) => confidence === 'certain' && code !== reason);
}

function labelSecrets(secrets: unknown): LabelledSecret[] {
  const list: readonly unknown[] = Array.isArray(secrets) ? secrets : [secrets];
  return list.flatMap((entry, index) => {
    const given = typeof entry === 'string' ? { label: `#${index + 1}`, secret: entry } : entry;
    const { label, secret } = (given ?? {}) as Partial<LabelledSecret>;
    return typeof label === 'string' && typeof secret === 'string' && secret !== ''
      ? [{ label, secret }]
      : [];
  });
}

type View = Pick<SpiExplanation, 'canonical' | 'presented' | 'computed'>;
const emptyView: View = { canonical: '', computed: [] };

function view(loose: LooseRequest, secrets: readonly LabelledSecret[]): View {
  const decoder = new TextDecoder(loose.charset === 'utf-8' ? 'utf-8' : 'gb18030', { ignoreBOM: true });
  const parameters = loose.parameters
    .filter(({ name }) => name !== 'sign')
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ nameBytes, value }) => {
      const name = decoder.decode(nameBytes);
      return (
        (name.length > 64 || isStructured(name) ? maskText(name, true) : name) +
        maskValue(name, decoder.decode(value))
      );
    });
  const signed = expectedBytes(loose);
  const computed = secrets.flatMap(({ label, secret }) => {
    const bytes = encodeText(secret, loose.charset);
    return bytes === undefined ? [] : [{ label, start: spiDigest(bytes, signed).slice(0, 6) + '…' }];
  });
  const text = parameters.join('') + maskText(decoder.decode(loose.payload));
  const canonical = `‹secret›${withoutSecrets(text, secrets)}‹secret›`;
  if (loose.presented === undefined) return { canonical, computed };
  const sign = loose.presented.toString('latin1');
  const presented = /^[0-9A-Za-z]{0,64}$/.test(sign)
    ? withoutSecrets(sign, secrets)
    : `‹${sign.length} characters›`;
  return { canonical, computed, presented };
}

function isStructured(name: string): boolean {
  return /[{[<]/.test(name) || (isSensitiveName(name) && /[=:]/.test(name));
}

function withoutSecrets(text: string, secrets: readonly LabelledSecret[]): string {
  let shown = text;
  for (const { secret } of secrets) shown = shown.replaceAll(secret.trim() || secret, '‹secret›');
  return shown;
}

function findCauses(
  loose: LooseRequest,
  own: readonly LabelledSecret[],
  all: readonly LabelledSecret[],
): SpiCause[] {
  if (loose.presented === undefined) {
    const place = misplacedSign(loose);
    return place === undefined
      ? [cause('sign-missing', 'certain')]
      : [cause('sign-in-body', 'certain', place)];
  }
  const sent = loose.presented.toString('latin1');
  const sign = sent.trim();
  const looks: SpiCause[] = [];
  const found = search(loose, sign.toUpperCase(), own, all);
  const confidence = found === undefined ? 'likely' : 'certain';
  if (sent !== sign) looks.push(cause('sign-white-space', confidence));
  if (/[a-f]/.test(sign) && /^[0-9a-f]+$/i.test(sign)) looks.push(cause('sign-lowercase', confidence));
  if (found !== undefined) return [...found, ...looks];
  const odd = own.find(({ secret }) => secret !== secret.trim());
  if (odd !== undefined) looks.push(cause('secret-white-space', 'possible', odd.label));
  if (/^[0-9a-f]{64}$/i.test(sign)) looks.push(cause('sign-method', 'likely', 'HMAC-SHA256'));
  else if (!/^[0-9a-f]{32}$/i.test(sign)) looks.push(cause('sign-malformed', 'certain'));
  return [...looks, cause('other-content', 'possible')];
}

/** Where else than in the query a `sign` is. */
function misplacedSign(loose: LooseRequest): string | undefined {
  const parameter = loose.parameters.find(({ name }) => name === 'sign');
  if (parameter !== undefined) return parameter.source === 'form' ? 'form' : 'signed headers';
  const text = loose.payload.toString('latin1');
  if (loose.bodyKind === 'json' && /"sign"\s*:/.test(text)) return 'JSON body';
  if (loose.bodyKind === 'xml' && text.includes('<sign>')) return 'XML body';
  if (/(?:^|&)sign=/.test(text)) return 'body';
  return loose.headers.has('sign') ? 'headers' : undefined;
}

interface Key {
  readonly causes: readonly SpiCause[];
  readonly bytes: Uint8Array;
}

/** Larger than any honest order; mistakes in larger requests are not looked for, as that would take seconds. */
const searchLimit = 1_048_576;
/** From this size on, a mistake of the secret together with one of the content is not looked for. */
const pairLimit = 65_536;

/** What makes the presented sign right, undefined if nothing does; an empty list would mean that nothing is wrong. */
function search(
  loose: LooseRequest,
  sign: string,
  own: readonly LabelledSecret[],
  all: readonly LabelledSecret[],
): SpiCause[] | undefined {
  const plain = own.flatMap((secret) => keyOf(secret.secret, loose.charset, []));
  const others = otherKeys(own, all, loose.charset);
  const expected = expectedBytes(loose);
  for (const key of [...plain, ...others]) {
    if (matches(sign, key, { signed: expected })) return [...key.causes];
  }
  if (expected.length + loose.body.length > searchLimit) return undefined;
  const keys = expected.length <= pairLimit ? [...plain, ...others] : plain;
  for (const attempt of attempts(loose)) {
    if (attempt.hmac === undefined && attempt.signed.equals(expected)) continue;
    const key = keys.find((candidate) => matches(sign, candidate, attempt));
    if (key === undefined) continue;
    return [cause(attempt.code, 'certain', attempt.about), ...key.causes];
  }
  return undefined;
}

function keyOf(secret: string, charset: Charset, causes: readonly SpiCause[]): Key[] {
  const bytes = secret === '' ? undefined : encodeText(secret, charset);
  return bytes === undefined ? [] : [{ bytes, causes }];
}

function otherKeys(own: readonly LabelledSecret[], all: readonly LabelledSecret[], charset: Charset): Key[] {
  const spaced = own.flatMap(({ label, secret }) => {
    const variants = [
      secret.trim(),
      secret + '\n',
      secret + '\r\n',
      secret + ' ',
      ' ' + secret,
      secret + '\t',
    ];
    const because = [cause('secret-white-space', 'certain', label)];
    return variants
      .filter((variant) => variant !== secret)
      .flatMap((variant) => keyOf(variant, charset, because));
  });
  const foreign = all
    .filter((entry) => !own.includes(entry))
    .flatMap(({ label, secret }) => keyOf(secret, charset, [cause('other-secret', 'certain', label)]));
  return [...spaced, ...foreign];
}

function matches(sign: string, { bytes }: Key, { signed, hmac }: Pick<Attempt, 'signed' | 'hmac'>): boolean {
  const digest =
    hmac === undefined
      ? spiDigest(bytes, signed)
      : createHmac(hmac, bytes).update(signed).digest('hex').toUpperCase();
  return digest.length === sign.length && timingSafeEqual(Buffer.from(digest), Buffer.from(sign, 'latin1'));
}
