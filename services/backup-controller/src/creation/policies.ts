import {
  type BackupTarget,
  isTargetOpen,
  type MoverState,
  type Reason,
  type Snapshot,
  type Volume,
} from '@mooring/api';
import type { BackupEntry } from '../backup-entry.ts';

/** What one pass over a Backup that is made here does. */
export type Step =
  /** Nothing: it is complete, failed, or somebody else's. */
  | { readonly step: 'rest' }
  /** A source that no engine of this version reads. */
  | { readonly step: 'decline' }
  /** It waits; `message` says for what, in stable words. */
  | { readonly step: 'wait'; readonly message: string }
  /** The store has a config of this name: look whether it is this backup's. */
  | { readonly step: 'start' }
  /** Its mover runs. */
  | { readonly step: 'watch' }
  /** Its mover has ended well: the store has the truth. */
  | { readonly step: 'finish' }
  /** It cannot come to a good end. */
  | { readonly step: 'fail'; readonly reason: Reason; readonly message: string };

/** Another operation on the same target and volume. */
export interface Rival {
  /** `backup 'b'`, `restore of volume 'v'`, `deletion of backup 'b'`. */
  readonly what: string;
}

/** What a step is decided on. */
export interface CreationFacts {
  readonly entry: BackupEntry;
  readonly target: BackupTarget | undefined;
  readonly snapshot: Snapshot | undefined;
  readonly source: Volume | undefined;
  /** State of its mover's Job; undefined without one. */
  readonly mover: MoverState | undefined;
  readonly rival: Rival | undefined;
  /** Movers that back up now, and how many may. */
  readonly running: number;
  readonly limit: number;
  /** A Longhorn works in this cluster: volumes without a source of ours are its. */
  readonly coexistence: boolean;
  /** Milliseconds since the Backup was created. */
  readonly ageMs: number;
}

/** A snapshot may be applied after its backup; it has so long to appear, milliseconds. */
export const SNAPSHOT_GRACE_MS = 10 * 60_000;

/** States in which a Backup stays as it is until somebody deletes it or asks for a sync. */
const FINAL: readonly string[] = ['Completed', 'Error', 'Unknown'];

/** True for a Backup that is made in this cluster and has not come to an end. */
export function isCreating(entry: BackupEntry): boolean {
  return entry.isLocal && !entry.isDeleting && !FINAL.includes(entry.state);
}

/** Decides the next step of a Backup that is made here. The words for the user are Longhorn's where it has some. */
export function decideStep(facts: CreationFacts): Step {
  const { entry, mover, source, coexistence } = facts;
  if (!isCreating(entry)) return { step: 'rest' };
  if (mover !== undefined) return decideRunning(mover);
  if (coexistence && source !== undefined && isForeign(source)) return { step: 'rest' };
  return missingPart(facts) ?? waitingPart(facts) ?? { step: 'start' };
}

function decideRunning(mover: MoverState): Step {
  switch (mover.kind) {
    case 'running':
      return { step: 'watch' };
    case 'stopping':
      return { step: 'wait', message: 'Waiting for the mover to end' };
    case 'done':
      return { step: 'finish' };
    case 'failed':
      return { step: 'fail', reason: 'Error', message: mover.message };
  }
}

/** A Volume that Longhorn keeps. */
function isForeign({ spec }: Volume): boolean {
  return spec.source === undefined || spec.source.longhorn !== undefined;
}

function missingPart({ entry, snapshot, source, ageMs }: CreationFacts): Step | undefined {
  if (snapshot === undefined || snapshot.metadata.deletionTimestamp) {
    const message = `Failed to get the Snapshot ${entry.snapshotName}`;
    if (snapshot === undefined && ageMs < SNAPSHOT_GRACE_MS) return { step: 'wait', message };
    const cure = 'it does not exist; take the snapshot, delete this Backup and make another';
    return { step: 'fail', reason: 'Error', message: `${message}: ${cure}` };
  }
  if (source === undefined) {
    const message = `cannot find the corresponding volume: Volume '${snapshot.spec.volume}' does not exist`;
    return { step: 'fail', reason: 'VolumeNotFound', message };
  }
  return source.spec.source?.file === undefined ? { step: 'decline' } : undefined;
}

function waitingPart({ entry, target, snapshot, rival, running, limit }: CreationFacts): Step | undefined {
  const wait = (message: string): Step => ({ step: 'wait', message });
  if (target === undefined) return wait(`Waiting for the BackupTarget ${entry.target} to exist`);
  if (!isTargetOpen(target)) return wait(`Waiting for the BackupTarget ${entry.target} to be available`);
  if (snapshot?.status?.readyToUse !== true) return wait(`Waiting for the snapshot ${entry.snapshotName} to be ready`);
  if (rival !== undefined) return wait(`Waiting for the ${rival.what} to end`);
  if (running >= limit) return wait(`Waiting for one of ${String(running)} running backups to end`);
  return undefined;
}
