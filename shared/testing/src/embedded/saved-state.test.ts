import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { freePort } from '../processes/ports.ts';
import { choosePorts, loadState } from './saved-state.ts';

describe('saved state', () => {
  let folder: string;
  let path: string;
  const said: string[] = [];
  const say = (line: string) => said.push(line);

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mooring-state-'));
    path = join(folder, 'state.json');
    said.length = 0;
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('keeps ports over restarts while they are free', async () => {
    const first = await loadState(path);
    const ports = await choosePorts(['kube-apiserver', 'etcd'], first.state, say);
    await first.save();
    const second = await loadState(path);
    expect(await choosePorts(['kube-apiserver', 'etcd'], second.state, say)).to.deep.equal(ports);
    expect(said).to.deep.equal([]);
  });

  it('chooses another port when one is in use, and says both', async () => {
    const taken = await freePort();
    const server = await new Promise<Server>((resolve) => {
      const one = createServer().listen(taken, '127.0.0.1', () => {
        resolve(one);
      });
    });
    const { 'kube-apiserver': chosen } = await choosePorts(
      ['kube-apiserver'],
      { ports: { 'kube-apiserver': taken }, isSampleMade: false, isSampleVolumeMade: false },
      say,
    );
    server.close();
    expect(chosen).not.to.equal(taken);
    expect(said).to.deep.equal([
      `port ${String(taken)} of kube-apiserver is in use by another program; it listens on ${String(chosen)} now`,
    ]);
  });

  for (const [what, text] of [
    ['cut short', '{"ports": {"et'],
    ['of another shape', '{"ports": {"etcd": "x", "a": 70000}, "isSampleMade": "yes"}'],
    ['null', 'null'],
    ['empty', ''],
  ] as const) {
    it(`starts anew from a file that is ${what}`, async () => {
      await writeFile(path, text);
      expect((await loadState(path)).state).to.deep.equal({
        ports: {},
        isSampleMade: false,
        isSampleVolumeMade: false,
      });
    });
  }
});
