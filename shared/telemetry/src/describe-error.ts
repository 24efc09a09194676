/** An error as a log shows it. */
export interface ErrorDescription {
  /** The class: `StoreError`. */
  type: string;
  message: string;
  /** Machine-readable: `NotFound`, `ECONNREFUSED`. */
  code?: string;
  /** A condition's reason: `SecretNotFound`. */
  reason?: string;
  stack?: string;
  cause?: ErrorDescription;
  /** The parts of an AggregateError, at most ten. */
  errors?: ErrorDescription[];
}

const MAX_DEPTH = 5;
const MAX_PARTS = 10;

/**
 * An error (or whatever was thrown) as plain data, with causes to a depth of five. Only the fields above are taken: other
 * members of SDK errors hold requests with their credentials. Used in place of JSON.stringify, which gives `{}`.
 */
export function describeError(error: unknown, depth = 0): ErrorDescription {
  if (!(error instanceof Error)) return { type: typeof error, message: String(error) };
  const { code, reason } = error as { code?: unknown; reason?: unknown };
  const deeper = depth < MAX_DEPTH;
  return {
    type: error.name,
    message: error.message,
    ...(typeof code === 'string' ? { code } : {}),
    ...(typeof reason === 'string' ? { reason } : {}),
    ...(depth === 0 && error.stack !== undefined ? { stack: error.stack } : {}),
    ...(deeper && error.cause !== undefined ? { cause: describeError(error.cause, depth + 1) } : {}),
    ...(deeper && error instanceof AggregateError
      ? { errors: error.errors.slice(0, MAX_PARTS).map((part: unknown) => describeError(part, depth + 1)) }
      : {}),
  };
}
