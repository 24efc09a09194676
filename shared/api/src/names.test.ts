import { createHash } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import { isStoreName } from './backup-url.ts';
import {
  backingImageName,
  backupObjectName,
  backupVolumeName,
  collidingBackupName,
  isObjectName,
  labelValue,
} from './names.ts';

const hash8 = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 8);
const storeName = fc.stringMatching(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,300}$/);
const LABEL_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;

describe('object names', () => {
  it('are those of Longhorn for a volume in a target', () => {
    expect(backupVolumeName('pvc-1', 'default')).to.equal(`pvc-1-${hash8('pvc-1-default')}`);
    expect(backingImageName('parrot', 'b')).to.equal(`parrot-${hash8('parrot-b')}`);
  });

  it('are the store’s for backups, and tell colliding ones apart by volume and target', () => {
    expect(backupObjectName('backup-0123456789abcdef')).to.equal('backup-0123456789abcdef');
    expect(collidingBackupName('backup-1', 'vol', 'b')).to.equal(`backup-1-${hash8('vol-b')}`);
  });

  it('of illegal store names are cleaned and keep the hash of what they stand for', () => {
    expect(backupObjectName('A_b')).to.equal(`a-b-${hash8('A_b')}`);
    expect(backupObjectName('..')).to.equal(`x-${hash8('..')}`);
    expect(backupObjectName('v'.repeat(300))).to.equal(`${'v'.repeat(244)}-${hash8('v'.repeat(300))}`);
    expect(backupVolumeName('my_vol', 't')).to.match(/^my-vol-[0-9a-f]{8}-[0-9a-f]{8}$/);
  });

  it('are legal for every name that a store can hold', () => {
    fc.assert(
      fc.property(storeName, storeName, (name, target) => {
        for (const made of [
          backupObjectName(name),
          backupVolumeName(name, target),
          backingImageName(name, target),
          collidingBackupName(name, name, target),
        ]) {
          expect(isObjectName(made), made).to.equal(true);
        }
      }),
    );
  });

  it('of two volumes in one target differ', () => {
    fc.assert(
      fc.property(storeName, storeName, (a, b) => {
        fc.pre(a !== b);
        expect(backupVolumeName(a, 't')).to.not.equal(backupVolumeName(b, 't'));
        expect(backupObjectName(a)).to.not.equal(backupObjectName(b));
      }),
    );
  });

  it('are recognised by the rules of RFC 1123', () => {
    for (const good of ['a', 'a-b', 'a.b-c', '0', 'a'.repeat(253)]) expect(isObjectName(good), good).to.equal(true);
    for (const bad of ['', '-a', 'a-', 'a..b', 'a.-b', 'A', 'a_b', 'a'.repeat(254)])
      expect(isObjectName(bad), bad).to.equal(false);
  });
});

describe('label values', () => {
  it('are the name where that is legal, even with _ and capitals, and a hash where it is not', () => {
    expect(labelValue('My_vol.1')).to.equal('My_vol.1');
    expect(labelValue('')).to.equal('');
    expect(labelValue('a'.repeat(63))).to.equal('a'.repeat(63));
    expect(labelValue('a'.repeat(64))).to.equal(`${'a'.repeat(54)}-${hash8('a'.repeat(64))}`);
    expect(labelValue('vol_')).to.equal(`vol-${hash8('vol_')}`);
  });

  it('are legal for every name that a store can hold, and stable when taken twice', () => {
    fc.assert(
      fc.property(storeName, (name) => {
        const value = labelValue(name);
        expect(value.length).to.be.at.most(63);
        expect(value).to.match(LABEL_VALUE);
        expect(labelValue(value)).to.equal(value);
      }),
    );
  });
});

describe('store names', () => {
  it('have two characters or more of letters, digits, _ . -', () => {
    for (const good of ['ab', 'A_', '0.-']) expect(isStoreName(good), good).to.equal(true);
    for (const bad of ['', 'a', '_a', 'a b', 'a/b']) expect(isStoreName(bad), bad).to.equal(false);
  });
});
