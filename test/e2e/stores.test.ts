import { expect } from 'chai';
import { eventually } from '@mooring/testing';
import { createSecret, createTarget, list, waitUntilReady } from './objects.ts';
import { ensureInstalled } from './release.ts';
import { azureServer, fixtureCounts, s3Server, type StoreServer } from './stores.ts';

const cases: [string, string, () => Promise<StoreServer>][] = [
  ['S3 (versitygw)', 'e2e-s3', s3Server],
  ['Azure Blob (Azurite)', 'e2e-azure', azureServer],
];

describe('a target on a store in a Pod', () => {
  before(ensureInstalled);

  for (const [kind, name, server] of cases) {
    it(`${kind}: the backups that Longhorn wrote appear`, async () => {
      const { url, credentials } = await server();
      await createSecret(name, credentials);
      await createTarget(name, { backupTargetURL: url, credentialSecret: name, pollInterval: '5m0s' });
      await waitUntilReady('backuptargets', name);
      const expected = await fixtureCounts();
      const ofTarget = async (plural: string) =>
        (await list(plural)).filter(({ metadata }) => metadata.labels?.['backup-target'] === name);
      await eventually(
        async () => {
          const [volumes, backups] = await Promise.all([ofTarget('backupvolumes'), ofTarget('backups')]);
          expect({ volumes: volumes.length, backups: backups.length }).to.deep.equal(expected);
          const states = backups.map(({ status }) => status?.['state']);
          expect(states.filter((state) => state !== 'Completed')).to.deep.equal([]);
        },
        { timeoutMs: 60_000, intervalMs: 500, what: `the backups of ${name}` },
      );
    });
  }
});
