import { X509Certificate } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { bed, say } from './bed.ts';
import { describeLoad, expectNoRefusal, startLoad } from './load.ts';
import { waitForPods } from './objects.ts';
import { ensureInstalled, RELEASE_NAMESPACE, upgrade } from './release.ts';

/** Lives of the leaf and of its authority: a leaf is renewed after about 29 s, an authority followed after about 86. */
const LIFETIMES = { leafLifetime: '45s', caLifetime: '135s' };

/** Long enough for several leaves and two authorities. */
const LOAD_SECONDS = 130;

const SECRETS = ['mooring-webhook-tls', 'mooring-webhook-ca'] as const;

/** Serial numbers of a Secret's certificates so far. */
type Seen = Record<(typeof SECRETS)[number], Set<string>>;

/** Adds the certificates that are there now; one that is just being made is not. */
async function look(seen: Seen): Promise<void> {
  const path = `/api/v1/namespaces/${RELEASE_NAMESPACE}/secrets`;
  const { items } = await bed().api.request<{ items: { metadata: { name: string }; data: Record<string, string> }[] }>({
    path,
  });
  for (const name of SECRETS) {
    const text = items.find(({ metadata }) => metadata.name === name)?.data['tls.crt'];
    if (text !== undefined) seen[name].add(new X509Certificate(Buffer.from(text, 'base64')).serialNumber);
  }
}

describe('rotation of certificates', () => {
  before(ensureInstalled);

  after(async () => {
    await upgrade();
  });

  it('refuses no admission while leaves and authorities follow each other', async function () {
    this.timeout((LOAD_SECONDS + 300) * 1_000);
    await upgrade({ certificates: LIFETIMES });
    // Without those before it, which write by the lifetimes that they know.
    await waitForPods(10);
    const seen: Seen = { 'mooring-webhook-tls': new Set(), 'mooring-webhook-ca': new Set() };
    const load = startLoad();
    // The lifetimes count from the next certificates on.
    await bed().kubectl(['-n', RELEASE_NAMESPACE, 'delete', 'secret', ...SECRETS]);
    for (let second = 0; second < LOAD_SECONDS; second += 5) {
      await look(seen);
      await delay(5_000);
    }
    const report = await load.stop();
    const { 'mooring-webhook-tls': leaves, 'mooring-webhook-ca': authorities } = seen;
    say(`${String(leaves.size)} certificates, ${String(authorities.size)} authorities: ${describeLoad(report)}`);
    expectNoRefusal(report);
    expect(leaves.size).to.be.at.least(3);
    expect(authorities.size).to.be.at.least(2);
  });
});
