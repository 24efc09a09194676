import { VOLUMES_PREFIX } from '../layout.ts';
import type { VolumeBuilder } from './volume-builder.ts';
import { MAX_ISSUES, type ScanIssue, type ScanOptions, type ScanSummary } from './types.ts';

/** Counts, and hands finished volumes to the caller; shared by both ways to scan. */
export class ScanCollector {
  /** LIST requests made so far. */
  lists = 0;
  readonly #options: ScanOptions;
  readonly #now: () => number;
  #volumes = 0;
  #backups = 0;
  #issueCount = 0;
  readonly #issues = new Map<string, ScanIssue>();

  constructor(options: ScanOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** Reports a finished volume folder: to the caller, or as an issue when it is no volume. */
  async finish(builder: VolumeBuilder): Promise<void> {
    const rejection = builder.rejection();
    if (rejection === 'hidden') return;
    if (rejection !== undefined) {
      this.#addIssue(rejection);
      return;
    }
    const volume = builder.build(this.#now());
    await this.#options.onVolume(volume);
    this.#volumes += 1;
    this.#backups += volume.backups.length;
    this.#issueCount += volume.issues.length;
  }

  /** Reports a key that lies in no volume's folder, once for each foreign folder. */
  foreign(key: string): void {
    const root = foreignRoot(key);
    this.#addIssue({ code: 'UnknownObject', key: root, message: 'it does not belong to the format; it is ignored' });
  }

  /** The summary so far. */
  summary(method: ScanSummary['method']): ScanSummary {
    return {
      volumes: this.#volumes,
      backups: this.#backups,
      issues: [...this.#issues.values()],
      issueCount: this.#issueCount,
      lists: this.lists,
      method,
    };
  }

  #addIssue(issue: ScanIssue): void {
    if (this.#issues.has(issue.key)) return;
    this.#issueCount += 1;
    if (this.#issues.size < MAX_ISSUES) this.#issues.set(issue.key, issue);
  }
}

// The topmost folder or file that makes a key foreign: `volumes/` wants two folders of two characters each.
function foreignRoot(key: string): string {
  let folder = VOLUMES_PREFIX;
  for (let level = 0; level < 2; level++) {
    const slash = key.indexOf('/', folder.length);
    if (slash < 0) return key;
    const isShard = slash === folder.length + 2;
    folder = key.slice(0, slash + 1);
    if (!isShard) return folder;
  }
  return key;
}
