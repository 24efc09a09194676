import { expect } from 'chai';
import fc from 'fast-check';
import { cleanPrefix, type Destination, DestinationError, parseDestination, schemes } from './destination.ts';

type Parts = Destination extends infer D ? (D extends Destination ? Omit<D, 'url'> : never) : never;

const segment = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,12}$/);
const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => segments.join('/'));

function codeOf(url: string): string {
  try {
    parseDestination(url);
  } catch (error) {
    return error instanceof DestinationError ? error.code : 'another error';
  }
  return 'none';
}

describe('destination URLs', () => {
  const table: [url: string, parts: Parts][] = [
    ['s3://bucket@us-east-1/', { scheme: 's3', bucket: 'bucket', region: 'us-east-1', prefix: '' }],
    ['s3://bucket@us-east-1/pre//fix/', { scheme: 's3', bucket: 'bucket', region: 'us-east-1', prefix: 'pre/fix' }],
    ['s3://bucket/path', { scheme: 's3', bucket: 'bucket', prefix: 'path' }],
    ['S3://bucket/a%20b', { scheme: 's3', bucket: 'bucket', prefix: 'a b' }],
    ['s3://key:secret@eu/p?x=1#frag', { scheme: 's3', bucket: 'key', region: 'eu', prefix: 'p' }],
    [
      'azblob://c@core.windows.net/',
      { scheme: 'azblob', container: 'c', endpointSuffix: 'core.windows.net', prefix: '' },
    ],
    ['azblob://c/p/q', { scheme: 'azblob', container: 'c', endpointSuffix: '', prefix: 'p/q' }],
    [
      'azblob://c@core.windows.net',
      { scheme: 'azblob', container: 'c', endpointSuffix: 'core.windows.net', prefix: '' },
    ],
    ['nfs://server:/export/dir', { scheme: 'nfs', host: 'server', hasColon: true, path: '/export/dir', options: [] }],
    ['nfs://server/export', { scheme: 'nfs', host: 'server', hasColon: false, path: '/export', options: [] }],
    ['nfs://[fe80::1]:/e', { scheme: 'nfs', host: '[fe80::1]', hasColon: true, path: '/e', options: [] }],
    [
      'nfs://s:/e?nfsOptions=soft,timeo=150',
      { scheme: 'nfs', host: 's', hasColon: true, path: '/e', options: ['soft', 'timeo=150'] },
    ],
    [
      'nfs://s:/e?nfsOptions=a&nfsOptions=b=1,c',
      { scheme: 'nfs', host: 's', hasColon: true, path: '/e', options: ['a', 'b=1,c'] },
    ],
    [
      'cifs://server/share/p?cifsOptions=vers%3D3.0',
      { scheme: 'cifs', host: 'server', path: '/share/p', options: ['vers=3.0'] },
    ],
    ['vfs:///var/backups/', { scheme: 'vfs', path: '/var/backups' }],
    ['vfs:///', { scheme: 'vfs', path: '/' }],
    ['vfs:///../../etc', { scheme: 'vfs', path: '/etc' }],
  ];
  for (const [url, parts] of table) {
    it(`parses ${url}`, () => {
      expect(parseDestination(url)).to.deep.equal({ ...parts, url });
    });
  }

  const refused: [url: string, code: string][] = [
    ['', 'Empty'],
    ['bucket', 'Malformed'],
    ['s3:bucket/x', 'Malformed'],
    ['s3://b/%zz', 'Malformed'],
    ['s3://b /x', 'Malformed'],
    ['s3://b\n/x', 'Malformed'],
    ['nfs://s:port/x', 'Malformed'],
    ['nfs://[fe80::1/x', 'Malformed'],
    ['cifs://a%20b/x', 'Malformed'],
    ['ftp://h/x', 'UnsupportedScheme'],
    ['s3://bucket', 'PathMissing'],
    ['s3://bucket@region', 'PathMissing'],
    ['s3:///x', 'HostMissing'],
    ['s3://@region/x', 'HostMissing'],
    ['azblob:///x', 'HostMissing'],
    ['nfs://:/x', 'HostMissing'],
    ['nfs://server:', 'PathMissing'],
    ['nfs://server:2049/x', 'PortNotAllowed'],
    ['cifs:///x', 'HostMissing'],
    ['cifs://server/', 'PathMissing'],
    ['vfs://host/x', 'HostNotAllowed'],
    ['vfs://', 'PathMissing'],
  ];
  for (const [url, code] of refused) {
    it(`refuses ${JSON.stringify(url)} as ${code}`, () => {
      expect(codeOf(url)).to.equal(code);
    });
  }

  it('keeps Longhorn’s texts for what its clients look for', () => {
    expect(() => parseDestination('')).to.throw("destination URL hasn't been specified");
    expect(() => parseDestination('ftp://x/')).to.throw('driver ftp is not supported');
    expect(() => parseDestination('s3://b')).to.throw(
      'invalid URL. Must be either s3://bucket@region/path/, or s3://bucket/path',
    );
    expect(() => parseDestination('vfs://x/')).to.throw('VFS path must follow: vfs:///path/ format');
  });

  it('never shows the query in an error', () => {
    for (const [url] of refused) {
      try {
        parseDestination(`${url}?cifsOptions=password%3Dhunter2`);
      } catch (error) {
        expect(String(error)).to.not.include('hunter2');
      }
    }
  });

  it('parses any text to a destination of a known scheme, or says why not, and never fails otherwise', () => {
    const anything = fc.oneof(
      fc.string(),
      fc.string().map((rest) => `s3://${rest}`),
      fc.webUrl(),
      fc.constantFrom(...schemes).chain((scheme) => fc.string().map((rest) => `${scheme}://${rest}`)),
    );
    fc.assert(
      fc.property(anything, (text) => {
        expect(codeOf(text)).to.not.equal('another error');
      }),
    );
  });

  it('of s3 has the same prefix however slashes are typed', () => {
    fc.assert(
      fc.property(
        fc.record({ bucket: segment, region: segment, prefix: path, tail: fc.constantFrom('', '/', '//') }),
        ({ bucket, region, prefix, tail }) => {
          const parsed = parseDestination(`s3://${bucket}@${region}/${prefix}${tail}`);
          expect(parsed).to.include({ scheme: 's3', bucket, region, prefix });
        },
      ),
    );
  });

  it('of nfs keeps host and path as typed, with the colon', () => {
    fc.assert(
      fc.property(segment, path, (host, exported) => {
        const parsed = parseDestination(`nfs://${host}:/${exported}`);
        expect(parsed).to.deep.include({ host, hasColon: true, path: `/${exported}` });
      }),
    );
  });
});

describe('prefixes', () => {
  it('are cleaned as Go cleans paths', () => {
    const cleaned = ['/', '//a//b/', '/a/./b/../c', 'a/../../b', '/..', ''].map(cleanPrefix);
    expect(cleaned).to.deep.equal(['', 'a/b', 'a/c', '../b', '..', '']);
  });
});
