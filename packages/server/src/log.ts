import { type Logger, pino } from 'pino';

/**
 * Structured logs on standard error. An error is written as its name, code, message and stack and nothing else:
 * drivers hang whole connections and row values on theirs.
 */
export function createLog(level: string): Logger {
  return pino({ level, base: null, serializers: { err: plainError } }, pino.destination(2));
}

function plainError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: 'not an Error' };
  const { code } = error as { code?: unknown };
  return {
    name: error.name,
    message: error.message,
    stack: error.stack,
    ...(code === undefined ? {} : { code }),
  };
}
