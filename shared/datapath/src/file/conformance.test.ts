import { open, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { temporaryFolder } from '@mooring/testing';
import { dataPathChecks, type EngineRig } from '../conformance/suite.ts';
import { FileDataPath } from './file-data-path.ts';

const SIZE_BYTES = 4 * 1024 * 1024;

async function fileRig(): Promise<EngineRig> {
  const file = path.join(await temporaryFolder('datapath'), 'volume.img');
  await writeFile(file, '');
  const engine = new FileDataPath(file);
  const rig: EngineRig = {
    engine,
    sizeBytes: SIZE_BYTES,
    change: async (offset, data) => {
      const handle = await open(file, 'r+');
      await handle.truncate(SIZE_BYTES);
      await handle.write(data, 0, data.length, offset);
      await handle.close();
    },
    takeSnapshot: async (name) => {
      await engine.takeSnapshot(name);
    },
    content: () => readFile(file),
  };
  await rig.change(0, Buffer.alloc(0));
  return rig;
}

describe('the engine for files', () => {
  for (const { name, run } of dataPathChecks) it(name, async () => run(await fileRig()));
});
