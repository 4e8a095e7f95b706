/** What became of a call to the platform. Expected failures are values; a caller decides by `kind`, never by words. */

export interface Done<T> {
  readonly ok: true;
  readonly value: T;
  readonly requestId: string | undefined;
}

/** Certainly without effect, and it can go on later: the door is closed, a ban, no connection, the platform is down. */
export interface Later {
  readonly ok: false;
  readonly kind: 'later';
  readonly cause: string;
  /** Undefined: after the usual growing pause. */
  readonly retryAfterMs?: number;
  /** Whether the call itself may be what fails, so that it counts as one of a job's tries. False while all calls fail. */
  readonly counts: boolean;
}

/** The platform said no, and the same call gets the same answer. */
export interface Refused {
  readonly ok: false;
  readonly kind: 'refused';
  readonly cause: string;
  /** The sub code without detail, or the code; `success-false` where an answer gave none, `invalid-request` for our own fault. */
  readonly code: string;
}

/** Of calls with an effect: the platform may have acted. Only the same call with the same content may follow. */
export interface Unknown {
  readonly ok: false;
  readonly kind: 'unknown';
  readonly cause: string;
  readonly retryAfterMs?: number;
  readonly counts: boolean;
  /** False where the platform's documents say that a repeat brings the same error. */
  readonly mayRepeat: boolean;
}

/** Of reads: an answer that is not what the interface describes. */
export interface Malformed {
  readonly ok: false;
  readonly kind: 'malformed';
  /** Names the place in the answer and never a value of it. */
  readonly cause: string;
}

export type ReadOutcome<T> = Done<T> | Later | Refused | Malformed;
export type ActOutcome = Done<undefined> | Later | Refused | Unknown;
