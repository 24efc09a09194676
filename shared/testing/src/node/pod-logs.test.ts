import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { temporaryFolder } from '../shared-servers.ts';
import { lastWords, pruneLogs } from './pod-logs.ts';

describe('the logs of Pods', () => {
  let folder: string;

  beforeEach(async () => {
    folder = join(await temporaryFolder('logs'), 'pods');
    await mkdir(folder);
  });

  it('make room for the next one: the oldest go', async () => {
    for (let second = 1; second <= 102; second++) {
      const path = join(folder, `pod-${String(second)}.log`);
      await writeFile(path, 'text');
      await utimes(path, second, second);
    }
    await pruneLogs(folder);
    const names = await readdir(folder);
    expect(names).to.have.length(99);
    expect(names).not.to.include.members(['pod-1.log', 'pod-2.log', 'pod-3.log']);
  });

  it('may be missing', async () => {
    await pruneLogs(join(folder, 'none'));
    expect(lastWords(join(folder, 'none.log'))).to.equal('');
  });

  it('end in what a program said last', async () => {
    const path = join(folder, 'a.log');
    await writeFile(path, `${'x'.repeat(3_000)}\nthe reason\n`);
    expect(lastWords(path))
      .to.match(/^x+\nthe reason$/)
      .and.to.have.length(2_048);
  });
});
