import { FINALIZER, type MoverState, type Reason, type Snapshot, type Volume } from '@mooring/api';

/** What one pass over a Snapshot does. */
export type SnapshotStep =
  | { readonly step: 'rest' }
  /** Make its mover's Job: take it, or remove it when it is being deleted. */
  | { readonly step: 'start' }
  | { readonly step: 'watch'; readonly reason: Reason; readonly message: string }
  /** Its mover has ended well. */
  | { readonly step: 'finish' }
  | { readonly step: 'fail'; readonly reason: Reason; readonly message: string }
  /** Its mover's Job has failed and is made again. */
  | { readonly step: 'again'; readonly message: string }
  /** Our finalizer goes. */
  | { readonly step: 'release' };

/** What a step is decided on. */
export interface SnapshotFacts {
  readonly snapshot: Snapshot;
  readonly source: Volume | undefined;
  /** Of the Job that takes it, or removes it. */
  readonly taking: MoverState | undefined;
  readonly removing: MoverState | undefined;
  /** Name of a Backup that is being made from it. */
  readonly usedBy: string | undefined;
  readonly coexistence: boolean;
}

const watch = (reason: Reason, message: string): SnapshotStep => ({ step: 'watch', reason, message });

/** Decides the next step of a Snapshot. */
export function decideSnapshot(facts: SnapshotFacts): SnapshotStep {
  const { snapshot, source, coexistence, taking } = facts;
  const isFile = source?.spec.source?.file !== undefined;
  if (coexistence && !isFile) return { step: 'rest' };
  if (snapshot.metadata.deletionTimestamp) return decideDeleted(facts, isFile);
  if (snapshot.status?.readyToUse === true) return taking === undefined ? { step: 'rest' } : { step: 'finish' };
  return taking === undefined ? decideNew(snapshot, source) : decideTaking(taking);
}

function decideNew(snapshot: Snapshot, source: Volume | undefined): SnapshotStep {
  const fail = (reason: Reason, message: string): SnapshotStep => ({ step: 'fail', reason, message });
  if (source === undefined) return fail('VolumeNotFound', `the Volume '${snapshot.spec.volume}' does not exist`);
  if (source.spec.source?.file === undefined)
    return fail('NotSupportedYet', 'only volumes with spec.source.file can be snapshotted');
  if (snapshot.spec.createSnapshot === false)
    return fail(
      'Error',
      'spec.createSnapshot is false, and no snapshot of this name is known; set it to true to take one',
    );
  return { step: 'start' };
}

function decideTaking(taking: MoverState): SnapshotStep {
  if (taking.kind === 'done') return { step: 'finish' };
  if (taking.kind === 'failed') return { step: 'fail', reason: 'Error', message: taking.message };
  return watch('Pending', 'the snapshot is being taken');
}

function decideDeleted({ snapshot, taking, removing, usedBy }: SnapshotFacts, isFile: boolean): SnapshotStep {
  if (snapshot.metadata.finalizers?.includes(FINALIZER) !== true) return { step: 'rest' };
  if (!isFile) return { step: 'release' };
  if (usedBy !== undefined) return watch('Terminating', `Waiting for the backup ${usedBy} to end`);
  if (isActive(taking)) return watch('Terminating', 'Waiting for the snapshot to be taken');
  return removing === undefined ? { step: 'start' } : decideRemoving(removing);
}

function decideRemoving(removing: MoverState): SnapshotStep {
  if (removing.kind === 'done') return { step: 'release' };
  if (removing.kind === 'failed') return { step: 'again', message: removing.message };
  return watch('Terminating', 'the snapshot is being removed');
}

function isActive(mover: MoverState | undefined): boolean {
  return mover?.kind === 'running' || mover?.kind === 'stopping';
}
