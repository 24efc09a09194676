import { writeFile } from 'node:fs/promises';
import { get as httpGet } from 'node:http';
import { get as httpsGet } from 'node:https';
import { join } from 'node:path';
import { expect } from 'chai';
import { createAuthority } from '../control-plane/certificates.ts';
import { temporaryFolder } from '../shared-servers.ts';
import { startAzurite } from './azurite.ts';
import { startS3 } from './s3.ts';

function statusOf(url: string, ca?: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const take = (response: { statusCode?: number | undefined; resume: () => unknown }) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    };
    const outgoing =
      ca === undefined ? httpGet(url, { agent: false }, take) : httpsGet(url, { agent: false, ca }, take);
    outgoing.on('error', reject);
  });
}

describe('stores', function () {
  this.timeout(60_000);

  it('serve S3, and refuse who does not sign', async () => {
    const server = await startS3({ root: await temporaryFolder('s3') });
    await server.createBucket('bucket');
    expect(await statusOf(`${server.endpoint}/bucket?list-type=2`)).to.equal(403);
    await server.stop();
    const failure = await statusOf(server.endpoint).catch((error: unknown) => error);
    expect(failure).to.have.property('code', 'ECONNREFUSED');
  });

  it('serve S3 over TLS with a certificate of the test', async () => {
    const folder = await temporaryFolder('s3-tls');
    const authority = await createAuthority('stores test');
    const pair = await authority.signServer('s3', ['127.0.0.1']);
    const tls = { certFile: join(folder, 'tls.crt'), keyFile: join(folder, 'tls.key') };
    await Promise.all([writeFile(tls.certFile, pair.certificate), writeFile(tls.keyFile, pair.key)]);
    const server = await startS3({ root: join(folder, 'root'), tls });
    expect(await statusOf(`${server.endpoint}/bucket`, authority.certificate)).to.be.within(400, 499);
    await server.stop();
  });

  it('serve Azure Blob', async () => {
    const server = await startAzurite({ root: await temporaryFolder('azurite') });
    expect(await statusOf(`${server.endpoint}?comp=list`)).to.be.within(400, 499);
    await server.stop();
  });
});
