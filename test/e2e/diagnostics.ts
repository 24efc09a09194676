import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from '@mooring/testing';
import { bed, say } from './bed.ts';
import { RELEASE_NAMESPACE } from './release.ts';

/** Asked for one by one: kubectl answers nothing when one of several is not served any more. */
const KINDS = ['backuptargets', 'backupvolumes', 'backups', 'volumes', 'snapshots', 'recurringjobs', 'settings'];

const QUESTIONS: Readonly<Record<string, readonly string[]>> = {
  pods: ['get', 'pods', '-A', '-o', 'wide'],
  'pods-described': ['describe', 'pods', '-n', RELEASE_NAMESPACE],
  events: ['get', 'events', '-A', '--sort-by=.lastTimestamp'],
  crds: ['get', 'crds', '-o', 'wide'],
  ...Object.fromEntries(KINDS.map((kind) => [kind, ['get', `${kind}.longhorn.io`, '-A', '-o', 'yaml']])),
  webhooks: ['get', 'mutatingwebhookconfigurations,validatingwebhookconfigurations', '-o', 'yaml'],
  logs: [
    'logs',
    '-n',
    RELEASE_NAMESPACE,
    '-l',
    'app.kubernetes.io/name=mooring',
    '--prefix',
    '--tail=200',
    '--max-log-requests=20',
  ],
};

/** Keeps what one needs to know why a test failed, in the cache folder, before the cluster goes. Never throws. */
export async function saveDiagnostics(title: string): Promise<void> {
  const folder = join(cacheFolder(), 'logs', 'e2e', title.replace(/[^A-Za-z0-9]+/g, '-').slice(0, 100));
  await mkdir(folder, { recursive: true });
  for (const [name, args] of Object.entries(QUESTIONS)) {
    const answer = await bed().kubectl(args).catch(String);
    await writeFile(join(folder, `${name}.txt`), answer);
  }
  say(`what the cluster looked like is in '${folder}'`);
}
