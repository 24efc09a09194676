import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  createBackup,
  openStore,
  removeBackup,
  type CompressionMethod,
  type CreateBackupOptions,
  type ObjectStore,
} from '@mooring/backupstore';
import type { SnapshotReader } from '@mooring/datapath';
import { ManualClock, temporaryFolder } from '@mooring/testing';
import { expect } from 'chai';
import { imageSource, type Image } from './image-source.ts';

interface Step {
  readonly op: 'create' | 'delete' | 'restore-incremental';
  readonly backup: string;
  readonly snapshot: string;
  readonly snapshotCreatedAt: string;
  readonly mode: 'full' | 'incremental' | null;
  readonly labels: Record<string, string> | null;
  readonly incremental: boolean;
  readonly after?: { readonly files: string[]; readonly configs: Record<string, string> };
}

interface Vector {
  readonly volume: string;
  readonly compression: CompressionMethod;
  readonly blockSize: number;
  readonly images: Record<string, Image>;
  readonly steps: Step[];
}

const FOLDER = path.resolve(import.meta.dirname, '../fixtures/longhorn-vectors');

// How the source tells what has changed: as Longhorn's engine does, or not at all.
const sources = ['knows what has changed', 'cannot tell what has changed'] as const;

for (const name of ['lz4-2', 'none-16']) {
  for (const kind of sources) {
    describe(`the sequence ${name} of the reference library, from a source that ${kind}`, () => {
      const vector = JSON.parse(readFileSync(path.join(FOLDER, `${name}.json`), 'utf8')) as Vector;
      let store: ObjectStore;
      before(async () => {
        store = await openStore({ url: `vfs://${path.join(await temporaryFolder('vectors'), 'store')}` });
      });
      after(() => {
        store.close();
      });
      for (const step of vector.steps.filter(({ after }) => after !== undefined)) {
        it(`leaves the same store after ${step.op} ${step.backup}`, async function () {
          this.timeout(60_000);
          const clock = new ManualClock();
          const { volume, blockSize: blockSizeBytes, compression, images } = vector;
          if (step.op === 'create') {
            const source = imageSource(
              { images, blockBytes: blockSizeBytes, knows: kind === sources[0] },
              step.snapshot,
            );
            const options = optionsOf(step, source);
            await createBackup({ store, clock, blockSizeBytes, compression, volume: { name: volume }, ...options });
          } else {
            await removeBackup({ store, clock, volume, backup: step.backup });
          }
          expect(await filesOf(store)).to.deep.equal(step.after!.files);
          for (const [key, text] of Object.entries(step.after!.configs)) {
            const actual = (await store.get({ key })).body.toString();
            expect(comparable(actual, compression), key).to.equal(comparable(text, compression));
          }
        });
      }
    });
  }
}

function optionsOf(
  { backup, snapshot, snapshotCreatedAt, mode, labels }: Step,
  source: SnapshotReader,
): Pick<CreateBackupOptions, 'backup' | 'snapshot' | 'mode' | 'labels' | 'source'> {
  return {
    backup,
    source,
    snapshot: { name: snapshot, createdAt: snapshotCreatedAt },
    ...(mode !== null && { mode }),
    ...(labels !== null && { labels }),
  };
}

async function filesOf(store: ObjectStore): Promise<string[]> {
  const { objects } = await store.list({ prefix: '' });
  return objects.map(({ key }) => key);
}

// Free to differ, says the README of the vectors.
function comparable(config: string, compression: CompressionMethod): string {
  const text = config
    .replace(/"CreatedTime":"[^"]+"/, '"CreatedTime":"T"')
    .replace(/"ProcessingBlocks":(\{\}|null)/, '"ProcessingBlocks":P');
  return compression === 'none'
    ? text
    : text.replace(/"(NewlyUploaded|ReUploaded)DataSize":"\d+"/g, '"$1DataSize":"N"');
}
