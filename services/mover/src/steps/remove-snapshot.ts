import { resources, type Snapshot, type Volume } from '@mooring/api';
import { dataPathOf, find, type Run } from '../run.ts';

/** Removes the data of a Snapshot that is being deleted; none where its Volume is gone or has no data of ours. */
export async function removeSnapshot(run: Run): Promise<void> {
  const snapshot = await run.subject.read<Snapshot>();
  const volume = await find<Volume>(run, { type: resources.volumes, name: snapshot.spec.volume });
  if (volume?.spec.source?.file === undefined) return;
  await dataPathOf(volume).removeSnapshot(snapshot.metadata.name);
}
