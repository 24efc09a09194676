import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { isStoreError, type StoreError } from '../errors.ts';
import { decodeBackingImageConfig, encodeBackingImageConfig } from './backing-image-config.ts';
import { decodeBackupConfig, decodeBackupHead, encodeBackupConfig, type BackupConfig } from './backup-config.ts';
import { encodeGoString } from './fields.ts';
import { decodeLock, encodeLock } from './lock.ts';
import { decodeSystemBackupConfig, encodeSystemBackupConfig } from './system-backup-config.ts';
import { decodeVolumeConfig, encodeVolumeConfig, type VolumeConfig } from './volume-config.ts';

const STORE = path.resolve(import.meta.dirname, '../../../../test/fixtures/longhorn-store/store');
const source = { key: 'backupstore/x.cfg' };

function fixtures(pattern: RegExp): string[] {
  return readdirSync(STORE, { recursive: true, encoding: 'utf8' }).filter((file) => pattern.test(file));
}

function decodeVolume(text: string): VolumeConfig {
  return decodeVolumeConfig(Buffer.from(text), source);
}

function failureOf(work: () => unknown): StoreError | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    expect(isStoreError(error, 'Corrupt'), String(error)).to.equal(true);
    return isStoreError(error) ? error : undefined;
  }
}

const wholeNumber = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String);
const text = fc.string({ unit: 'binary' }).map((value) => value.toWellFormed());
const labels = fc.option(fc.dictionary(text, text, { noNullPrototype: true }), { nil: null });
const blocks = fc.array(
  fc.record({ offset: fc.nat(Number.MAX_SAFE_INTEGER), checksum: fc.stringMatching(/^[0-9a-f]{64}$/) }),
  { maxLength: 20 },
);
const volumeConfig: fc.Arbitrary<VolumeConfig> = fc.record({
  ...{ name: text, size: wholeNumber, labels, createdTime: text, lastBackupName: text, lastBackupAt: text },
  ...{ blockCount: wholeNumber, backingImageName: text, backingImageChecksum: text, compressionMethod: text },
  ...{ storageClassName: text, dataEngine: text },
});
const backupConfig: fc.Arbitrary<BackupConfig> = fc.record({
  ...{
    name: text,
    volumeName: text,
    snapshotName: text,
    snapshotCreatedAt: text,
    createdTime: text,
    size: wholeNumber,
  },
  ...{ labels, parameters: labels, isIncremental: fc.boolean(), compressionMethod: text, blocks, singleFilePath: text },
  ...{ newlyUploadedDataSize: wholeNumber, reUploadedDataSize: wholeNumber },
  processingBlocks: fc.constantFrom('{}', 'null', '{"Blocks":{}}'),
});

describe('the files of a store written by Longhorn', () => {
  const codecs: [RegExp, (body: Buffer) => Buffer][] = [
    [/volume\.cfg$/, (body) => encodeVolumeConfig(decodeVolumeConfig(body, source))],
    [/backup_.*\.cfg$/, (body) => encodeBackupConfig(decodeBackupConfig(body, source))],
    [/backing-image\.cfg$/, (body) => encodeBackingImageConfig(decodeBackingImageConfig(body, source))],
    [/system-backup\.cfg$/, (body) => encodeSystemBackupConfig(decodeSystemBackupConfig(body, source))],
  ];
  for (const [pattern, roundTrip] of codecs) {
    it(`are written again byte for byte as they were read: ${pattern.source}`, () => {
      const files = fixtures(pattern);
      expect(files).to.have.length.at.least(1);
      for (const file of files) {
        const body = readFileSync(path.join(STORE, file));
        expect(roundTrip(body).toString(), file).to.equal(body.toString());
      }
    });
  }

  it('have lock files of 57 bytes', () => {
    const lock = { name: 'lock-0123456789abcdef', type: 1, acquired: true };
    const body = encodeLock(lock);
    expect(body.toString()).to.equal('{"Name":"lock-0123456789abcdef","Type":1,"Acquired":true}');
    expect(body).to.have.length(57);
    expect(decodeLock(body, source)).to.deep.equal(lock);
  });
});

