import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import sinon from 'sinon';
import { eventually } from '../eventually.ts';
import { provideCredentials, type Credentials } from './credentials.ts';

const HOUR_MS = 3_600_000;

describe('provideCredentials', () => {
  let folder: string;
  let clock: sinon.SinonFakeTimers;
  let credentials: Credentials | undefined;
  let isFailing: boolean;
  let asked: number;
  const said: string[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mooring-credentials-'));
    clock = sinon.useFakeTimers({ now: 1_000_000, toFake: ['Date', 'setInterval', 'clearInterval'] });
    isFailing = false;
    asked = 0;
    said.length = 0;
    credentials = await provideCredentials({
      controlPlane: {
        tokenFor: (_, seconds = 0) => {
          asked += 1;
          if (isFailing) return Promise.reject(new Error('the API server is away'));
          return Promise.resolve({ token: `token ${String(asked)}`, expiresAtMs: Date.now() + seconds * 1_000 });
        },
        kubeconfigFor: (tokenFile, namespace) => `tokenFile: ${tokenFile} namespace: ${namespace ?? ''}`,
      },
      account: { namespace: 'mooring-system', name: 'mooring-target-controller' },
      folder,
      namespace: 'longhorn-system',
      say: (line) => said.push(line),
    });
  });
  afterEach(async () => {
    credentials?.stop();
    clock.restore();
    await rm(folder, { recursive: true });
  });

  const token = () => readFile(join(folder, 'token'), 'utf8');

  it('writes a token and a kubeconfig that names the token file', async () => {
    expect(await token()).to.equal('token 1');
    expect(await readFile(credentials?.kubeconfig ?? '', 'utf8')).to.equal(
      `tokenFile: ${join(folder, 'token')} namespace: longhorn-system`,
    );
  });

  it('renews the token at half of its life, not before', async () => {
    clock.tick(HOUR_MS / 2 - 60_000);
    expect(asked).to.equal(1);
    clock.tick(120_000);
    await eventually(async () => (await token()) !== 'token 1');
  });

  it('renews soon after a machine that slept through the expiry wakes up', async () => {
    clock.setSystemTime(1_000_000 + 5 * HOUR_MS);
    clock.tick(20_000);
    await eventually(async () => (await token()) === 'token 2');
  });

  it('says once that it cannot renew, and goes on trying', async () => {
    isFailing = true;
    clock.tick(HOUR_MS / 2);
    await eventually(() => said.length > 0);
    await clock.tickAsync(60_000);
    expect(said).to.have.length(1);
    expect(said[0]).to.contain("failed to renew token of 'mooring-target-controller'");
    isFailing = false;
    await clock.tickAsync(20_000);
    await eventually(async () => (await token()) !== 'token 1');
  });

  it('ends the renewal', () => {
    credentials?.stop();
    clock.tick(HOUR_MS);
    expect(asked).to.equal(1);
  });
});
