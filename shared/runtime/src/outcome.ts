import type { ErrorKind } from './errors.ts';

/** How a reconcile pass ended. `requeueAfterMs`: look again then, though nothing changed. Throwing counts as `retry`. */
export type Outcome =
  | { readonly result: 'done'; readonly requeueAfterMs?: number | undefined }
  | { readonly result: 'retry'; readonly error: unknown };

/** What a thrown value says about itself, whatever package it comes from. */
export interface ErrorFacts {
  /** Undefined: the error says nothing; a defect, or one of Node's. */
  readonly kind: ErrorKind | undefined;
  /** CamelCase, e.g. `SecretNotFound`. */
  readonly reason: string | undefined;
  readonly retryAfterMs: number | undefined;
}

const KINDS: readonly string[] = ['stalled', 'transient', 'conflict', 'corrupt'] satisfies ErrorKind[];

/** Reads `kind`, `reason` and `retryAfterMs` off anything thrown, without trusting it. */
export function errorFacts(error: unknown): ErrorFacts {
  if (typeof error !== 'object' || error === null)
    return { kind: undefined, reason: undefined, retryAfterMs: undefined };
  const { kind, reason, retryAfterMs } = error as Record<string, unknown>;
  return {
    kind: typeof kind === 'string' && KINDS.includes(kind) ? (kind as ErrorKind) : undefined,
    reason: typeof reason === 'string' && reason !== '' ? reason : undefined,
    retryAfterMs: typeof retryAfterMs === 'number' && retryAfterMs >= 0 ? retryAfterMs : undefined,
  };
}
