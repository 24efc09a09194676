import { expect } from 'chai';
import { parseImageOptions, UsageError } from './options.ts';
import { IMAGES } from './services.ts';

describe('the options of npm run images', () => {
  it('build every image for its public name unless told otherwise', () => {
    expect(parseImageOptions([])).to.deep.equal({
      registry: 'ghcr.io',
      isPushed: false,
      hasBase: false,
      images: IMAGES,
    });
  });

  it('build and push some under another name', () => {
    const options = parseImageOptions(['--registry', '127.0.0.1:5000', '--tag', 't', '--push', '--base', 'cli']);
    expect(options).to.deep.equal({
      registry: '127.0.0.1:5000',
      tag: 't',
      isPushed: true,
      hasBase: true,
      images: ['cli'],
    });
  });

  it('name the services when one is unknown', () => {
    expect(() => parseImageOptions(['api'])).to.throw(
      UsageError,
      /'api': no such service; choose from mutating-webhook/,
    );
  });

  it('show the usage for an unknown option and for help', () => {
    expect(() => parseImageOptions(['--nope'])).to.throw(UsageError, /usage: npm run images/);
    expect(() => parseImageOptions(['--help'])).to.throw(UsageError, /usage: npm run images/);
  });
});
