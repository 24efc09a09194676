import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { bed } from './bed.ts';
import { createSecret, createTarget, createTargetOnS3, waitUntilReady } from './objects.ts';
import { ensureInstalled, upgrade } from './release.ts';
import { canaries, s3Server } from './stores.ts';
import { eventually } from '@mooring/testing';
import { get } from './objects.ts';

/** Every log file that the kubelet keeps, of all Pods and all of their containers' lives. */
async function podLogs(): Promise<{ path: string; text: string }[]> {
  const folder = join(bed().layout.state, 'pod-logs');
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(files.map(async (path) => ({ path, text: await readFile(path, 'utf8') })));
}

describe('secrets', () => {
  before(async () => {
    await ensureInstalled();
    await upgrade({ logLevel: 'debug' });
  });

  after(async () => {
    await upgrade();
  });

  it('are in no log at debug level, no event, no object and no metric, also when a store refuses them', async () => {
    const server = await s3Server();
    await createTargetOnS3('e2e-secrets', server, 'secrets/');
    await waitUntilReady('backuptargets', 'e2e-secrets');
    const wrong = { ...server.credentials, AWS_SECRET_ACCESS_KEY: `${canaries.secretKey}-wrong` };
    await createSecret('e2e-wrong', wrong);
    await createTarget('e2e-wrong', { backupTargetURL: `${server.url}wrong/`, credentialSecret: 'e2e-wrong' });
    const reason = async () =>
      (await get('backuptargets', 'e2e-wrong')).status?.conditions?.find(({ type }) => type === 'Ready')?.reason;
    await eventually(async () => ['AccessDenied', 'CredentialInvalid'].includes((await reason()) ?? ''), {
      timeoutMs: 60_000,
      what: 'the wrong Secret is noticed',
    });
    const texts = await podLogs();
    expect(texts.filter(({ path }) => path.includes('mooring')).length).to.be.at.least(10);
    for (const what of ['events', 'backuptargets,backupvolumes,backups,settings', 'configmaps,leases']) {
      texts.push({ path: what, text: await bed().kubectl(['get', what, '-A', '-o', 'yaml']) });
    }
    for (const secret of Object.values(canaries)) {
      const forms = [secret, Buffer.from(secret).toString('base64').slice(0, -3), encodeURIComponent(secret)];
      const found = texts.filter(({ text }) => forms.some((form) => text.includes(form))).map(({ path }) => path);
      expect(found).to.deep.equal([]);
    }
  });
});
