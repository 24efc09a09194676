import { join } from 'node:path';
import type { ApiClient } from '../kube/api-client.ts';
import { getTable, renderColumns } from '../kube/table.ts';
import { changeDisk, DISK_SIZE_BYTES, makeDisk } from './sample-disk.ts';
import { sampleObjects, type SampleObject, type SampleObjects } from './sample-objects.ts';
import { objectsPath } from './sample.ts';

/** What the sample's volume is made with. */
export interface SampleVolumeInput {
  api: ApiClient;
  /** Namespace of the objects. */
  namespace: string;
  /** Absolute. Its folder `sample` gets the disks. */
  dataDir: string;
  /** Ends it; what it began is taken up by the next run. */
  signal: AbortSignal;
}

const TARGET = 'sample';

const VOLUME = 'sample-disk';

/** What is shown of Volumes: their own columns are Longhorn's. */
const COLUMNS =
  'NAME:.metadata.name,FILE:.spec.source.file.path,HOLDS:.status.lastRestoredBackup,LASTBACKUP:.status.lastBackup';

/**
 * Shows the main job: backs up a disk (`sample/disk.img`) into the sample target, changes it, backs up what changed, and restores both
 * backups as Volumes (`sample/restored-first.img`, `…-second.img`). What was done by an earlier run is not done again. Gives what
 * `kubectl get` shows of it; undefined when the user has deleted the target. Throws what went wrong.
 */
export async function makeSampleVolume({
  api,
  namespace,
  dataDir,
  signal,
}: SampleVolumeInput): Promise<string | undefined> {
  const objects = sampleObjects({ api, path: objectsPath(namespace), namespace, signal });
  if ((await objects.read('BackupTarget', TARGET)) === undefined) return undefined;
  const folder = join(dataDir, 'sample');
  const disk = join(folder, 'disk.img');
  await makeDisk(disk);
  await objects.create('Volume', VOLUME, { spec: volumeSpec(disk) });
  const first = await backUp(objects, 'sample-first');
  await changeDisk(disk);
  const second = await backUp(objects, 'sample-second');
  await Promise.all([
    restore(objects, first, join(folder, 'restored-first.img')),
    restore(objects, second, join(folder, 'restored-second.img')),
  ]);
  return await describe(api, namespace);
}

/** What kubectl shows of it. */
async function describe(api: ApiClient, namespace: string): Promise<string> {
  const path = objectsPath(namespace);
  const { items } = await api.request<{ items: SampleObject[] }>({ path: `${path}/volumes` });
  const rows = items.map(({ metadata, spec, status }) => [
    metadata.name,
    spec?.source?.file?.path ?? '<none>',
    status?.lastRestoredBackup ?? '<none>',
    status?.lastBackup ?? '<none>',
  ]);
  const shown = [
    [`volumes -o custom-columns=${COLUMNS}`, renderColumns([['NAME', 'FILE', 'HOLDS', 'LASTBACKUP'], ...rows])],
    ['snapshots', await getTable(api, `${path}/snapshots`)],
    [
      `backups -l backup-volume=${VOLUME}`,
      await getTable(api, `${path}/backups?labelSelector=backup-volume%3D${VOLUME}`),
    ],
  ];
  return shown.map(([what, table]) => `$ kubectl -n ${namespace} get ${what}\n${table}\n`).join('\n');
}

function volumeSpec(path: string): object {
  const source = { file: { path } };
  return { size: String(DISK_SIZE_BYTES), backupTargetName: TARGET, backupCompressionMethod: 'lz4', source };
}

/** Takes a snapshot and a backup of it, both of this name. */
async function backUp(objects: SampleObjects, name: string): Promise<SampleObject> {
  await objects.create('Snapshot', name, { spec: { volume: VOLUME, createSnapshot: true } });
  await objects.until('Snapshot', name, ({ status }) => status?.readyToUse === true);
  const labels = { 'backup-target': TARGET, 'backup-volume': VOLUME };
  await objects.create('Backup', name, { labels, spec: { snapshotName: name } });
  return await objects.until('Backup', name, ({ status }) => status?.state === 'Completed');
}

async function restore(objects: SampleObjects, backup: SampleObject, path: string): Promise<void> {
  const { name } = backup.metadata;
  const fromBackup = backup.status?.url ?? '';
  const volume = `${name}-restored`;
  await objects.create('Volume', volume, { spec: { ...volumeSpec(path), fromBackup } });
  await objects.until(
    'Volume',
    volume,
    ({ status }) => status?.lastRestoredBackup === name && status.restoreRequired !== true,
  );
}
