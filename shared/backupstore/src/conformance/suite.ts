import { randomUUID } from 'node:crypto';
import type { ObjectStore } from '../store.ts';
import type { Check } from './check.ts';
import { listChecks } from './list-checks.ts';
import { objectChecks } from './object-checks.ts';

/** Every guarantee of the `ObjectStore` contract that can be seen from outside. */
export const conformanceChecks: readonly Check[] = [...objectChecks, ...listChecks];

// Longhorn never lists this folder.
const PROBE_FOLDER = 'backupstore/mooring-probe/';

/** How one check ended. */
export interface CheckResult {
  readonly name: string;
  readonly outcome: 'ok' | 'failed' | 'skipped';
  /** Why it failed. */
  readonly error?: unknown;
}

/**
 * Runs one check in a folder of its own below `backupstore/mooring-probe/`, and removes what it wrote, also when it
 * failed. Never throws: what goes wrong is in the result.
 */
export async function runCheck(store: ObjectStore, check: Check, now: () => number = Date.now): Promise<CheckResult> {
  const { name } = check;
  if (check.needs !== undefined && !store.capabilities[check.needs]) return { name, outcome: 'skipped' };
  const folder = `${PROBE_FOLDER}${randomUUID()}/`;
  try {
    await check.run({ store, folder, now });
    return { name, outcome: 'ok' };
  } catch (error) {
    return { name, outcome: 'failed', error };
  } finally {
    await removeAll(store, folder).catch(() => undefined);
  }
}

/**
 * Runs the suite on a user's own store, one check after the other, without the long ones. Writes only below
 * `backupstore/mooring-probe/`, and removes it again.
 */
export async function* probeConformance(store: ObjectStore): AsyncGenerator<CheckResult> {
  for (const check of conformanceChecks) if (check.isLong !== true) yield await runCheck(store, check);
}

async function removeAll(store: ObjectStore, folder: string): Promise<void> {
  for (;;) {
    const page = await store.list({ prefix: folder });
    if (page.objects.length === 0) return;
    await store.delete(page.objects.map((object) => object.key));
  }
}
