import path from 'node:path';
import type { ObjectStore } from '@mooring/backupstore';
import { ManualClock, temporaryFolder } from '@mooring/testing';
import { expect } from 'chai';
import { MemoryStore } from '../../shared/backupstore/src/backends/memory.ts';
import { readAllStrictly, type ReaderReport } from '../compat/reader.ts';
import { FaultyStore, type FaultPlan, type StoreFault } from './faulty-store.ts';
import { dumpStore, fillSmallStore } from './small-store.ts';

// Its waits are the lock's: 2 s before it looks, 5 s between looks; refreshes and timeouts do not pass by themselves.
const AUTO_MS = 5_000;
// Longer than a lock lasts, so that a killed run's is expired.
const LOCK_PASSES_MS = 151_000;

/** A small store in memory, time that passes at once, and any number of runs over it. */
export class BackupstoreRig {
  readonly clock = new ManualClock({ autoMs: AUTO_MS });
  readonly memory: MemoryStore;

  /** `skewMs`: how far the store's clock is ahead of this machine's. */
  constructor(options: { readonly skewMs?: number } = {}) {
    const epochMs = Date.now() + (options.skewMs ?? 0);
    this.memory = new MemoryStore({ now: () => Math.floor((epochMs + this.clock.now()) / 1000) * 1000 });
  }

  /** Fills the store with the small volume. */
  static async create(options: { readonly skewMs?: number } = {}): Promise<BackupstoreRig> {
    const rig = new BackupstoreRig(options);
    await fillSmallStore(rig.memory);
    return rig;
  }

  /** Lets the locks of dead runs expire. */
  async letLocksExpire(): Promise<void> {
    await this.clock.advance(LOCK_PASSES_MS);
  }

  /**
   * Runs `work` with `fault` at the call with this index; a run that hangs is given up. The number of calls, and the
   * failure if there was one.
   */
  async run(
    fault: { readonly kind: StoreFault; readonly index: number } | undefined,
    work: (store: ObjectStore, signal: AbortSignal) => Promise<unknown>,
  ): Promise<{ calls: number; error?: unknown }> {
    const plan: FaultPlan = ({ index }) => (index === fault?.index ? fault.kind : undefined);
    const store = new FaultyStore(this.memory, plan);
    const cancel = new AbortController();
    store.onHang = () => {
      cancel.abort();
    };
    try {
      await work(store, cancel.signal);
      return { calls: store.calls };
    } catch (error) {
      return { calls: store.calls, error };
    }
  }
}

/** Collects what stores hold, for one run of the strict reader over all of them. */
export class StrictReadings {
  readonly #folders = new Map<string, string>();
  #root: string | undefined;

  /** Keeps what the store holds now. */
  async keep(label: string, store: ObjectStore): Promise<void> {
    this.#root ??= await temporaryFolder('readings');
    const folder = path.join(this.#root, String(this.#folders.size));
    this.#folders.set(label, folder);
    await dumpStore(store, folder);
  }

  /** Reads all that was kept; expects that no rule is broken, and gives each to `check`. */
  async expectSound(
    options: { readonly partial: boolean },
    check: (report: ReaderReport, label: string) => void = () => undefined,
  ): Promise<void> {
    const reports = await readAllStrictly([...this.#folders.values()], options);
    for (const [index, label] of [...this.#folders.keys()].entries()) {
      const report = reports[index];
      expect(report?.problems, label).to.deep.equal([]);
      if (report !== undefined) check(report, label);
    }
  }
}
