import pg, { type ClientBase } from 'pg';

/** The part of a `pg` client that its types don't show: where messages from the server arrive. */
interface WithConnection {
  readonly connection?: {
    prependListener(event: 'errorMessage', listener: (error: pg.DatabaseError) => void): void;
  };
}

/**
 * Takes row values out of the server's errors before anyone sees them, so that no log and no error page can show a card
 * or a receiver: the detail ("Key (card_no)=(…) already exists"), the context ("COPY card, line 3, column …"), and what
 * errors of class 22 (bad data) quote. SQLSTATE and the names of table, column and constraint stay.
 */
export function scrubServerErrors(client: ClientBase): void {
  (client as WithConnection).connection?.prependListener('errorMessage', scrubServerError);
}

/** Takes row values out of one error. */
export function scrubServerError(error: pg.DatabaseError): void {
  delete error.detail;
  delete error.where;
  delete error.internalQuery;
  if (error.code?.startsWith('22')) {
    error.message = error.message.replace(/".*"/s, '"…"');
    if (error.stack) error.stack = `${error.name}: ${error.message}`;
  }
}

const connectionCodes = new Set([
  ...[
    'ECONNREFUSED',
    'ECONNRESET',
    'EPIPE',
    'ETIMEDOUT',
    'ENOENT',
    'EHOSTUNREACH',
    'ENETUNREACH',
    'ENOTFOUND',
  ],
  ...['57P01', '57P02', '57P03', '57P04', '57P05', '53300', '25P03'],
]);

/**
 * Whether the error says that the database could not be reached or ended the session (restart, shutdown, too many
 * connections), so that the same work may succeed on a new connection. Says nothing about what was done before.
 */
export function isConnectionError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = (error as { code?: unknown }).code;
  if (typeof code === 'string') return connectionCodes.has(code) || code.startsWith('08');
  // pg gives its own connection errors no code.
  return /^Connection terminated|^timeout e(xceeded|xpired)|not queryable|^Client (was|has been) (closed|passed)/.test(
    error.message,
  );
}

/** Whether a COMMIT that failed with this error has certainly changed nothing. */
export function isCertainAbort(error: unknown): boolean {
  // An ERROR is answered before the commit record is written, and undoes the transaction. A FATAL ends the session at
  // any moment, also after the commit record and before its confirmation.
  return error instanceof pg.DatabaseError && error.severity === 'ERROR';
}

/** SQLSTATE of a server's error. */
export function sqlState(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : undefined;
}
