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

/** How strict the reader is. */
export interface ReaderOptions {
  /** Accept what an interrupted run may leave: in-progress configs, orphans, locks. A missing block is a problem all the same. */
  readonly partial?: boolean;
}

/** Opens the store in a directory with the strict reader, restores all of it and returns what it says. */
export async function readStrictly(root: string, options: ReaderOptions = {}): Promise<ReaderReport> {
  const [report] = await readAllStrictly([root], options);
  if (report === undefined) throw new Error('the reader says nothing');
  return report;
}

/** As {@link readStrictly}, for several stores at once: a process start is most of the cost of a small one. */
export async function readAllStrictly(roots: readonly string[], options: ReaderOptions = {}): Promise<ReaderReport[]> {
  const program = await ensureOwnProgram({ name: 'store-reader', folder: path.resolve(import.meta.dirname, 'reader') });
  const args = [...(options.partial === true ? ['-partial'] : []), ...roots];
  const { stdout } = await promisify(execFile)(program, args, { maxBuffer: REPORT_BYTES });
  return JSON.parse(stdout) as ReaderReport[];
}
