import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { eventually } from '../eventually.ts';
import { keepReadyFile } from './ready-file.ts';

const services = { api: { pid: 7, healthUrl: 'http://127.0.0.1:1/healthz', metricsUrl: 'http://127.0.0.1:1/metrics' } };
const embedded = { kubeconfig: '/data/kubeconfig', namespace: 'longhorn-system', services: () => services };

describe('keepReadyFile', () => {
  let folder: string;
  let path: string;
  const said: string[] = [];
  const say = (line: string) => said.push(line);

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mooring-ready-'));
    path = join(folder, 'ready.json');
    said.length = 0;
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('writes what is documented', async () => {
    const file = keepReadyFile(path, say);
    await file.hold();
    file.write(embedded);
    const text = await eventually(() => readFile(path, 'utf8'));
    expect(JSON.parse(text)).to.deep.equal({ kubeconfig: '/data/kubeconfig', namespace: 'longhorn-system', services });
  });

  it("leaves another start's file alone until the folder is ours, then takes it away", async () => {
    await writeFile(path, 'theirs');
    const file = keepReadyFile(path, say);
    file.write(embedded);
    await file.remove();
    expect(await readFile(path, 'utf8')).to.equal('theirs');
    await file.hold();
    expect(await readdir(folder)).to.deep.equal([]);
  });

  it('writes nothing after the removal, not even what was asked for before', async () => {
    const file = keepReadyFile(path, say);
    await file.hold();
    file.write(embedded);
    await file.remove();
    file.write(embedded);
    await file.remove();
    await file.hold();
    expect(await readdir(folder)).to.deep.equal([]);
  });

  it('says when it cannot be written', async () => {
    await writeFile(join(folder, 'file'), '');
    const file = keepReadyFile(join(folder, 'file', 'ready.json'), say);
    await file.hold();
    file.write(embedded);
    await eventually(() => said.length > 0);
    expect(said.at(-1)).to.contain('failed to write ready file');
  });
});
