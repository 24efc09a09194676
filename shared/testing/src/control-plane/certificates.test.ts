import { X509Certificate } from 'node:crypto';
import { expect } from 'chai';
import { createAuthority, loadAuthority } from './certificates.ts';

describe('createAuthority', () => {
  it('signs certificates that its own certificate verifies, also after it was loaded again', async () => {
    const authority = await createAuthority('test authority');
    const pair = await loadAuthority(authority).signServer('server', ['127.0.0.1', 'localhost', '::1']);
    const issuer = new X509Certificate(authority.certificate);
    const server = new X509Certificate(pair.certificate);
    expect(server.verify(issuer.publicKey)).to.equal(true);
    expect(server.checkIssued(issuer)).to.equal(true);
    expect(server.checkIP('127.0.0.1')).to.equal('127.0.0.1');
    expect(server.checkHost('localhost')).to.equal('localhost');
    expect(issuer.ca).to.equal(true);
    expect(server.ca).to.equal(false);
  });

  it('puts user and groups where Kubernetes looks for them', async () => {
    const authority = await createAuthority('test authority');
    const { certificate } = await authority.signClient('someone', ['one', 'two']);
    expect(new X509Certificate(certificate).subject).to.equal('CN=someone\nO=one\nO=two');
  });
});
