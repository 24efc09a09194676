import { type Backup, secondTime, storeNameOf, targetOfBackup } from '@mooring/api';
import { verifyBackup as verify } from '@mooring/backupstore';
import { openTarget, type Run } from '../run.ts';

/** Bad blocks that the object names: enough for the next backup to write most damages again. */
const MAX_NAMED = 100;

/** Looks for every block of a Backup in the store, and says in its status when, and which are bad. Writes nothing to the store. */
export async function verifyBackup(run: Run): Promise<void> {
  const backup = await run.subject.read<Backup>();
  const action = `verify backup '${backup.metadata.name}'`;
  const store = await openTarget(run, { name: targetOfBackup(backup), action, object: backup });
  try {
    const { mode, blocks, badCount, bad } = await verify({
      store,
      volume: backup.status?.volumeName ?? '',
      backup: storeNameOf(backup.metadata),
      mode: run.config.mode,
      concurrency: run.config.workers,
      signal: run.signal,
    });
    run.log.info({ mode, blocks, badCount }, 'the backup is verified');
    await run.status.write({
      verifiedAt: secondTime(run.clock.now()),
      badBlocks: bad.slice(0, MAX_NAMED).map(({ checksum }) => checksum),
      messages: { verify: null },
    });
  } finally {
    store.close();
  }
}
