import { expect } from 'chai';
import fc from 'fast-check';
import { decodeBackupUrl, encodeBackingImageUrl, encodeBackupUrl, normaliseNfsOptions } from './backup-url.ts';
import { encodeQuery, formEscape, parseQuery } from './go-url.ts';

describe('URLs of backups', () => {
  const table: [targetUrl: string, expected: string][] = [
    ['s3://bk@us-east-1/pre/fix', 's3://bk@us-east-1/pre/fix?backup=b1&volume=v1'],
    ['s3://bk@us-east-1/', 's3://bk@us-east-1/?backup=b1&volume=v1'],
    ['nfs://h:/x?nfsOptions=soft,timeo=150', 'nfs://h:/x?backup=b1&nfsOptions=soft%2Ctimeo%3D150&volume=v1'],
    ['vfs:///a b', 'vfs:///a b?backup=b1&volume=v1'],
  ];
  for (const [targetUrl, expected] of table) {
    it(`in ${targetUrl} are as Longhorn writes them`, () => {
      expect(encodeBackupUrl({ backup: 'b1', volume: 'v1', targetUrl })).to.equal(expected);
    });
  }

  it('of a volume have no backup, of a backing image a plain append', () => {
    expect(encodeBackupUrl({ volume: 'v1', targetUrl: 's3://b/p' })).to.equal('s3://b/p?volume=v1');
    expect(encodeBackingImageUrl({ backingImage: 'i', targetUrl: 's3://b/p' })).to.equal('s3://b/p?backingImage=i');
    expect(encodeBackingImageUrl({ backingImage: 'i', targetUrl: 'nfs://h:/x?a=b' })).to.equal(
      'nfs://h:/x?a=b&backingImage=i',
    );
  });

  it('are taken apart again, the seed’s too', () => {
    expect(
      decodeBackupUrl('nfs://nfs-sever.com:/opt/shared-path/?backup=backup-f6d9b9caa9444543&volume=backup1'),
    ).to.deep.equal({
      backup: 'backup-f6d9b9caa9444543',
      volume: 'backup1',
      destUrl: 'nfs://nfs-sever.com:/opt/shared-path/',
    });
    expect(decodeBackupUrl('s3://b/?volume=v1')).to.deep.equal({ volume: 'v1', destUrl: 's3://b/' });
  });

  it('with impossible names are refused', () => {
    expect(() => decodeBackupUrl('s3://b/?volume=a/b')).to.throw('invalid volume name parsed, got a/b');
    expect(() => decodeBackupUrl('s3://b/?volume=vv&backup=.')).to.throw('invalid backup name parsed, got .');
    expect(() => decodeBackupUrl('nothing')).to.throw('failed to parse backup URL');
  });

  it('survive encoding and decoding, options included', () => {
    const name = fc.stringMatching(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,40}$/);
    fc.assert(
      fc.property(
        name,
        name,
        fc.constantFrom('s3://b@r/p', 'nfs://h:/x?nfsOptions=soft%2Ctimeo%3D1', 'vfs:///d'),
        (backup, volume, destUrl) => {
          expect(decodeBackupUrl(encodeBackupUrl({ backup, volume, targetUrl: destUrl }))).to.deep.equal({
            backup,
            volume,
            destUrl,
          });
        },
      ),
    );
  });
});

describe('queries', () => {
  it('are escaped as forms, keys sorted', () => {
    expect(formEscape("a b+c~'()*!/é")).to.equal('a+b%2Bc~%27%28%29%2A%21%2F%C3%A9');
    expect(
      encodeQuery([
        ['b', '1'],
        ['a', '2'],
        ['b', '0'],
      ]),
    ).to.equal('a=2&b=1&b=0');
  });

  it('leave malformed pairs out', () => {
    expect(parseQuery('a=1&&b=%zz&c;d=1&e&f=x+y%21')).to.deep.equal([
      ['a', '1'],
      ['e', ''],
      ['f', 'x y!'],
    ]);
  });

  it('survive writing and reading', () => {
    const pair = fc.tuple(fc.string({ minLength: 1, unit: 'grapheme' }), fc.string({ unit: 'grapheme' }));
    fc.assert(
      fc.property(fc.uniqueArray(pair, { selector: ([key]) => key }), (pairs) => {
        const read = parseQuery(encodeQuery(pairs));
        expect(new Map(read)).to.deep.equal(new Map(pairs));
      }),
    );
  });
});

describe('NFS options', () => {
  const table: [url: string, expected: string][] = [
    ['nfs://h:/x', 'nfs://h:/x'],
    ['s3://b/?nfsOptions=hard', 's3://b/?nfsOptions=hard'],
    ['not a url?nfsOptions=hard', 'not a url?nfsOptions=hard'],
    ['nfs://h:/x?nfsOptions=soft,timeo=300,retry=2', 'nfs://h:/x?nfsOptions=soft,timeo=300,retry=2'],
    ['nfs://h:/x?nfsOptions=hard', 'nfs://h:/x?nfsOptions=soft%2Ctimeo%3D300%2Cretry%3D2'],
    [
      'nfs://h:/x?nfsOptions=hard,timeo=1,nfsvers=4.1,retry=9',
      'nfs://h:/x?nfsOptions=timeo%3D1%2Cnfsvers%3D4.1%2Cretry%3D9%2Csoft',
    ],
    ['nfs://h:/x?nfsOptions=soft&nfsOptions=timeo=5', 'nfs://h:/x?nfsOptions=soft%2Ctimeo%3D5%2Cretry%3D2'],
    ['nfs://h:/x?nfsOptions=&a=b', 'nfs://h:/x?a=b'],
    ['nfs://h:/x?nfsOptions=%20,', 'nfs://h:/x'],
    ['nfs://h:/x?b=1&nfsOptions=hard', 'nfs://h:/x?b=1&nfsOptions=soft%2Ctimeo%3D300%2Cretry%3D2'],
  ];
  for (const [url, expected] of table) {
    it(`of ${url} become safe`, () => {
      expect(normaliseNfsOptions(url)).to.equal(expected);
    });
  }

  it('are safe already after one time', () => {
    const options = fc.array(fc.constantFrom('hard', 'soft', 'timeo=5', 'retry=1', 'nfsvers=4.2', '', ' '), {
      maxLength: 5,
    });
    fc.assert(
      fc.property(options, (list) => {
        const once = normaliseNfsOptions(`nfs://h:/x?nfsOptions=${encodeURIComponent(list.join(','))}`);
        expect(normaliseNfsOptions(once)).to.equal(once);
      }),
    );
  });
});
