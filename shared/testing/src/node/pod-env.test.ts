import { expect } from 'chai';
import fc from 'fast-check';
import { containerEnv, expandVariables } from './pod-env.ts';
import { PodRefused, PodWaits, type Container, type Pod } from './pod.ts';
import type { PodSources } from './pod-sources.ts';

const sources: PodSources = {
  secret: (name) => Promise.resolve(name === 'keys' ? { key: Buffer.from('secret') } : undefined),
  configMap: (name) => Promise.resolve(name === 'settings' ? { a: Buffer.from('1'), b: Buffer.from('2') } : undefined),
};

const envOf = (parts: Pick<Container, 'env' | 'envFrom'>) => {
  const container = { name: 'c', image: 'i', ...parts };
  const pod: Pod = { metadata: { name: 'p', namespace: 'n', uid: 'u' }, spec: { containers: [container] } };
  return containerEnv(pod, container, sources);
};

const failure = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('the environment of a container', () => {
  it('has what envFrom gives first, and its own variables over it', async () => {
    const env = [
      { name: 'S_a', value: 'own' },
      { name: 'C', value: '$(S_b)$(S_a)$(none)' },
    ];
    expect(await envOf({ env, envFrom: [{ prefix: 'S_', configMapRef: { name: 'settings' } }] })).to.deep.equal({
      S_a: 'own',
      S_b: '2',
      C: '2own$(none)',
    });
  });

  it('leaves out what is optional and missing, and waits for what is not', async () => {
    const ref = (optional: boolean) => ({ secretKeyRef: { name: 'keys', key: 'other', optional } });
    expect(await envOf({ env: [{ name: 'A', valueFrom: ref(true) }] })).to.deep.equal({});
    expect(await failure(envOf({ env: [{ name: 'A', valueFrom: ref(false) }] }))).to.be.instanceOf(PodWaits);
  });

  it('refuses fields and sources that this node does not have', async () => {
    const field = { fieldRef: { fieldPath: 'status.phase' } };
    expect(await failure(envOf({ env: [{ name: 'A', valueFrom: field }] }))).to.be.instanceOf(PodRefused);
    const resource = { resourceFieldRef: { resource: 'limits.cpu' } };
    expect(await failure(envOf({ env: [{ name: 'A', valueFrom: resource }] }))).to.be.instanceOf(PodRefused);
  });
});

describe('variables in a text', () => {
  it('are replaced as Kubernetes does', () => {
    const values = { A: '1', 'with.dot': '2' };
    expect(expandVariables('$(A) $(with.dot) $(B) $A $$(A) $$', values)).to.equal('1 2 $(B) $A $(A) $');
  });

  it('are all that changes', () => {
    fc.assert(fc.property(fc.string(), (text) => text.includes('$') || expandVariables(text, { A: '1' }) === text));
  });
});
