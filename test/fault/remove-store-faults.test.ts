import { removeBackup, removeVolume, type ObjectStore } from '@mooring/backupstore';
import { expect } from 'chai';
import { readStrictly } from '../compat/reader.ts';
import { BackupstoreRig, StrictReadings } from './backupstore-rig.ts';
import { storeFaults } from './faulty-store.ts';
import { digestOf, IMAGES, VOLUME } from './small-store.ts';
import { temporaryFolder } from '@mooring/testing';

// More calls than any of these runs makes.
const MAX_CALLS = 60;

const removals: readonly [
  string,
  (rig: BackupstoreRig) => (store: ObjectStore, signal?: AbortSignal) => Promise<unknown>,
][] = [
  ...Object.keys(IMAGES).map((backup): (typeof removals)[number] => [
    backup,
    ({ clock }) =>
      async (store, signal) =>
        await removeBackup({ store, volume: VOLUME, backup, clock, signal }),
  ]),
  [
    'the volume',
    ({ clock }) =>
      async (store, signal) =>
        await removeVolume({ store, volume: VOLUME, clock, signal }),
  ],
];

describe('removing from a store that fails', function () {
  this.timeout(60_000);
  before(async function () {
    this.timeout(120_000);
    await readStrictly(await temporaryFolder('empty'));
  });

  for (const [what, removal] of removals) {
    for (const kind of storeFaults) {
      it(`leaves nothing missing whichever call is hit by '${kind}', and ends at a retry: ${what}`, async () => {
        const interrupted = new StrictReadings();
        const retried = new StrictReadings();
        let reached = false;
        for (let index = 0; index < MAX_CALLS && !reached; index++) {
          const rig = await BackupstoreRig.create();
          const remove = removal(rig);
          const { calls } = await rig.run({ kind, index }, remove);
          reached = calls <= index;
          await interrupted.keep(`${kind} at call ${String(index)}`, rig.memory);
          await rig.letLocksExpire();
          await remove(rig.memory);
          await retried.keep(`${kind} at call ${String(index)}`, rig.memory);
        }
        expect(reached, 'every call was hit').to.equal(true);
        await interrupted.expectSound({ partial: true }, (report, label) => {
          for (const [backup, digest] of Object.entries(report.volumes[VOLUME] ?? {})) {
            expect(digest, label).to.equal(digestOf(backup));
          }
        });
        const left = Object.keys(IMAGES).filter((backup) => what !== 'the volume' && backup !== what);
        await retried.expectSound({ partial: false }, (report, label) => {
          expect(Object.keys(report.volumes[VOLUME] ?? {}), label).to.deep.equal(left);
        });
      });
    }
  }
});
