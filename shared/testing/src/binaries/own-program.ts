import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { waitForLock } from '../processes/process-lock.ts';
import { BinaryUnavailableError, requireGo, runGo } from './build.ts';
import { cacheFolder, type Environment } from './locate.ts';

/** A Go program whose source is in this repository. */
export interface OwnProgram {
  readonly name: string;
  /** Its folder, with go.mod, go.sum and all of its sources. */
  readonly folder: string;
}

/**
 * The path of the program, built into the cache (`bin/<name>-<hash of its files>`) unless these very sources were built
 * before. Some seconds. Two callers build once. Throws BinaryUnavailableError with the compiler's output.
 */
export async function ensureOwnProgram(program: OwnProgram, env: Environment = process.env): Promise<string> {
  const { name, folder } = program;
  const version = await hashFiles(folder);
  const target = join(cacheFolder(env), 'bin', `${name}-${version}`);
  if (existsSync(target)) return target;
  const go = requireGo([name], env);
  await Promise.all(['bin', 'logs'].map((part) => mkdir(join(cacheFolder(env), part), { recursive: true })));
  const lock = await waitForLock(join(cacheFolder(env), `build-${name}.lock`), () => undefined);
  try {
    if (existsSync(target)) return target;
    const draft = `${target}.building`;
    const logFile = join(cacheFolder(env), 'logs', `build-${name}.log`);
    const args = ['build', '-mod=readonly', '-trimpath', '-ldflags', '-s -w', '-o', draft, '.'];
    const code = await runGo(go, args, { cwd: folder, logFile, env });
    if (code !== 0) {
      await rm(draft, { force: true });
      throw new BinaryUnavailableError(
        name,
        `go build ended with ${String(code)}:\n${await readFile(logFile, 'utf8')}`,
      );
    }
    await rename(draft, target);
    return target;
  } finally {
    await lock.release();
  }
}

async function hashFiles(folder: string): Promise<string> {
  const hash = createHash('sha256');
  for (const file of (await readdir(folder)).sort()) hash.update(file).update(await readFile(join(folder, file)));
  return hash.digest('hex').slice(0, 16);
}
