import type { BackupProgress } from './types.ts';

// The end is the commit, not the last block.
const MAX_PERCENT = 99;

/** Adds up what is done. Longhorn says 100 before the end, and loses backups by it (backupstore-format §11, R1); this never does. */
export class Progress {
  readonly #bytesTotal: number;
  readonly #onProgress: ((progress: BackupProgress) => void) | undefined;
  #bytesDone = 0;

  constructor(bytesTotal: number, onProgress: ((progress: BackupProgress) => void) | undefined) {
    this.#bytesTotal = bytesTotal;
    this.#onProgress = onProgress;
    this.#tell();
  }

  /** Adds bytes of the volume. */
  readonly add = (bytes: number): void => {
    this.#bytesDone += bytes;
    this.#tell();
  };

  #tell(): void {
    const [bytesDone, bytesTotal] = [this.#bytesDone, this.#bytesTotal];
    const percent = bytesTotal === 0 ? 0 : Math.floor((bytesDone / bytesTotal) * 100);
    this.#onProgress?.({ bytesDone, bytesTotal, percent: Math.min(MAX_PERCENT, percent) });
  }
}
