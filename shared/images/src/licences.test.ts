import { expect } from 'chai';
import { renderLicences } from './licences.ts';

const text = (content: string) => ({ evidence: { licenses: [{ license: { text: { content } } }] } });

describe('the licence list', () => {
  it('has every text once, under all packages that came with it', () => {
    const list = {
      components: [
        { group: '@a', name: 'one', version: '1.0.0', licenses: [{ license: { id: 'MIT' } }], ...text('Be free.\n') },
        { name: 'two', version: '2.0.0', licenses: [{ license: { id: 'ISC' } }], ...text('Be kind.') },
        { name: 'three', version: '3.0.0', licenses: [{ expression: '(MIT OR ISC)' }], ...text('Be free.') },
      ],
    };
    const rendered = renderLicences(list);
    expect(rendered).to.match(/^@a\/one 1\.0\.0 \(MIT\)\nthree 3\.0\.0 \(\(MIT OR ISC\)\)\n\nBe free\.\n\n-+\n\ntwo 2/);
    expect(rendered.match(/Be free/g)).to.have.length(1);
  });

  it('reads texts in base64', () => {
    const content = Buffer.from('Be free.').toString('base64');
    const evidence = { licenses: [{ license: { text: { content, encoding: 'base64' } } }] };
    expect(renderLicences({ components: [{ name: 'one', evidence }] })).to.equal('one  (unknown)\n\nBe free.\n');
  });

  it('names packages without a text last', () => {
    const one = { name: 'one', version: '1.0.0', licenses: [{ license: { id: 'MIT' } }] };
    const two = { name: 'two', version: '2.0.0', ...text('Be kind.') };
    expect(renderLicences({ components: [one, two] })).to.match(/^two .*one 1\.0\.0 \(MIT\)\n\nThese bring no/s);
  });

  it('is empty for nothing', () => {
    expect(renderLicences({})).to.equal('');
  });
});
