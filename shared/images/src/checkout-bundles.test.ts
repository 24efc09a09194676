import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { bundleCheckout, usedInputs } from './checkout-bundles.ts';

describe('the bundles of a checkout', function () {
  this.timeout(120_000);
  const services = ['validating-webhook', 'cli'];
  let folder: string;

  before(async () => {
    folder = join(await mkdtemp(join(tmpdir(), 'mooring-checkout-')), 'bundles');
  });

  after(() => rm(join(folder, '..'), { recursive: true, force: true }));

  it('are an entry and its chunks for each service, native modules among them', async () => {
    const { entries, files } = await bundleCheckout(services, folder);
    expect(entries['cli']).to.equal(join(folder, 'cli.mjs'));
    const present = await readdir(folder);
    for (const service of services) {
      expect(files[service]).to.include(`${service}.mjs`);
      expect((files[service] ?? []).filter((name) => !present.includes(name))).to.deep.equal([]);
    }
    const native = (files['cli'] ?? [])
      .filter((name) => name.endsWith('.node'))
      .map((name) => name.split(/[.-]/, 1)[0]);
    expect(native.sort()).to.deep.equal(['koffi', 'lz4']);
    expect(files['cli']).to.not.include('validating-webhook.mjs');
  });

  it('are kept while no source changes', async () => {
    const path = join(folder, 'cli.mjs');
    const { mtimeMs } = await stat(path);
    const again = await bundleCheckout(services, folder);
    expect((await stat(path)).mtimeMs).to.equal(mtimeMs);
    expect(again.files['cli']).to.include('cli.mjs');
  });

  it('can leave out of account the files that nothing was taken of, but for index files', () => {
    const taken = { bytesInOutput: 10 };
    const idle = { bytesInOutput: 0 };
    const file = { bytes: 20, imports: [] };
    const outputs = {
      'out/cli.mjs': { bytes: 30, imports: [], exports: [], inputs: { 'shared/a/src/used.ts': taken } },
      'out/chunk.mjs': { bytes: 30, imports: [], exports: [], inputs: { 'shared/a/src/idle.ts': idle } },
    };
    const inputs = { 'shared/a/src/used.ts': file, 'shared/a/src/idle.ts': file, 'shared/a/src/index.ts': file };
    expect(usedInputs({ inputs, outputs })).to.deep.equal(['shared/a/src/used.ts', 'shared/a/src/index.ts']);
  });

  it('are made again for other services, and after a run that was killed', async () => {
    expect((await bundleCheckout(['cli'], folder)).files).to.have.keys('cli');
    expect(await readdir(folder)).to.not.include('validating-webhook.mjs');
    await writeFile(join(folder, 'inputs.json'), '{"services":["cli"],');
    expect((await bundleCheckout(['cli'], folder)).files).to.have.keys('cli');
  });
});
