import path from 'node:path';
import { openStore, removeBackup, restoreIncremental, type ObjectStore } from '@mooring/backupstore';
import { temporaryFolder } from '@mooring/testing';
import { expect } from 'chai';
import { ImageDestination } from './image-destination.ts';
import { immediateClock } from './immediate-clock.ts';
import { readState, readVectors, writeState, type Vector, type VectorState } from './vectors.ts';

const clock = immediateClock();
const vectors = await readVectors();

describe("the reference library's own steps", () => {
  let root: string;
  let store: ObjectStore;
  before(async () => {
    root = path.join(await temporaryFolder('vectors'), 'store');
    store = await openStore({ url: `vfs://${root}` });
  });

  for (const [name, vector] of vectors) {
    for (const [index, step] of vector.steps.entries()) {
      if (step.op === 'delete') {
        it(`${name}: deleting ${step.backup} leaves the same files and configs`, async () => {
          await writeState(root, vector, stateBefore(vector, index));
          const result = await removeBackup({ store, volume: vector.volume, backup: step.backup, clock });
          expect(result.skipped).to.equal(undefined);
          expect(await readState(root)).to.deep.equal({ files: step.after.files, configs: step.after.configs });
        });
      }
      if (step.op === 'restore-incremental') {
        it(`${name}: the delta from ${step.lastBackup} to ${step.backup} is the same, byte for byte and hole for hole`, async () => {
          await writeState(root, vector, stateBefore(vector, index));
          const destination = new ImageDestination(step.size);
          const { volume } = vector;
          const { backup, lastBackup } = step;
          await restoreIncremental({ store, volume, backup, lastBackup, destination, gone: 'zeros', clock });
          expect(destination.sha256).to.equal(step.sha256);
          expect(destination.allocated).to.deep.equal(step.allocated);
        });
      }
    }
  }
});

function stateBefore({ steps }: Vector, index: number): VectorState {
  for (const step of steps.slice(0, index).toReversed()) if (step.op !== 'restore-incremental') return step.after;
  throw new Error('the first step has nothing before it');
}
