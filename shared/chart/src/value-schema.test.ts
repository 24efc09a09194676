import { expect } from 'chai';
import { fromSetting, textMap } from './value-schema.ts';

describe('a value made from a setting', () => {
  const base = { variable: 'MOORING_ANY', description: 'the least severe lines' } as const;

  it('takes type, choices, range, default and words, and remembers the variable', () => {
    expect(fromSetting({ ...base, type: 'integer', minimum: 1, maximum: 9, default: 3 })).to.deep.equal({
      type: 'integer',
      minimum: 1,
      maximum: 9,
      default: 3,
      variable: 'MOORING_ANY',
      description: 'The least severe lines',
    });
  });

  it('may be empty when the setting has no default, also where it has a pattern', () => {
    const value = fromSetting({ ...base, type: 'string', pattern: '^https?://' });
    expect(value).to.include({ default: '', pattern: '^$|^https?://' });
  });

  it('keeps the pattern of a setting that has a default', () => {
    expect(fromSetting({ ...base, type: 'string', pattern: '^[a-z]+$', default: 'a' }).pattern).to.equal('^[a-z]+$');
  });

  it('can be said in words of its own', () => {
    expect(fromSetting({ ...base, type: 'boolean', default: false }, { description: 'Else' }).description).to.equal(
      'Else',
    );
  });
});

describe('a map of texts', () => {
  it('is empty by default and takes nothing but texts', () => {
    expect(textMap('Labels')).to.deep.include({ default: {}, additionalProperties: { type: 'string' } });
  });
});
