import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { waitForLock } from '../processes/process-lock.ts';
import { buildBinary, requireGo } from './build.ts';
import { cacheFolder, locateBinary, type Environment } from './locate.ts';
import { pins, type BinaryName } from './pins.ts';

/** What `ensureBinaries` needs from outside. */
export interface EnsureOptions {
  /** Gets one progress line per binary that is built; default: stderr. */
  log?: (line: string) => void;
  /** Default `process.env`. */
  env?: Environment;
  /** Builds one program; default the Go build. */
  build?: (name: BinaryName, env: Environment) => Promise<string>;
}

function toStderr(line: string): void {
  process.stderr.write(`${line}\n`);
}

async function buildMissing(missing: readonly BinaryName[], log: (line: string) => void, options: EnsureOptions) {
  const env = options.env ?? process.env;
  for (const [index, name] of missing.entries()) {
    // Another process may have built it while this one waited for the lock.
    if (locateBinary(name, env) !== undefined) continue;
    const startedAt = performance.now();
    const label = `${name} ${pins[name].version} (${String(index + 1)} of ${String(missing.length)})`;
    log(`building ${label}, once; minutes on a machine that has built nothing yet …`);
    await (options.build ?? buildBinary)(name, env);
    log(`built ${label} in ${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
  }
}

/**
 * The path of every program in `names`: the user's own (KUBEBUILDER_ASSETS, PATH), else the cached build, else built
 * now (first time: about 7 minutes on 2 cores for all). Safe to call from several processes at once: one builds, the
 * others wait. Throws BinaryUnavailableError, which says what to install.
 */
export async function ensureBinaries<Name extends BinaryName>(
  names: readonly Name[],
  options: EnsureOptions = {},
): Promise<Record<Name, string>> {
  const env = options.env ?? process.env;
  const log = options.log ?? toStderr;
  const missing = names.filter((name) => locateBinary(name, env) === undefined);
  if (missing.length > 0) {
    if (options.build === undefined) requireGo(missing, env);
    const folder = cacheFolder(env);
    await mkdir(folder, { recursive: true });
    const lock = await waitForLock(join(folder, 'build.lock'), (holder) => {
      log(`process ${String(holder.pid)} is building ${missing.join(', ')}; waiting for it …`);
    });
    try {
      await buildMissing(missing, log, options);
    } finally {
      await lock.release();
    }
  }
  return Object.fromEntries(names.map((name) => [name, locateBinary(name, env)])) as Record<Name, string>;
}
