import { expect } from 'chai';
import fc from 'fast-check';
import { parseDestination } from './destination.ts';
import { sameStore, type StoreAddress, storeEndpoint, storeHash, storeKey } from './store-identity.ts';

describe('the same store', () => {
  const same: [a: StoreAddress, b: StoreAddress][] = [
    [{ url: 's3://bucket@us-east-1/p' }, { url: 's3://BUCKET@us-east-1/p/' }],
    [{ url: 's3://b@r/p' }, { url: 'S3://b@r/p?x=1' }],
    [{ url: 's3://b@r/' }, { url: 's3://b@other/' }],
    [
      { url: 's3://b/', endpoint: 'https://Host:443/' },
      { url: 's3://b/', endpoint: 'https://host' },
    ],
    [
      { url: 's3://b/', endpoint: 'http://h:80' },
      { url: 's3://b/', endpoint: 'HTTP://h' },
    ],
    [{ url: 'azblob://c@core.windows.net/' }, { url: 'azblob://C@Core.Windows.net' }],
    [{ url: 'nfs://Server:/export/' }, { url: 'nfs://server:/export?nfsOptions=soft' }],
    [{ url: 'nfs://server/export' }, { url: 'nfs://server:/export' }],
    [{ url: 'cifs://server:445/share' }, { url: 'cifs://SERVER/share/' }],
    [{ url: 'vfs:///a/b/' }, { url: 'vfs:///a//b' }],
  ];
  for (const [a, b] of same) {
    it(`is ${a.url} ${a.endpoint ?? ''} and ${b.url} ${b.endpoint ?? ''}`, () => {
      expect(sameStore(a, b)).to.equal(true);
      expect(storeHash(a)).to.equal(storeHash(b));
    });
  }

  const different: [a: StoreAddress, b: StoreAddress][] = [
    [{ url: 's3://b@r/p' }, { url: 's3://b@r/P' }],
    [{ url: 's3://b@r/p' }, { url: 's3://b@r/p/q' }],
    [{ url: 's3://b@r/' }, { url: 's3://c@r/' }],
    [
      { url: 's3://b/', endpoint: 'https://one' },
      { url: 's3://b/', endpoint: 'https://two' },
    ],
    [
      { url: 's3://b/', endpoint: 'http://h:9000' },
      { url: 's3://b/', endpoint: 'http://h:9001' },
    ],
    [{ url: 's3://b/' }, { url: 's3://b/', endpoint: 'https://one' }],
    [{ url: 's3://b/' }, { url: 'azblob://b/' }],
    [{ url: 'nfs://a:/x' }, { url: 'nfs://b:/x' }],
    [{ url: 'nfs://a:/x' }, { url: 'cifs://a/x' }],
    [{ url: '' }, { url: '' }],
    [{ url: 'nonsense' }, { url: 'nonsense' }],
  ];
  for (const [a, b] of different) {
    it(`is not ${a.url} ${a.endpoint ?? ''} and ${b.url} ${b.endpoint ?? ''}`, () => {
      expect(sameStore(a, b)).to.equal(false);
    });
  }

  it('is itself, and symmetric', () => {
    const url = fc.constantFrom('s3://b@r/', 's3://B@r/', 's3://b@r/x/', 'nfs://h:/x', 'nfs://H/x/', 'vfs:///x');
    fc.assert(
      fc.property(url, url, (a, b) => {
        expect(sameStore({ url: a }, { url: a })).to.equal(true);
        expect(sameStore({ url: a }, { url: b })).to.equal(sameStore({ url: b }, { url: a }));
      }),
    );
  });

  it('is another one when its marker is another one', () => {
    const url = 's3://b@r/';
    expect(storeHash({ url })).to.match(/^[0-9a-f]{16}$/);
    expect(storeHash({ url, storeID: 'one' })).to.not.equal(storeHash({ url, storeID: 'two' }));
    expect(storeKey({ url })).to.equal('s3||b|');
  });
});

describe('the endpoint of a store', () => {
  const azblob = parseDestination('azblob://c@core.windows.net/');
  const table: [what: string, url: string, data: Record<string, string>, endpoint: string | undefined][] = [
    ['of s3 is in the Secret', 's3://b/', { AWS_ENDPOINTS: 'https://h' }, 'https://h'],
    ['of s3 is the default without it', 's3://b/', { AWS_ENDPOINTS: '' }, undefined],
    ['of azblob has the account in front', azblob.url, { AZBLOB_ACCOUNT_NAME: 'a' }, 'https://a.blob.core.windows.net'],
    [
      'of azblob may be given',
      azblob.url,
      { AZBLOB_ACCOUNT_NAME: 'a', AZBLOB_ENDPOINT: 'http://h:10000/' },
      'http://h:10000/a',
    ],
    ['of azblob is open without account', azblob.url, {}, undefined],
    ['of nfs is in the URL', 'nfs://h:/x', { AWS_ENDPOINTS: 'https://h' }, undefined],
  ];
  for (const [what, url, data, endpoint] of table) {
    it(what, () => {
      expect(storeEndpoint(parseDestination(url), data)).to.equal(endpoint);
    });
  }
});
