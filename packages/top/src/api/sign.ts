/** Signatures of API calls (protocol §2): what a caller of the gateway computes and what the gateway checks. */
import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';

export type SignMethod = 'md5' | 'hmac' | 'hmac-sha256';

/**
 * The official SDKs disagree on parameters without content: Java and .NET leave them out of the digest, PHP,
 * Python and Node sign them. A client sends none; a platform has to try both readings.
 */
export type BlankReading = 'left-out' | 'signed';

export function isSignMethod(name: string): name is SignMethod {
  return name === 'md5' || name === 'hmac' || name === 'hmac-sha256';
}

/**
 * Signs an API call: upper-case hexadecimal over the parameters in UTF-8, sorted by code unit, without `sign` and
 * without blank values (as Java and .NET do). `params` are the decoded values of query and form together; `body` is
 * the raw body of JSON and XML calls, which follows them.
 */
export function signApi(
  params: Readonly<Record<string, string>>,
  secret: string,
  signMethod: SignMethod,
  body?: string | Uint8Array,
): string {
  return signApiReading(new Map(Object.entries(params)), secret, signMethod, 'left-out', body);
}

/** As `signApi`, in the reading of blank values that is asked for. */
export function signApiReading(
  params: ReadonlyMap<string, string>,
  secret: string,
  signMethod: SignMethod,
  blanks: BlankReading,
  body: string | Uint8Array = '',
): string {
  let signed = '';
  for (const name of [...params.keys()].sort()) {
    const value = params.get(name) ?? '';
    if (name === 'sign' || (blanks === 'left-out' && isBlank(value))) continue;
    signed += name + value;
  }
  const digest = start(signMethod, secret).update(signed, 'utf8').update(body);
  if (signMethod === 'md5') digest.update(secret, 'utf8');
  return digest.digest('hex').toUpperCase();
}

function start(signMethod: SignMethod, secret: string): Hash | Hmac {
  switch (signMethod) {
    case 'md5':
      return createHash('md5').update(secret, 'utf8');
    case 'hmac':
      return createHmac('md5', Buffer.from(secret, 'utf8'));
    case 'hmac-sha256':
      return createHmac('sha256', Buffer.from(secret, 'utf8'));
  }
}

/** `Character.isWhitespace` of Java, which differs from `\s`: no-break spaces and U+FEFF are content. */
const javaBlank = /^[\t-\r\u001c-\u0020\u1680\u2000-\u2006\u2008-\u200a\u2028\u2029\u205f\u3000]*$/;

/** Whether a value has no content: empty, or white space only. */
export function isBlank(value: string): boolean {
  return javaBlank.test(value);
}
