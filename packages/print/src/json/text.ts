import type { Refusal } from '../refusal.ts';

/**
 * The value of a JSON text; a byte order mark is passed over (RFC 8259, 8.1). What it throws is what `refuse` makes of the
 * reason: the place alone, since whoever names the wrong file may have named a file of secrets.
 */
export function parseJsonText(text: string, refuse: (reason: string) => Refusal): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/, ''));
  } catch (error) {
    const place = /line \d+ column \d+/.exec((error as Error).message)?.[0];
    throw refuse(place === undefined ? 'it is not JSON' : `it is not JSON from ${place} on`);
  }
}
