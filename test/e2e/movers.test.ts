import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ApiRequestError, eventually } from '@mooring/testing';
import { expect } from 'chai';
import { bed } from './bed.ts';
import { apply, createTargetOnS3, get, path, remove, waitUntilReady } from './objects.ts';
import { ensureInstalled, RELEASE_NAMESPACE } from './release.ts';
import { s3Server } from './stores.ts';

/** The user that movers run as unless the chart's values say another. */
const MOVER_USER = 65_532;
const SIZE = 8 * 1024 * 1024;
const LONG = { timeoutMs: 120_000, intervalMs: 500 };

describe('a volume in a file of the node', () => {
  let folder: string;
  let data: Buffer;

  const state = async (name: string) => (await get('backups', name)).status?.['state'];
  const jobs = async () =>
    (
      await bed().api.request<{ items: { metadata: { name: string } }[] }>({
        path: `/apis/batch/v1/namespaces/${RELEASE_NAMESPACE}/jobs?labelSelector=app.kubernetes.io%2Fcomponent%3Dmover`,
      })
    ).items;
  const isGone = (plural: string, name: string) =>
    get(plural, name).then(
      () => false,
      (error: unknown) => error instanceof ApiRequestError && error.status === 404,
    );
  const volume = (name: string, more: string) =>
    apply(`
apiVersion: longhorn.io/v1beta2
kind: Volume
metadata: {name: ${name}}
spec:
  size: '${String(SIZE)}'
  backupTargetName: e2e-movers
  source: {file: {path: ${join(folder, `${name}.img`)}}}
  ${more}
`);

  before(async () => {
    await ensureInstalled();
    await createTargetOnS3('e2e-movers', await s3Server(), 'movers/');
    await waitUntilReady('backuptargets', 'e2e-movers');
    folder = await mkdtemp('/var/tmp/mooring-e2e-');
    data = randomBytes(SIZE);
    await writeFile(join(folder, 'e2e-disk.img'), data);
    await chmod(join(folder, 'e2e-disk.img'), 0o600);
    for (const file of [folder, join(folder, 'e2e-disk.img')]) await chown(file, MOVER_USER, MOVER_USER);
  });

  after(async () => {
    for (const name of ['e2e-disk', 'e2e-restored']) await remove(path('volumes', name));
    await rm(folder, { recursive: true, force: true });
  });

  it('is backed up by a Job of the mover', async () => {
    await volume('e2e-disk', '');
    await apply(`
apiVersion: longhorn.io/v1beta2
kind: Snapshot
metadata: {name: e2e-snapshot}
spec: {volume: e2e-disk, createSnapshot: true}
`);
    await waitUntilReady('snapshots', 'e2e-snapshot', 120_000);
    await apply(`
apiVersion: longhorn.io/v1beta2
kind: Backup
metadata: {name: e2e-backup}
spec: {snapshotName: e2e-snapshot, labels: {made: here}}
`);
    await eventually(async () => (await state('e2e-backup')) === 'Completed', LONG);
    const { status } = await get('backups', 'e2e-backup');
    expect(status).to.include({ size: String(SIZE), volumeName: 'e2e-disk', progress: 100 });
  });

  it('is restored into another, byte for byte', async () => {
    const { status } = await get('backups', 'e2e-backup');
    await volume('e2e-restored', `fromBackup: '${String(status?.['url'])}'`);
    await eventually(
      async () => (await get('volumes', 'e2e-restored')).status?.['lastRestoredBackup'] === 'e2e-backup',
      LONG,
    );
    expect((await readFile(join(folder, 'e2e-restored.img'))).equals(data)).to.equal(true);
  });

  it('leaves nothing of a deleted backup, and no Job', async () => {
    await remove(path('backups', 'e2e-backup'));
    await eventually(() => isGone('backups', 'e2e-backup'), LONG);
    await remove(path('snapshots', 'e2e-snapshot'));
    await eventually(() => isGone('snapshots', 'e2e-snapshot'), LONG);
    await eventually(async () => (await jobs()).length === 0, LONG);
  });
});
