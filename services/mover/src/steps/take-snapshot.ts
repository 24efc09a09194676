import { resources, type Snapshot, type Volume } from '@mooring/api';
import { dataPathOf, read, type Run } from '../run.ts';

/** Takes the snapshot of a Snapshot object, or finds the one that an earlier run took, and says so in its status. */
export async function takeSnapshot(run: Run): Promise<void> {
  const snapshot = await run.subject.read<Snapshot>();
  const { name } = snapshot.metadata;
  const action = `take snapshot '${name}'`;
  const volume = await read<Volume>(run, { type: resources.volumes, name: snapshot.spec.volume, action });
  const taken = await dataPathOf(volume).takeSnapshot(name);
  run.log.info({ snapshot: name, sizeBytes: taken.sizeBytes }, 'the snapshot is taken');
  await run.status.write({
    readyToUse: true,
    creationTime: taken.createdAt,
    restoreSize: taken.sizeBytes,
    size: taken.allocatedBytes,
    error: '',
  });
}
