import { expect } from 'chai';
import { bed } from './bed.ts';
import { kubectlApply } from './kubectl.ts';
import { apply, createSecret, get, waitForFixture, waitUntilReady } from './objects.ts';
import { ensureInstalled } from './release.ts';
import { azureServer, fixtureCounts } from './stores.ts';

/** The manifests of the enhancement "multiple backup targets", letter by letter. */
const AZURE_TARGET = `apiVersion: longhorn.io/v1beta2
kind: BackupTarget
metadata:
  name: azure-blob-server-001
  namespace: longhorn-system
spec:
  backupTargetURL: azblob://demo@core.windows.net/
  credentialSecret: azblob-secret
  pollInterval: 4m30s
`;

const BACKUP = `apiVersion: longhorn.io/v1beta2
kind: Backup
metadata:
  labels:
    backup-volume: pvc-xxxxxxxx-9ab9-4055-9eb4-558999b09a11
  name: backup-test-001
  namespace: longhorn-system
spec:
  labels:
    longhorn.io/volume-access-mode: rwo
  snapshotName: xxxxxxxx-9a69-4ede-ab88-c9853459462c
`;

/** What that Backup is of. */
const VOLUME = `apiVersion: longhorn.io/v1beta2
kind: Volume
metadata: { name: pvc-xxxxxxxx-9ab9-4055-9eb4-558999b09a11, namespace: longhorn-system }
spec:
  size: "1073741824"
  backupTargetName: azure-blob-server-001
  source: { persistentVolumeClaim: { namespace: default, name: data } }
`;

const SNAPSHOT = `apiVersion: longhorn.io/v1beta2
kind: Snapshot
metadata: { name: xxxxxxxx-9a69-4ede-ab88-c9853459462c, namespace: longhorn-system }
spec: { volume: pvc-xxxxxxxx-9ab9-4055-9eb4-558999b09a11, createSnapshot: true }
`;

describe("the enhancement's manifests", () => {
  before(ensureInstalled);

  it('kubectl apply of the Azure target: the backups that Longhorn wrote appear', async () => {
    const { url, credentials } = await azureServer();
    expect(AZURE_TARGET).to.contain(url);
    await createSecret('azblob-secret', credentials);
    const { output } = await kubectlApply(AZURE_TARGET);
    expect(output).to.contain('backuptarget.longhorn.io/azure-blob-server-001 created');
    const target = await waitUntilReady('backuptargets', 'azure-blob-server-001');
    expect(target.spec['pollInterval']).to.equal('4m30s');
    await waitForFixture('azure-blob-server-001', await fixtureCounts());
    const table = await bed().kubectl(['-n', 'longhorn-system', 'get', 'backuptarget', 'azure-blob-server-001']);
    expect(table).to.match(/azblob:\/\/demo@core\.windows\.net\/ +azblob-secret +4m30s +true +True/);
  });

  it('kubectl apply of the Backup: labelled and stored once its volume, snapshot and target are there', async () => {
    const before = await kubectlApply(BACKUP);
    expect(before.isRefused).to.equal(true);
    expect(before.output).to.match(/metadata\.labels\[backup-target\].*set label backup-target/);
    await apply(VOLUME);
    await apply(SNAPSHOT);
    const { output } = await kubectlApply(BACKUP);
    expect(output).to.contain('backup.longhorn.io/backup-test-001 created');
    const backup = await get('backups', 'backup-test-001');
    expect(backup.metadata['finalizers']).to.include('longhorn.io');
    expect(backup.metadata.labels).to.include({ 'backup-target': 'azure-blob-server-001' });
  });
});
