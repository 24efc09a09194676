import { X509Certificate } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { bed, say } from './bed.ts';
import { describeLoad, expectNoRefusal, startLoad } from './load.ts';
import { ensureInstalled, RELEASE_NAMESPACE, upgrade } from './release.ts';

/** Lives of the leaf and of its authority: a leaf is renewed after about 29 s, an authority followed after about 86. */
const LIFETIMES = { leafLifetime: '45s', caLifetime: '135s' };

/** Long enough for several leaves and two authorities. */
const LOAD_SECONDS = 130;

async function secretData(name: string): Promise<Record<string, string>> {
  const path = `/api/v1/namespaces/${RELEASE_NAMESPACE}/secrets/${name}`;
  return (await bed().api.request<{ data: Record<string, string> }>({ path })).data;
}

async function serialOf(secret: string): Promise<string> {
  const text = Buffer.from((await secretData(secret))['tls.crt'] ?? '', 'base64').toString();
  return new X509Certificate(text).serialNumber;
}

describe('rotation of certificates', () => {
  before(ensureInstalled);

  after(async () => {
    await upgrade();
  });

  it('refuses no admission while leaves and authorities follow each other', async function () {
    this.timeout((LOAD_SECONDS + 300) * 1_000);
    await upgrade({ certificates: LIFETIMES });
    const seen = { leaves: new Set<string>(), authorities: new Set<string>() };
    const load = startLoad();
    for (let second = 0; second < LOAD_SECONDS; second += 5) {
      seen.leaves.add(await serialOf('mooring-webhook-tls'));
      seen.authorities.add(await serialOf('mooring-webhook-ca'));
      await delay(5_000);
    }
    const report = await load.stop();
    const { leaves, authorities } = seen;
    say(`${String(leaves.size)} certificates, ${String(authorities.size)} authorities: ${describeLoad(report)}`);
    expectNoRefusal(report);
    expect(leaves.size).to.be.at.least(3);
    expect(authorities.size).to.be.at.least(2);
  });
});
