import { expect } from 'chai';
import { credentialKeys, credentialProblems } from './credentials.ts';

describe('values of credential Secrets', () => {
  const table: [value: string, key: keyof typeof credentialKeys, problems: string[]][] = [
    ['minio', 'AWS_ACCESS_KEY_ID', []],
    ['', 'AWS_ACCESS_KEY_ID', []],
    ['with space inside', 'CIFS_PASSWORD', []],
    ['minio\n', 'AWS_ACCESS_KEY_ID', ['trailing']],
    [' minio', 'AWS_SECRET_ACCESS_KEY', ['leading']],
    ['\tx ', 'AZBLOB_ACCOUNT_KEY', ['leading', 'trailing']],
    ['-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n', 'AWS_CERT', []],
    ['\n-----BEGIN CERTIFICATE-----', 'AZBLOB_CERT', ['leading']],
  ];
  for (const [value, key, problems] of table) {
    it(`${key}=${JSON.stringify(value)} has ${problems.length === 0 ? 'no problem' : problems.join(' and ')}`, () => {
      expect(credentialProblems({ [key]: value })).to.deep.equal(problems.map((where) => ({ key, where })));
    });
  }

  it('of other keys are nobody’s business', () => {
    expect(credentialProblems({ NOTE: ' x ' })).to.deep.equal([]);
    expect(Object.keys(credentialKeys)).to.have.length(17);
  });
});
