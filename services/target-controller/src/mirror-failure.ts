/** Some objects could not be made what they should be. */
import { ApiError, ConnectionError, errorFacts, LeaseLost } from '@mooring/runtime';
import type { ErrorKind } from '@mooring/runtime';

/** Reason in the details of a write that was refused because the namespace is being deleted. */
const NAMESPACE_TERMINATING = 'NamespaceTerminating';

/** Several failures of one pass; `cause` is the first. The message names no object, so that it is the same at the next try. */
export class MirrorFailure extends Error {
  override readonly name = 'MirrorFailure';
  readonly kind: ErrorKind;
  readonly reason = 'ReconcileFailed';
  readonly errors: readonly unknown[];

  constructor(message: string, errors: readonly unknown[]) {
    super(message, { cause: errors[0] });
    this.errors = errors;
    this.kind = errorFacts(errors[0]).kind ?? 'transient';
  }
}

/**
 * One error for all that failed while doing `verb` to `noun`. The lost lease and a namespace or kind that is going away are passed on as they
 * are: the pass ends there.
 */
export function asMirrorFailure(verb: string, noun: string, errors: readonly unknown[]): unknown {
  const final = errors.find((error) => error instanceof LeaseLost || isGoingAway(error));
  if (final !== undefined) return final;
  return new MirrorFailure(`failed to ${verb} some ${noun}: ${causeOf(errors[0])}; it is tried again`, errors);
}

/** Whether the namespace is being deleted, or the namespace or the kind is gone: there is nothing to keep true. */
export function isGoingAway(error: unknown): boolean {
  if (!(error instanceof ApiError)) return false;
  if (error.details.causes?.some(({ reason }) => reason === NAMESPACE_TERMINATING) === true) return true;
  // A 404 of a creation: objects do not exist before it, so it is the namespace or the CRD that does not.
  return error.status === 404 && error.details.kind === 'namespaces';
}

function causeOf(error: unknown): string {
  if (error instanceof ApiError) return `the API server answered ${String(error.status)} ${error.reason}`;
  if (error instanceof ConnectionError) return `the API server did not answer (${error.reason})`;
  return error instanceof Error ? error.name : 'unknown error';
}
