import { expect } from 'chai';
import { eventually } from '@mooring/testing';
import type { ApiClient } from '@mooring/testing';
import { OBJECTS, createNamespace, manifest, refusal, startAdmissionCluster } from './admission-cluster.ts';
import type { AdmissionCluster } from './admission-cluster.ts';

/** A port of the loopback that nothing listens on: the webhooks are down for the whole file. */
const NOWHERE = 'https://127.0.0.1:1';

describe('the admission policies, while both webhooks are down', function () {
  this.timeout(90_000);
  let cluster: AdmissionCluster;
  let controller: ApiClient;

  before(async () => {
    cluster = await startAdmissionCluster({ mutating: NOWHERE, validating: NOWHERE });
    controller = await cluster.as('target-controller');
    await create(controller, path('backuptargets'), manifest('BackupTarget', 'default', { spec: {} }));
    const volumes = await cluster.as('volume-controller');
    await create(volumes, path('backups'), manifest('Backup', 'b', { spec: {} }));
    // A policy holds once the API server has read and compiled it.
    await untilDenied(() => create(cluster.admin, path('backuptargets', 'default'), manifest('BackupTarget', 'probe')));
    for (const one of [cluster.path('backuptargets', 'default'), path('backups')]) {
      await untilDenied(() => cluster.admin.request({ method: 'DELETE', path: `${one}?dryRun=All` }));
    }
  });

  after(() => cluster.stop());

  function create(api: ApiClient, path: string, body: object): Promise<unknown> {
    return api.request({ method: 'POST', path, body });
  }
  async function untilDenied(request: () => Promise<unknown>): Promise<void> {
    await eventually(async () => {
      expect((await refusal(request())).status).to.equal(403);
    });
  }
  function path(plural: string, namespace = OBJECTS): string {
    return cluster.path(plural, undefined, namespace);
  }

  it('let the controllers write, so nothing waits for a webhook at start', async () => {
    await create(controller, path('backuptargets'), manifest('BackupTarget', 'other', { spec: {} }));
    await create(
      controller,
      path('backupvolumes'),
      manifest('BackupVolume', 'v', { spec: { backupTargetName: 'default', volumeName: 'v' } }),
    );
  });

  it('refuse a user’s write, because the webhook does not answer', async () => {
    const { status, text } = await refusal(
      create(cluster.admin, path('backuptargets'), manifest('BackupTarget', 'mine')),
    );
    expect(status).to.equal(500);
    expect(text).to.include('failed calling webhook "mutator.longhorn.io"');
  });

  it('keep the default target from being deleted by name', async () => {
    const { status, text } = await refusal(
      cluster.admin.request({ method: 'DELETE', path: cluster.path('backuptargets', 'default') }),
    );
    expect(status).to.equal(403);
    expect(text).to.include('deleting default backup target is not allowed');
  });

  it('keep the default target from being deleted with the whole collection', async () => {
    const { status, text } = await refusal(
      cluster.admin.request({
        method: 'DELETE',
        path: `${cluster.path('backuptargets')}?fieldSelector=metadata.name%3Ddefault`,
      }),
    );
    expect(status).to.equal(403);
    expect(text).to.include('deleting default backup target is not allowed');
  });

  for (const plural of ['backups', 'backupvolumes']) {
    it(`refuse to delete the collection of ${plural}, and say how else`, async () => {
      const { status, text } = await refusal(cluster.admin.request({ method: 'DELETE', path: cluster.path(plural) }));
      expect(status).to.equal(403);
      expect(text).to.include('one by one');
    });
  }

  const kinds: readonly [string, string, object][] = [
    ['BackupTarget', 'backuptargets', {}],
    ['BackupVolume', 'backupvolumes', { volumeName: 'v', backupTargetName: 't' }],
    ['Backup', 'backups', {}],
    ['BackupBackingImage', 'backupbackingimages', { backingImage: 'i', userCreated: true }],
    ['SystemBackup', 'systembackups', {}],
    ['Volume', 'volumes', {}],
    ['Snapshot', 'snapshots', { volume: 'v' }],
    ['RecurringJob', 'recurringjobs', {}],
  ];
  for (const [kind, plural, spec] of kinds) {
    it(`refuse a ${kind} in any other namespace and name the right one`, async () => {
      const { status, text } = await refusal(
        create(cluster.admin, path(plural, 'default'), manifest(kind, 'x', { spec })),
      );
      expect(status).to.equal(403);
      expect(text).to.include(`${kind} objects belong in the namespace longhorn-system, not in default`);
    });
  }

  it('refuse a Setting in any other namespace, whose value stands beside the metadata', async () => {
    const { text } = await refusal(
      create(cluster.admin, path('settings', 'default'), manifest('Setting', 'x', { value: '1' })),
    );
    expect(text).to.include('Setting objects belong in the namespace longhorn-system');
  });

  it('bind the controllers too: they write to the object namespace alone', async () => {
    await createNamespace(cluster.admin, 'elsewhere');
    const { status } = await refusal(
      create(controller, path('backuptargets', 'elsewhere'), manifest('BackupTarget', 'x')),
    );
    expect(status).to.equal(403);
  });

  it('let the uninstall annotation delete the default target', async () => {
    await controller.request({
      method: 'PATCH',
      path: cluster.path('backuptargets', 'default'),
      contentType: 'application/merge-patch+json',
      body: { metadata: { annotations: { 'longhorn.io/delete-backup-target-from-longhorn': '' } } },
    });
    const { status, text } = await refusal(
      cluster.admin.request({ method: 'DELETE', path: `${cluster.path('backuptargets', 'default')}?dryRun=All` }),
    );
    // Past the policy; the webhook, which is down, is the next to be asked.
    expect(status).to.equal(500);
    expect(text).to.include('failed calling webhook "validator.longhorn.io"');
  });

  it('do not hinder the deletion of the object namespace', async () => {
    await cluster.admin.request({ method: 'DELETE', path: `/api/v1/namespaces/${OBJECTS}` });
    await eventually(
      async () => {
        const { status } = await refusal(cluster.admin.request({ path: `/api/v1/namespaces/${OBJECTS}` }));
        expect(status).to.equal(404);
      },
      { timeoutMs: 60_000, what: 'the object namespace is gone' },
    );
  });
});
