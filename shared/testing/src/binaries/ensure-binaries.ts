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

interface Building {
  log: (line: string) => void;
  env: Environment;
  build: (name: BinaryName, env: Environment) => Promise<string>;
  /** Set by the first failure: nothing more is begun. */
  hasFailed: boolean;
}

async function buildInOrder(names: readonly BinaryName[], building: Building): Promise<void> {
  const { log, env, build } = building;
  for (const name of names) {
    // Another process may have built it while this one waited for the lock.
    if (building.hasFailed || locateBinary(name, env) !== undefined) continue;
    const startedAt = performance.now();
    const label = `${name} ${pins[name].version}`;
    log(`building ${label}, once; this takes minutes the first time …`);
    try {
      await build(name, env);
    } catch (error) {
      building.hasFailed = true;
      throw error;
    }
    log(`built ${label} in ${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
  }
}

/**
 * Two builds side by side, because a compiler and above all a linker leave cores idle; but never two of Kubernetes,
 * which would both compile the same packages. Kubernetes is half of the work; when helm's turn comes (after etcd), what they share is compiled.
 */
async function buildMissing(missing: readonly BinaryName[], building: Building): Promise<void> {
  const isKubernetes = (name: BinaryName) => pins[name].package.startsWith('k8s.io/kubernetes/');
  const lanes = [missing.filter(isKubernetes), missing.filter((name) => !isKubernetes(name))];
  const outcomes = await Promise.allSettled(lanes.map((lane) => buildInOrder(lane, building)));
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
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
      await buildMissing(missing, { log, env, build: options.build ?? buildBinary, hasFailed: false });
    } finally {
      await lock.release();
    }
  }
  return Object.fromEntries(names.map((name) => [name, locateBinary(name, env)])) as Record<Name, string>;
}
