import { expect } from 'chai';
import { createTargetOnS3, get, waitForFixture, waitUntilReady } from './objects.ts';
import { ensureInstalled } from './release.ts';
import { fixtureCounts, s3Server } from './stores.ts';

describe('a target on a real S3 server in a Pod', () => {
  before(ensureInstalled);

  it('shows the backups that Longhorn wrote', async () => {
    await createTargetOnS3('e2e-s3', await s3Server());
    await waitUntilReady('backuptargets', 'e2e-s3');
    await waitForFixture('e2e-s3', await fixtureCounts());
    const backup = await get('backups', 'backup-aaaaaaaaaaaa0001');
    expect(backup.status).to.include({ state: 'Completed', volumeName: 'pvc-lz4' });
  });
});
