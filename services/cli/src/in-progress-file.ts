import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { World } from './context.ts';

/** Which backup is remembered. */
export interface InProgressKey {
  readonly dest: string;
  readonly volume: string;
  readonly backup: string;
}

/**
 * Remembers a backup that this user has begun and not ended, in `$XDG_STATE_HOME/mooring/in-progress/` (default
 * `~/.local/state`), so that the same command, run again after it was killed, knows the half-made backup as its own.
 */
export class InProgressFile {
  readonly #path: string | undefined;

  /** Without a home folder nothing is remembered. */
  constructor({ environment }: World, { dest, volume, backup }: InProgressKey) {
    const { XDG_STATE_HOME: state = '', HOME: home = '' } = environment;
    const base = state !== '' ? state : home !== '' ? join(home, '.local', 'state') : undefined;
    const id = createHash('sha256').update([dest, volume, backup].join('\n')).digest('hex').slice(0, 32);
    if (base !== undefined) this.#path = join(base, 'mooring', 'in-progress', id);
  }

  /** What an earlier run has saved; `undefined` for nothing. */
  async read(): Promise<string | undefined> {
    if (this.#path === undefined) return undefined;
    return await readFile(this.#path, 'utf8').catch(() => undefined);
  }

  /** Saves. Throws when the folder cannot be written. */
  async save(mark: string): Promise<void> {
    if (this.#path === undefined) return;
    await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
    const draft = `${this.#path}.${String(process.pid)}.tmp`;
    await writeFile(draft, mark, { mode: 0o600 });
    await rename(draft, this.#path);
  }

  /** Forgets; harmless when there is nothing. */
  async forget(): Promise<void> {
    if (this.#path !== undefined) await rm(this.#path, { force: true }).catch(() => undefined);
  }
}
