import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { MOVER_NODE_FLAGS } from '@mooring/backupstore';
import { bundleEntries } from '@mooring/images';
import type { S3Server } from '@mooring/testing';

/** What to run, and on what. */
export interface BundledRun {
  /** A file of this folder, without `.ts`. */
  readonly script: string;
  /** For its bundle. */
  readonly folder: string;
  readonly args?: readonly string[];
  readonly server?: S3Server;
}

/** Runs a script as a mover runs: bundled, in a process of its own, with the flags of a mover. Returns what it prints, or throws. */
export async function runBundled({ script, folder, args = [], server }: BundledRun): Promise<string> {
  await bundleEntries({ [script]: path.join(import.meta.dirname, `${script}.ts`) }, folder);
  const environment = server !== undefined && {
    AWS_ENDPOINTS: server.endpoint,
    AWS_ACCESS_KEY_ID: server.accessKey,
    AWS_SECRET_ACCESS_KEY: server.secretKey,
  };
  const main = path.join(folder, `${script}.mjs`);
  const { stdout } = await promisify(execFile)(process.execPath, [...MOVER_NODE_FLAGS, main, ...args], {
    env: { ...process.env, ...environment },
  });
  return stdout.trim();
}
