import { expect } from 'chai';
import { redactText } from '@mooring/telemetry';
import { StoreError } from './errors.ts';
import { resolveTargetStore, TargetStores, type CredentialSecret, type ResolveOptions } from './target-store.ts';

const CANARY = 'canary-secret-4711';
const keys = { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: CANARY, AWS_ENDPOINTS: 'http://minio.example:9000' };

function options(spec: ResolveOptions['target']['spec'], secret?: CredentialSecret): ResolveOptions {
  return {
    target: { metadata: { name: 'minio', uid: 'uid-1' }, ...(spec !== undefined && { spec }) },
    readSecret: () => Promise.resolve(secret),
    allowedSchemes: ['s3', 'azblob', 'nfs', 'cifs'],
  };
}

describe('the store of a target', () => {
  const failures: [string, string, ResolveOptions][] = [
    ['an empty URL', 'URLEmpty', options({ backupTargetURL: '' })],
    ['no spec', 'URLEmpty', options(undefined)],
    ['a malformed URL', 'InvalidURL', options({ backupTargetURL: 's3://bucket@region' })],
    ['an unknown scheme', 'InvalidURL', options({ backupTargetURL: 'ftp://x/y' })],
    ['a scheme that is not allowed', 'SchemeNotAllowed', options({ backupTargetURL: 'vfs:///tmp/x' })],
    ['an nfs URL', 'BackendNotInstalled', options({ backupTargetURL: 'nfs://server:/export' })],
    ['a cifs URL', 'BackendNotInstalled', options({ backupTargetURL: 'cifs://server/share' })],
    [
      'a Secret that is not there',
      'SecretNotFound',
      options({ backupTargetURL: 's3://b@r/', credentialSecret: 'minio-secret' }),
    ],
    ['an azblob URL without a Secret', 'SecretRequired', options({ backupTargetURL: 'azblob://c@core.windows.net/' })],
    [
      'white space in a Secret',
      'CredentialInvalid',
      options(
        { backupTargetURL: 's3://b@r/', credentialSecret: 's' },
        { data: { ...keys, AWS_SECRET_ACCESS_KEY: `${CANARY}\n` }, resourceVersion: '1' },
      ),
    ],
    [
      'a key of two lines',
      'CredentialInvalid',
      options(
        { backupTargetURL: 's3://b@r/', credentialSecret: 's' },
        { data: { ...keys, AWS_ACCESS_KEY_ID: `${CANARY}\nkey` }, resourceVersion: '1' },
      ),
    ],
    [
      'a certificate that is none',
      'CredentialInvalid',
      options(
        { backupTargetURL: 's3://b@r/', credentialSecret: 's' },
        { data: { ...keys, AWS_ENDPOINTS: 'https://minio.example', AWS_CERT: CANARY }, resourceVersion: '1' },
      ),
    ],
  ];
  for (const [what, reason, given] of failures) {
    it(`is refused for ${what} with the reason of the condition, and no secret in its words`, async () => {
      const error: unknown = await resolveTargetStore(given).catch((cause: unknown) => cause);
      expect(error).to.be.instanceOf(StoreError).and.deep.include({ reason, kind: 'stalled' });
      expect(String(error)).to.not.contain(CANARY);
      expect(redactText(String(error)), 'words that the redaction would spoil').to.equal(String(error));
    });
  }

  it('names the Secret that is missing', async () => {
    const given = options({ backupTargetURL: 's3://b@r/', credentialSecret: 'minio-secret' });
    const error: unknown = await resolveTargetStore(given).catch((cause: unknown) => cause);
    expect(String(error)).to.contain("'minio-secret'");
  });

  it('has a hash that tells stores apart, and inputs that tell versions of the Secret apart', async () => {
    const spec = { backupTargetURL: 's3://bucket@region/', credentialSecret: 's' };
    const first = await resolveTargetStore(options(spec, { data: keys, resourceVersion: '1' }));
    const same = await resolveTargetStore(
      options({ ...spec, backupTargetURL: 's3://BUCKET@region' + '/' }, { data: keys, resourceVersion: '1' }),
    );
    const other = await resolveTargetStore(
      options(spec, { data: { ...keys, AWS_ENDPOINTS: 'http://other:9000' }, resourceVersion: '2' }),
    );
    expect(first.endpoint).to.equal('http://minio.example:9000');
    expect(first.storeHashOf())
      .to.match(/^[0-9a-f]{16}$/)
      .and.equal(same.storeHashOf());
    expect(first.storeHashOf()).to.not.equal(other.storeHashOf());
    expect(first.storeHashOf('id')).to.not.equal(first.storeHashOf());
    expect(first.inputsHash).to.not.equal(other.inputsHash);
  });
});

describe('the stores of a process', () => {
  const spec = { backupTargetURL: 's3://bucket@region/', credentialSecret: 's' };
  const targetOf = (backupTargetURL = spec.backupTargetURL): ResolveOptions['target'] =>
    options({ ...spec, backupTargetURL }).target;
  let secret: CredentialSecret;
  let stores: TargetStores;

  beforeEach(() => {
    secret = { data: keys, resourceVersion: '1' };
    stores = new TargetStores({ readSecret: () => Promise.resolve(secret), allowedSchemes: ['s3'] });
  });

  it('are opened once for each target, and anew when the URL or the Secret changes', async () => {
    const [one, two] = await Promise.all([stores.resolve(targetOf()), stores.resolve(targetOf())]);
    expect(one.store).to.equal(two.store);
    secret = { data: keys, resourceVersion: '2' };
    const changed = await stores.resolve(targetOf());
    expect(changed.store).to.not.equal(one.store);
    const moved = await stores.resolve(targetOf('s3://other@region/'));
    expect(moved.store).to.not.equal(changed.store);
    stores.close();
    expect((await stores.resolve(targetOf())).store).to.not.equal(moved.store);
  });

  it('do not remember a failure', async () => {
    secret = { data: { ...keys, AWS_ACCESS_KEY_ID: '' }, resourceVersion: '1' };
    expect(await stores.resolve(targetOf()).catch(() => 'failed')).to.equal('failed');
    secret = { data: keys, resourceVersion: '2' };
    const good = await stores.resolve(targetOf());
    expect(good.store.capabilities.scheme).to.equal('s3');
  });
});
