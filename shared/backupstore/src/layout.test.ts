import { expect } from 'chai';
import fc from 'fast-check';
import {
  backupConfigKey,
  compareKeys,
  isLeftover,
  parseBackupFileName,
  parseVolumeKey,
  volumePrefix,
  volumeShard,
} from './layout.ts';

describe('the layout', () => {
  it('puts volumes into the shards that Longhorn does', () => {
    const shards = {
      'pvc-lz4': 'ff/06',
      'pvc-gzip': 'ab/dc',
      'pvc-none': '89/8e',
      'pvc-16m': '6f/f9',
      testvol: 'df/b5',
    };
    for (const [volume, shard] of Object.entries(shards)) expect(volumeShard(volume)).to.equal(shard);
    expect(volumeShard('BACKINGIMAGE')).to.equal('22/fc');
    expect(backupConfigKey('pvc-lz4', 'backup-1')).to.equal(
      'backupstore/volumes/ff/06/pvc-lz4/backups/backup_backup-1.cfg',
    );
  });

  it('takes keys apart that it has built', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/), fc.string(), (volume, rest) => {
        const folder = volumePrefix(volume);
        expect(parseVolumeKey(folder + rest)).to.deep.equal({ folder, volume, rest });
      }),
    );
    for (const foreign of [
      'backupstore/volumes/',
      'backupstore/volumes/a/b/c/d',
      'backupstore/volumes/aa/bb/c',
      'x/aa/bb/c/d',
    ]) {
      expect(parseVolumeKey(foreign), foreign).to.equal(undefined);
    }
  });

  it('tells configs of backups from other files, and leftovers of writes from both', () => {
    expect(parseBackupFileName('backup_backup-1.cfg')).to.equal('backup-1');
    expect(parseBackupFileName('backup_backup-1.cfg.tmp.1700000000000000000')).to.equal(undefined);
    expect(isLeftover('a/volume.cfg.tmp.1700000000000000000')).to.equal(true);
    expect(isLeftover('a/backup_x.tmp.cfg')).to.equal(false);
  });

  it('orders keys by their UTF-8 bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (a, b) => {
        expect(Math.sign(compareKeys(a, b))).to.equal(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
    );
    expect(compareKeys('\uffee', '\u{1f600}')).to.be.lessThan(0);
  });
});