describe('the format', () => {
  it('reads back whatever it writes', () => {
    fc.assert(
      fc.property(volumeConfig, backupConfig, (volume, backup) => {
        expect(decodeVolumeConfig(encodeVolumeConfig(volume), source)).to.deep.equal(volume);
        expect(decodeBackupConfig(encodeBackupConfig(backup), source)).to.deep.equal(backup);
      }),
      { numRuns: 200 },
    );
  });

  it('escapes strings as Go does', () => {
    expect(encodeGoString('<a href="x">&\u2028\u2029\n\u0001é😀')).to.equal(
      '"\\u003ca href=\\"x\\"\\u003e\\u0026\\u2028\\u2029\\n\\u0001é😀"',
    );
    expect(encodeGoString('\ud800')).to.equal('"\ufffd"');
    const double = encodeVolumeConfig({ ...decodeVolume('{}'), storageClassName: '<x>' }).toString();
    expect(double).to.contain('"StorageClassName":"\\"\\\\u003cx\\\\u003e\\""');
  });

  it('writes labels in byte order', () => {
    const config = { ...decodeVolume('{}'), labels: { b: '1', a: '2', Z: '3', é: '4' } };
    expect(encodeVolumeConfig(config).toString()).to.contain('"Labels":{"Z":"3","a":"2","b":"1","é":"4"}');
  });

  const tolerated: [string, string, Partial<VolumeConfig>][] = [
    ['names in any case', '{"NAME":"a","sIzE":"7"}', { name: 'a', size: '7' }],
    ['names folded as Unicode does', '{"ſize":"7"}', { size: '7' }],
    ['unknown members of any type', '{"New":{"a":[1,{"b":null}]},"Name":"a"}', { name: 'a' }],
    [
      'null everywhere',
      '{"Name":null,"Size":null,"Labels":null,"DataEngine":null,"BlockCount":null}',
      { name: '', size: '0' },
    ],
    ['null inside of strings', '{"Size":"null","DataEngine":"null"}', { size: '0', dataEngine: '' }],
    ['a null file', 'null', { name: '' }],
    ['garbage behind the file', '{"Name":"a"}}}garbage', { name: 'a' }],
    ['white space', ' \n{ "Name" :\t"a" , "Size":"1" }\n', { name: 'a', size: '1' }],
    ['numbers with leading zeros and signs', '{"Size":"-007"}', { size: '-7' }],
    ['the last of several equal members', '{"Name":"a","Name":"b"}', { name: 'b' }],
    [
      'the fields of release 1.0 only',
      '{"Name":"a","Size":"1","BlockCount":"2"}',
      { compressionMethod: '', dataEngine: '' },
    ],
    ['a label that is null', '{"Labels":{"a":null}}', { labels: { a: '' } }],
    ['broken surrogates', '{"Name":"\\ud800x"}', { name: '\ufffdx' }],
  ];
  for (const [what, body, expected] of tolerated) {
    it(`takes ${what}`, () => {
      expect(decodeVolume(body)).to.deep.include(expected);
    });
  }

  const rejected: [string, string, string][] = [
    ['an empty file', '', 'empty'],
    ['a file cut short', '{"Name":"a"', 'ends too early'],
    ['no JSON', 'garbage', 'JSON object'],
    ['an array', '[]', 'JSON object'],
    ['a size that is a number', '{"Size":7}', "'Size' must be a string"],
    ['a size that is an empty string', '{"Size":""}', "'Size' must be"],
    ['a size with spaces, a fraction or an exponent', '{"Size":" 1"}', "'Size' must be"],
    ['a size with an exponent', '{"Size":"1e3"}', "'Size' must be"],
    ['a size beyond 64 bits', '{"Size":"9223372036854775808"}', "'Size' must be"],
    ['a plain string where it must be encoded twice', '{"DataEngine":"v1"}', "'DataEngine' must be"],
    ['an empty string where it must be encoded twice', '{"DataEngine":""}', "'DataEngine' must be"],
    ['a name that is a number', '{"Name":1}', "'Name' must be a string"],
    ['labels that are numbers', '{"Labels":{"a":1}}', "'Labels' must be"],
    ['a broken unknown member', '{"x":[1,,2],"Name":"a"}', 'no JSON'],
    ['a missing comma', '{"Name":"a" "Size":"1"}', "expected ','"],
  ];
  for (const [what, body, word] of rejected) {
    it(`rejects ${what}`, () => {
      expect(failureOf(() => decodeVolume(body))?.message)
        .to.contain(word)
        .and.contain(source.key);
    });
  }

  it('takes offsets only as whole numbers', () => {
    const config = (offset: string): string => `{"Blocks":[{"Offset":${offset},"BlockChecksum":"x"}]}`;
    const decode = (offset: string): unknown => decodeBackupConfig(Buffer.from(config(offset)), source).blocks;
    expect(decode('2097152')).to.deep.equal([{ offset: 2097152, checksum: 'x' }]);
    for (const bad of ['"0"', '1.0', '1e3', '{}', '9007199254740993'])
      expect(failureOf(() => decode(bad))).to.not.equal(undefined);
  });

  it('never fails but as Corrupt, whatever the bytes', () => {
    const good = Buffer.from(
      '{"Name":"a","Size":"1","Labels":{"k":"v"},"IsIncremental":true,"Blocks":[{"Offset":0,"BlockChecksum":"x"}],"SingleFile":{"FilePath":""}}',
    );
    const damaged = fc
      .tuple(fc.nat(good.length), fc.nat(good.length), fc.uint8Array({ maxLength: 4 }))
      .map(([from, length, bytes]) => Buffer.concat([good.subarray(0, from), bytes, good.subarray(from + length)]));
    fc.assert(
      fc.property(
        fc.oneof(
          damaged,
          fc.uint8Array().map((bytes) => Buffer.from(bytes)),
          fc.json().map((json) => Buffer.from(json)),
        ),
        (body) => {
          for (const decode of [decodeVolumeConfig, decodeBackupConfig, decodeBackingImageConfig, decodeLock]) {
            failureOf(() => decode(body, source));
          }
          failureOf(() => decodeBackupHead({ body, isComplete: true }, source));
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('the head of a backup config', () => {
  const whole = (config: BackupConfig): Buffer => encodeBackupConfig(config);

  it('is what the whole config says, from any prefix that suffices', () => {
    fc.assert(
      fc.property(backupConfig, fc.nat(), (config, cut) => {
        const { blocks: _, singleFilePath: __, processingBlocks: ___, ...head } = config;
        const body = whole(config);
        const length = cut % (body.length + 1);
        const found = decodeBackupHead({ body: body.subarray(0, length), isComplete: length === body.length }, source);
        if (found !== undefined) expect(found).to.deep.equal(head);
        expect(decodeBackupHead({ body, isComplete: true }, source)).to.deep.equal(head);
      }),
      { numRuns: 300 },
    );
  });

  it('is found before the block list, also when a label looks like one', () => {
    const config: BackupConfig = {
      ...decodeBackupConfig(Buffer.from('{}'), source),
      name: 'b',
      labels: { '"Blocks":[': '","Blocks":[{' },
      blocks: [{ offset: 0, checksum: 'x' }],
    };
    const body = whole(config);
    const end = body.lastIndexOf('"Blocks"') + '"Blocks":['.length;
    const head = decodeBackupHead({ body: body.subarray(0, end), isComplete: false }, source);
    expect(head).to.deep.include({ name: 'b', labels: config.labels });
    expect(decodeBackupHead({ body: body.subarray(0, end - 12), isComplete: false }, source)).to.equal(undefined);
  });

  it('is not taken from a whole file that was cut behind it, or whose block list is garbage', () => {
    const config = { ...decodeBackupConfig(Buffer.from('{}'), source), name: 'b', createdTime: 't' };
    const body = whole({ ...config, blocks: [{ offset: 0, checksum: 'x' }] });
    const cuts = [body.length - 1, body.lastIndexOf('"Blocks"') + 10, body.lastIndexOf('"Blocks"')];
    const bodies = cuts.map((length) => body.subarray(0, length));
    bodies.push(Buffer.from(body.toString().replace('"Offset":0', '"Offset":"zero"')));
    for (const bad of bodies) {
      const failure = failureOf(() => decodeBackupHead({ body: bad, isComplete: true }, source));
      expect(failure, bad.toString().slice(-30)).to.include({ code: 'Corrupt' });
    }
  });

  it('is read to the end where the block list comes first', () => {
    const text = '{"Blocks":[{"Offset":0,"BlockChecksum":"x"}],"Name":"b","CreatedTime":"t"}';
    const body = Buffer.from(text);
    expect(decodeBackupHead({ body: body.subarray(0, 50), isComplete: false }, source)).to.equal(undefined);
    expect(decodeBackupHead({ body, isComplete: true }, source)).to.deep.include({ name: 'b', createdTime: 't' });
  });
});
