import { expect } from 'chai';
import { type BlockSize, blockSizeOf, missingBlockSize } from './block-size.ts';

describe('blockSizeOf', () => {
  const rows: [string, Record<string, string> | null, BlockSize][] = [
    ['a config without parameters (before v1.7) has blocks of 2 MiB', null, '2097152'],
    ['a config without the parameter (before v1.10) has blocks of 2 MiB', { 'backup-mode': 'full' }, '2097152'],
    ['an empty parameter means 2 MiB', { 'backup-block-size': '' }, '2097152'],
    ['bytes are taken as they are', { 'backup-block-size': '16777216' }, '16777216'],
    ['2097152 is 2 MiB', { 'backup-block-size': '2097152' }, '2097152'],
    ['a quantity with a binary suffix counts', { 'backup-block-size': '16Mi' }, '16777216'],
    ['a quantity in KiB counts', { 'backup-block-size': '2048Ki' }, '2097152'],
    ['a decimal suffix is no power of two', { 'backup-block-size': '16M' }, '-1'],
    ['a size that no reader knows is unknown', { 'backup-block-size': '4194304' }, '-1'],
    ['zero is unknown', { 'backup-block-size': '0' }, '-1'],
    ['text is unknown', { 'backup-block-size': 'large' }, '-1'],
    ['a suffix alone is unknown', { 'backup-block-size': 'Mi' }, '-1'],
  ];
  for (const [title, parameters, expected] of rows) {
    it(title, () => expect(blockSizeOf(parameters)).to.equal(expected));
  }
});

describe('missingBlockSize', () => {
  const rows: [string, string, BlockSize, BlockSize | undefined][] = [
    ['2 MiB need not be written: absent means it', '', '2097152', undefined],
    ['16 MiB are written', '', '16777216', '16777216'],
    ['an unknown size is written, so that nobody restores it wrongly', '', '-1', '-1'],
    ['what is there is not written again', '16777216', '16777216', undefined],
    ['an unknown size may become known', '-1', '2097152', '2097152'],
    ['a known size is immutable', '2097152', '16777216', undefined],
  ];
  for (const [title, recorded, actual, expected] of rows) {
    it(title, () => expect(missingBlockSize(recorded, actual)).to.equal(expected));
  }
});
