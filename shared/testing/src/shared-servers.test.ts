import { expect } from 'chai';
import { sharedControlPlane, testNamespace } from './index.ts';

describe('sharedControlPlane', function () {
  this.timeout(120_000);

  it('applies objects in a namespace of their own and finds them again', async () => {
    const { apply, api } = await sharedControlPlane();
    const namespace = await testNamespace();
    const yaml = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: one }\ndata: { key: value }\n---\n';
    const [applied] = await apply(yaml, { namespace: namespace.name });
    const found = await api.request<{ data: object }>({ path: `/api/v1/namespaces/${namespace.name}/configmaps/one` });
    expect(applied?.metadata.namespace).to.equal(namespace.name);
    expect(found.data).to.deep.equal({ key: 'value' });
    await namespace.delete();
  });

  it('says which kind the API server does not know', async () => {
    const { apply } = await sharedControlPlane();
    const failure = await apply('apiVersion: v1\nkind: Unheard\nmetadata: { name: one }\n').then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(String(failure)).to.contain("no such kind in 'v1'");
  });

  it('is the same for every caller', async () => {
    expect(await sharedControlPlane()).to.equal(await sharedControlPlane());
  });

  it('gives ServiceAccounts tokens that the API server knows them by', async () => {
    const { api, tokenFor } = await sharedControlPlane();
    const account = { namespace: 'default', name: 'default' };
    const { token, expiresAtMs } = await tokenFor(account);
    const review = await api.request<{ status: { user: { username: string } } }>({
      method: 'POST',
      path: '/apis/authentication.k8s.io/v1/tokenreviews',
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } },
    });
    expect(review.status.user.username).to.equal('system:serviceaccount:default:default');
    expect(expiresAtMs).to.be.greaterThan(Date.now());
  });
});
