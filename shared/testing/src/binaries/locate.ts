import { accessSync, constants, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { pins, type BinaryName, type BinaryPin } from './pins.ts';

/** The environment a look-up depends on; `process.env` outside tests. */
export type Environment = Record<string, string | undefined>;

/**
 * The folder for binaries and build logs: `MOORING_CACHE`, else `$XDG_CACHE_HOME/mooring`, else `~/.cache/mooring`.
 * Binaries are in `bin/<name>-<version>` below it.
 */
export function cacheFolder(env: Environment = process.env): string {
  if (env['MOORING_CACHE']) return env['MOORING_CACHE'];
  return join(env['XDG_CACHE_HOME'] || join(env['HOME'] || homedir(), '.cache'), 'mooring');
}

/** Where the built `name` is, or would be: `<cache>/bin/etcd-3.6.16`. */
export function cachedPath(name: BinaryName, env: Environment = process.env): string {
  return join(cacheFolder(env), 'bin', `${name}-${pins[name].version}`);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** The first executable file called `name` in the folders of PATH; undefined when there is none. */
export function findOnPath(name: string, env: Environment = process.env): string | undefined {
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, name)).find(isProgram);
}

/**
 * Where `name` is already: in KUBEBUILDER_ASSETS, on PATH, or in the cache, in that order (what the user chose wins
 * over what we built); a program pinned as `exact` only in the cache. Undefined when it has to be built.
 */
export function locateBinary(name: BinaryName, env: Environment = process.env): string | undefined {
  const assets = env['KUBEBUILDER_ASSETS'];
  const pin: BinaryPin = pins[name];
  const chosen = pin.exact === true ? [] : [assets ? join(assets, name) : undefined, findOnPath(name, env)];
  const candidates = [...chosen, cachedPath(name, env)];
  return candidates.find((path) => path !== undefined && isProgram(path));
}
