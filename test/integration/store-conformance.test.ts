import path from 'node:path';
import { conformanceChecks, openStore, runCheck, type ObjectStore } from '@mooring/backupstore';
import { expect } from 'chai';
import { sharedS3, startAzurite, temporaryFolder } from '@mooring/testing';
import { createContainer } from './store-azurite.ts';

const backends: Record<string, () => Promise<ObjectStore>> = {
  'a directory': async () => await openStore({ url: `vfs://${path.join(await temporaryFolder('vfs'), 'store')}` }),
  'the S3 server': async () => {
    const server = await sharedS3();
    await server.createBucket('conformance');
    return await openStore({
      url: `s3://conformance@${server.region}/some/prefix/`,
      credentials: {
        AWS_ACCESS_KEY_ID: server.accessKey,
        AWS_SECRET_ACCESS_KEY: server.secretKey,
        AWS_ENDPOINTS: server.endpoint,
      },
    });
  },
  Azurite: async () => {
    const server = await startAzurite({ root: await temporaryFolder('azurite') });
    stops.push(async () => {
      await server.stop();
    });
    const credentials = {
      AZBLOB_ACCOUNT_NAME: server.accountName,
      AZBLOB_ACCOUNT_KEY: server.accountKey,
      AZBLOB_ENDPOINT: server.endpoint.slice(0, server.endpoint.lastIndexOf('/')),
    };
    await createContainer(server, 'conformance');
    return await openStore({ url: 'azblob://conformance/some/prefix', credentials });
  },
};

const stops: (() => Promise<void>)[] = [];

for (const [name, open] of Object.entries(backends)) {
  const lacks: readonly string[] = name === 'a directory' ? ['etags', 'flatList', 'conditionalReplace'] : [];
  describe(`the store in ${name}`, () => {
    let store: ObjectStore;
    before(async function () {
      this.timeout(60_000);
      store = await open();
    });
    after(async () => {
      store.close();
      for (const stop of stops.splice(0)) await stop();
    });
    it(lacks.length === 0 ? 'can do everything' : `can do everything but: ${lacks.join(', ')}`, () => {
      for (const capability of ['etags', 'flatList', 'conditionalPut', 'conditionalReplace'] as const) {
        expect(store.capabilities[capability], capability).to.equal(!lacks.includes(capability));
      }
    });
    for (const check of conformanceChecks) {
      if (check.needs !== undefined && lacks.includes(check.needs)) continue;
      it(check.name, async function () {
        this.timeout(60_000);
        const result = await runCheck(store, check);
        if (result.outcome === 'failed') throw result.error;
        expect(result.outcome).to.equal('ok');
      });
    }
  });
}
