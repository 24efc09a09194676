import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { ensureOwnProgram } from '@mooring/testing';

/** What the strict reader (`reader/`, in Go) says of a store. */
export interface ReaderReport {
  /** SHA-256 of each complete backup's image at the volume's present size, by volume and backup. */
  readonly volumes: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** SHA-256 of each complete backing image. */
  readonly backingImages: Readonly<Record<string, string>>;
  /** `<version>/<name>`. */
  readonly systemBackups: readonly string[];
  /** Block objects in all. */
  readonly blocks: number;
  /** Everything that breaks a rule of the format; sorted. */
  readonly problems: readonly string[];
}

const REPORT_BYTES = 64 * 1024 * 1024;

/**
 * Opens the store in a directory with the strict reader, restores all of it and returns what it says. `partial`: accept what
 * an interrupted run may leave (in-progress configs, orphans, locks); a missing block or a broken config is a problem all the same.
 */
export async function readStrictly(root: string, options: { readonly partial?: boolean } = {}): Promise<ReaderReport> {
  const program = await ensureOwnProgram({
    name: 'store-reader',
    folder: path.resolve(import.meta.dirname, 'reader'),
  });
  const args = [...(options.partial === true ? ['-partial'] : []), root];
  const { stdout } = await promisify(execFile)(program, args, { maxBuffer: REPORT_BYTES });
  return JSON.parse(stdout) as ReaderReport;
}
