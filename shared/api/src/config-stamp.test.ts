import { expect } from 'chai';
import { configStamp } from './config-stamp.ts';

const NOW_MS = Date.UTC(2026, 0, 1);

describe('configStamp', () => {
  it('is the ETag where there is one', () => {
    expect(configStamp({ etag: 'abc', mtimeMs: NOW_MS, size: 1 }, NOW_MS)).to.equal('abc');
  });
  it('differs once a young file has grown old, so that it is read again', () => {
    const file = { mtimeMs: NOW_MS, size: 1 };
    expect(configStamp(file, NOW_MS + 100)).to.not.equal(configStamp(file, NOW_MS + 60_000));
    expect(configStamp(file, NOW_MS + 60_000)).to.equal(configStamp(file, NOW_MS + 90_000));
  });
  it('differs when size or mtime do', () => {
    const stamps = [
      { mtimeMs: 1, size: 1 },
      { mtimeMs: 2, size: 1 },
      { mtimeMs: 1, size: 2 },
    ].map((file) => configStamp(file, NOW_MS));
    expect(new Set(stamps).size).to.equal(3);
  });
});
