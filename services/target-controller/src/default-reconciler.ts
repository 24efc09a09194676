/** Keeps the target `default` in being, and it and the Settings in step with their ConfigMap. */
import { ANNOTATION_UNINSTALL, DEFAULT_TARGET } from '@mooring/api';
import type { BackupTarget } from '@mooring/api';
import { isNotFound } from '@mooring/runtime';
import type { Change, Outcome } from '@mooring/runtime';
import { isGoingAway } from './mirror-failure.ts';
import type { Parts } from './parts.ts';
import { applyDefaultSettings } from './steps/apply-default-settings.ts';
import { applyDefaultTarget } from './steps/apply-default-target.ts';

/** The one key. */
export const DEFAULT_KEY = DEFAULT_TARGET;

/** Pause before looking again whether a namespace or kind that is gone, or going, is there again. */
const GONE_RETRY_MS = 30_000;

/** Reconciles the default target. */
export class DefaultReconciler {
  readonly #parts: Parts;
  /**
   * The object was deleted with the uninstall annotation: it stays away for as long as this process lives or until its ConfigMap changes. The
   * uninstall ends the process next; the next installation starts one that creates it again.
   */
  #isUninstalled = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Takes note of a deletion; says whether the default must be looked at again. */
  shouldReconcile(change: Change<BackupTarget>): boolean {
    if (change.new !== undefined || change.old.metadata.name !== DEFAULT_TARGET) return false;
    const isUninstall = change.old.metadata.annotations?.[ANNOTATION_UNINSTALL] !== undefined;
    if (isUninstall) this.#isUninstalled = true;
    return !isUninstall;
  }

  /** The ConfigMap changed: whoever did that wants a default target. */
  configChanged(): void {
    this.#isUninstalled = false;
  }

  /** One pass. */
  async reconcile(): Promise<Outcome> {
    if (this.#isUninstalled) return { result: 'done' };
    try {
      await applyDefaultSettings(this.#parts);
      if (await applyDefaultTarget(this.#parts)) return { result: 'done' };
    } catch (error) {
      if (!isGoingAway(error) && !isNotFound(error)) throw error;
    }
    return { result: 'done', requeueAfterMs: GONE_RETRY_MS };
  }
}
