import { moverVariables, type Volume } from '@mooring/api';
import {
  backupConfigKey,
  isStoreError,
  readVolumeConfig,
  restoreBackup,
  restoreIncremental,
  type ObjectStore,
  type RestoreOptions,
  type RestoreResult,
} from '@mooring/backupstore';
import type { Destination } from '@mooring/datapath';
import { mayRestoreChanges, restoreBegun, restoreDone, type Restoration } from '../decide-restore.ts';
import { MoverError } from '../errors.ts';
import { dataPathOf, openTarget, type Run } from '../run.ts';

/** A restore as it is ordered. */
interface Order extends Restoration {
  readonly volume: Volume;
  readonly store: ObjectStore;
  readonly sizeBytes: number;
}

/**
 * Restores a backup into the data of a Volume, whole or (with a base) what changed, and says in its status how far it is. The data are written in
 * place: what a killed run has left is proven by its checksums and not fetched again.
 */
export async function restoreVolume(run: Run): Promise<void> {
  const volume = await run.subject.read<Volume>();
  const action = `restore volume '${volume.metadata.name}'`;
  const { target: name, backup, base } = run.config;
  for (const order of ['target', 'volume', 'backup'] as const) {
    if (run.config[order] === '') {
      throw new MoverError('OrdersInvalid', { action, detail: `${moverVariables[order]} is not set` });
    }
  }
  const store = await openTarget(run, { name, action });
  try {
    const sizeBytes = Number(volume.spec.size) || (await sizeInStore(run, store));
    const order: Order = { volume, store, sizeBytes, base, backup };
    const result = await restoreAsOrdered(run, order);
    await run.status.write({ restoreRun: restoreDone({ backup }) });
    run.log.info({ ...result }, 'the volume is restored');
  } finally {
    store.close();
  }
}

async function sizeInStore({ config, signal }: Run, store: ObjectStore): Promise<number> {
  return Number((await readVolumeConfig(store, config.volume, { signal })).config.size);
}

async function restoreAsOrdered(run: Run, order: Order): Promise<RestoreResult> {
  const last = order.volume.status?.restoreRun ?? '';
  if (!mayRestoreChanges({ ...order, last })) return await restoreWhole(run, order);
  try {
    return await restoreChanges(run, order);
  } catch (error) {
    // The base cannot be compared with: it is gone from the store, or has blocks of another size.
    const key = backupConfigKey(run.config.volume, order.base);
    const isBaseGone = isStoreError(error, 'NotFound') && error.key === key;
    if (!isBaseGone && !isStoreError(error, 'BlockSizeChanged')) throw error;
    run.log.warn({ err: error }, 'all of the backup is restored');
    return await restoreWhole(run, order);
  }
}

async function restoreChanges(run: Run, order: Order): Promise<RestoreResult> {
  const { destination } = await openInPlace(run, order, order);
  return await restoreIncremental({
    ...optionsOf(run, order),
    ...{ destination, lastBackup: order.base, gone: 'hole', resume: true },
  });
}

async function restoreWhole(run: Run, order: Order): Promise<RestoreResult> {
  const { destination, isNew } = await openInPlace(run, order, { ...order, base: '' });
  return await restoreBackup({ ...optionsOf(run, order), destination, resume: !isNew });
}

// Said before the first byte is written: from then on the data are not what `lastRestoredBackup` says.
async function openInPlace(
  run: Run,
  { volume, sizeBytes }: Order,
  restoration: Restoration,
): Promise<{ destination: Destination; isNew: boolean }> {
  const data = dataPathOf(volume);
  await run.status.write({ restoreRun: restoreBegun(restoration), restoreWaiting: '' });
  const isNew = !(await data.exists());
  return { destination: await data.openDestination({ sizeBytes, update: true }), isNew };
}

function optionsOf(
  { config, signal, status, log }: Run,
  { store, backup }: Order,
): Omit<RestoreOptions, 'destination' | 'resume'> {
  return {
    ...{ store, backup, signal },
    volume: config.volume,
    concurrency: config.workers,
    onWaiting: ({ reason }) => {
      log.info({ reason }, 'the restore waits');
      status.report({ restoreWaiting: reason, restoreError: '' });
    },
    onProgress: ({ percent, bytesDone, bytesTotal }) => {
      status.report({
        restoreProgress: percent,
        bytesTotal: String(bytesTotal),
        bytesDone: String(bytesDone),
        restoreError: '',
        restoreWaiting: '',
      });
    },
    log: (message) => log.warn({}, message),
  };
}
