import { expect } from 'chai';
import { parseStartOptions, UsageError } from './options.ts';

const parse = (...args: string[]) => parseStartOptions(args, '/srv/project');

describe('parseStartOptions', () => {
  it('has defaults for everything', () => {
    expect(parse()).to.deep.equal({
      dataDir: '/srv/project/.mooring',
      hasSample: true,
      namespace: 'longhorn-system',
    });
  });

  it('takes relative paths from the working folder', () => {
    const options = parse('--data-dir', 'd', '--ready-file', '../r.json', '--no-sample', '--namespace=backups');
    expect(options).to.deep.equal({
      dataDir: '/srv/project/d',
      hasSample: false,
      readyFile: '/srv/r.json',
      namespace: 'backups',
    });
  });

  const wrong: [string, string[], RegExp][] = [
    ['an unknown option', ['--sample'], /usage: npm start/],
    ['a word too many', ['stop'], /usage: npm start/],
    ['a namespace that is none', ['--namespace', 'A_b'], /RFC 1123/],
    ["the services' namespace", ['--namespace', 'mooring-system'], /choose another/],
    ['a call for help', ['--help'], /^usage: npm start/],
  ];
  for (const [what, args, message] of wrong) {
    it(`answers ${what} with a usage error`, () => {
      expect(() => parse(...args)).to.throw(UsageError, message);
    });
  }
});
