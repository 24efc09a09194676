import { expect } from 'chai';
import { type BackupTarget, findCondition, resources } from '@mooring/api';
import { ManualClock } from '@mooring/runtime/clock';
import { eventually, type FaultProxy, sharedS3, startFaultProxy } from '@mooring/testing';
import { FolderStore, FIXTURE_VOLUMES } from '../integration/folder-store.ts';
import { createTargetSetup, readyOf, type TargetSetup } from '../integration/target-setup.ts';

describe('a backup target that cannot be reached', function () {
  this.timeout(120_000);
  let setup: TargetSetup;
  let proxy: FaultProxy;
  let spec: { backupTargetURL: string; credentialSecret: string; pollInterval: string };

  beforeEach(async () => {
    const s3 = await sharedS3();
    setup = await createTargetSetup();
    const bucket = setup.namespace;
    await s3.createBucket(bucket);
    proxy = await startFaultProxy({ target: s3.endpoint });
    await setup.createSecret('cred', {
      AWS_ACCESS_KEY_ID: s3.accessKey,
      AWS_SECRET_ACCESS_KEY: s3.secretKey,
      AWS_ENDPOINTS: proxy.url,
    });
    spec = { backupTargetURL: `s3://${bucket}@us-east-1/`, credentialSecret: 'cred', pollInterval: '1m0s' };
  });

  afterEach(async () => {
    await setup.stop();
    await proxy.stop();
  });

  it('costs at most three writes in an hour, keeps its objects, and is synced when it answers again', async () => {
    const clock = new ManualClock(Date.now());
    const { controller } = await setup.start({ clock });
    await setup.createTarget('t', spec);
    const before = await readyAsTimePasses(setup, clock);
    await eventually(
      () => controller.caches.targets.get(setup.namespace, 't')?.status?.lastSyncedAt === before.status?.lastSyncedAt,
    );
    await proxy.refuse();
    setup.counts.reset();
    for (let step = 0; step < 240; step++) {
      await clock.advance(15_000);
      await eventually(() => controller.load.ready + controller.load.running === 0, { intervalMs: 2 });
    }
    const writes = Object.entries(setup.counts.writes()).filter(([key]) => !key.includes('lease'));
    expect(
      writes.reduce((sum, [, count]) => sum + count, 0),
      JSON.stringify(writes),
    ).to.be.within(1, 3);
    const down = await setup.ready('t', 'False');
    expect(down.status?.available).to.equal(false);
    expect(findCondition(down.status?.conditions, 'Unavailable')?.message).to.contain(
      'failed to list system backups in s3://',
    );
    expect(down.status?.lastSyncedAt).to.equal(before.status?.lastSyncedAt);
    await proxy.listen();
    await readyAsTimePasses(setup, clock);
  });

  it('never slows another one', async () => {
    const store = await FolderStore.fixture();
    await setup.start();
    proxy.hang();
    await setup.createTarget('hanging', spec);
    await setup.createTarget('healthy', { backupTargetURL: store.url, pollInterval: '0s' });
    await setup.ready('healthy', 'True');
    expect(await setup.volumes('healthy')).to.deep.equal(FIXTURE_VOLUMES);
    await setup.deleteTarget('hanging');
    await eventually(async () => (await setup.get(resources.backupTargets, 'hanging')) === undefined);
  });

  it('of which one answer is lost is synced all the same', async () => {
    await setup.start();
    proxy.failNext(2, { status: 503 });
    await setup.createTarget('t', spec);
    await setup.ready('t', 'True');
  });
});

function readyAsTimePasses(setup: TargetSetup, clock: ManualClock): Promise<BackupTarget> {
  return eventually(
    async () => {
      await advanceWithIo(clock, 4_000);
      const target = await setup.get<BackupTarget>(resources.backupTargets, 't');
      return target !== undefined && readyOf(target)?.status === 'True' && target;
    },
    { timeoutMs: 30_000, what: 'the target is ready' },
  );
}

/** Moves the clock on in small steps, so that real I/O between two timers gets its turn. */
async function advanceWithIo(clock: ManualClock, ms: number): Promise<void> {
  for (let step = 0; step < 4; step++) {
    await clock.advance(ms / 4);
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
}
