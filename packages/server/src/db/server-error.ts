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
  for (const field of ['detail', 'where', 'internalQuery'] as const) Reflect.deleteProperty(error, field);
  if (error.code?.startsWith('22')) {
    error.message = error.message.replace(/".*"/s, '"…"');
    if (error.stack) error.stack = `${error.name}: ${error.message}`;
  }
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
