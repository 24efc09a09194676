import { DestinationError } from '@mooring/api';
import { isStoreError } from '@mooring/backupstore';

/** An error with the exact text that longhorn-manager (and scripts written for it) look for. */
export class CliError extends Error {
  override readonly name = 'CliError';
  /** Exit code of the program; 1 unless told. */
  readonly exitCode: number;

  constructor(message: string, options: { readonly cause?: unknown; readonly exitCode?: number } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.exitCode = options.exitCode ?? 1;
  }
}

/** What the user sees of an error. */
export interface ShownError {
  readonly message: string;
  readonly exitCode: number;
}

/**
 * Turns any error into its text. An absent config reads `cannot find <key> in backupstore`, as Longhorn's; `url` is the
 * one that was to be opened.
 */
export function toCliError(error: unknown, url = ''): ShownError {
  if (isStoreError(error, 'NotFound') && error.key !== undefined) {
    return { message: `cannot find ${error.key} in backupstore`, exitCode: 1 };
  }
  const cause = isStoreError(error, 'InvalidURL') ? error.cause : undefined;
  if (cause instanceof DestinationError) return { message: destinationText(cause, url), exitCode: 1 };
  const exitCode = error instanceof CliError ? error.exitCode : 1;
  return { message: error instanceof Error ? error.message : String(error), exitCode };
}

function destinationText(error: DestinationError, url: string): string {
  if (error.code !== 'UnsupportedScheme') return error.message;
  return `driver ${url.slice(0, url.indexOf(':')).toLowerCase()} is not supported`;
}
