import {
  resources,
  secondTime,
  STORE_LABEL_RECURRING_JOBS,
  storeNameOf,
  targetOfBackup,
  type Backup,
  type RecurringJob,
  type Snapshot,
  type Volume,
} from '@mooring/api';
import { createBackup, type BackupProgress, type CreateBackupOptions } from '@mooring/backupstore';
import { MoverError } from '../errors.ts';
import { dataPathOf, openTarget, read, type Run } from '../run.ts';
import { volumeJobs } from '../volume-jobs.ts';

/** What a backup is made of. */
interface Scope {
  readonly backup: Backup;
  readonly snapshot: Snapshot;
  readonly volume: Volume;
  /** As {@link volumeJobs} gives them. */
  readonly jobs: string | undefined;
}

/**
 * Makes the backup of a Backup object, or goes on with what an earlier run began, and says in its status how far it is. That it is complete is
 * not said: the controller reads that from the store.
 */
export async function makeBackup(run: Run): Promise<void> {
  const scope = await gather(run);
  const { backup, snapshot, volume } = scope;
  const action = `back up volume '${volume.metadata.name}'`;
  const source = await dataPathOf(volume).openSnapshot({ snapshot: snapshot.metadata.name });
  try {
    const store = await openTarget(run, { name: targetOfBackup(backup), action, object: backup });
    try {
      const report = reporter(run, scope);
      const { outcome, newBlocks, config } = await createBackup({
        corruptBlocks: run.config.corrupt,
        ...{ store, source },
        ...optionsOf(scope),
        concurrency: run.config.workers,
        inProgress: backup.status?.inProgressConfig || undefined,
        saveInProgress: async (mark) => await run.status.write({ inProgressConfig: mark }),
        signal: run.signal,
        ...report,
      });
      run.log.info({ outcome, newBlocks, sizeBytes: config.size }, 'the backup is complete in the store');
    } finally {
      store.close();
    }
  } finally {
    await source.close();
  }
}

async function gather(run: Run): Promise<Scope> {
  const backup = await run.subject.read<Backup>();
  const action = `make backup '${backup.metadata.name}'`;
  const name = backup.spec.snapshotName ?? '';
  const snapshot = await read<Snapshot>(run, { type: resources.snapshots, name, action });
  if (snapshot.status?.readyToUse !== true || !snapshot.status.creationTime) {
    throw new MoverError('SnapshotNotReady', { action, detail: `snapshot '${name}' is not taken yet` });
  }
  const volume = await read<Volume>(run, { type: resources.volumes, name: snapshot.spec.volume, action });
  const { client, config, signal } = run;
  const { items } = await client.list<RecurringJob>(resources.recurringJobs, {
    namespace: config.objectNamespace,
    signal,
  });
  return { backup, snapshot, volume, jobs: volumeJobs(volume, items) };
}

function optionsOf({
  backup,
  snapshot,
  volume,
  jobs,
}: Scope): Pick<
  CreateBackupOptions,
  'volume' | 'backup' | 'snapshot' | 'mode' | 'compression' | 'blockSizeBytes' | 'labels'
> {
  const { backingImage, backupCompressionMethod, backupBlockSize } = volume.spec;
  const blockSize = Number(backup.spec.backupBlockSize || backupBlockSize);
  return {
    volume: { name: volume.metadata.name, backingImageName: backingImage || undefined },
    backup: storeNameOf(backup.metadata),
    snapshot: { name: snapshot.metadata.name, createdAt: snapshot.status?.creationTime ?? '' },
    mode: backup.spec.backupMode || undefined,
    compression: backupCompressionMethod || undefined,
    // -1 and 0 stand for unknown.
    blockSizeBytes: blockSize > 0 ? blockSize : undefined,
    labels:
      jobs === undefined
        ? (backup.spec.labels ?? undefined)
        : { ...backup.spec.labels, [STORE_LABEL_RECURRING_JOBS]: jobs },
  };
}

function reporter(
  { status, log, clock }: Run,
  { backup, snapshot }: Scope,
): Pick<CreateBackupOptions, 'onProgress' | 'onWaiting' | 'log'> {
  const facts = {
    error: '',
    startedAt: backup.status?.startedAt || secondTime(clock.now()),
    volumeSize: String(snapshot.status?.restoreSize ?? 0),
    snapshotName: snapshot.metadata.name,
    snapshotCreatedAt: snapshot.status?.creationTime,
  };
  return {
    onWaiting: ({ reason }) => {
      log.info({ reason }, 'the backup waits');
      status.report({ ...facts, state: 'Pending', messages: { info: reason, error: null } });
    },
    onProgress: ({ percent, bytesDone, bytesTotal }) => {
      status.report({
        ...facts,
        state: 'InProgress',
        // The last step is the controller's, who finds the backup complete in the store.
        progress: Math.min(percent, MAX_PERCENT),
        bytesTotal: String(bytesTotal),
        bytesDone: String(bytesDone),
        // In a merge patch, an empty object would leave what is there.
        messages: { info: null, error: null },
      });
    },
    log: (message) => log.warn({}, message),
  };
}

const MAX_PERCENT = 99 satisfies BackupProgress['percent'];
