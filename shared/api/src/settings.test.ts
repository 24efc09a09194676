import { expect } from 'chai';
import { settingDefinition, settingDefinitions, settingOf, settingProblem, settingValue } from './settings.ts';

describe('settings', () => {
  it('have defaults that are legal', () => {
    for (const [name, definition] of Object.entries(settingDefinitions)) {
      expect(settingProblem(definition, definition.default), name).to.equal(undefined);
    }
  });

  const bad: [name: string, value: string][] = [
    ['failed-backup-ttl', '-1'],
    ['failed-backup-ttl', '1.5'],
    ['failed-backup-ttl', ''],
    ['backup-execution-timeout', '0'],
    ['recurring-job-max-retention', '0'],
    ['recurring-job-max-retention', '251'],
    ['backup-compression-method', 'zstd'],
    ['default-backup-block-size', '4'],
    ['restore-volume-recurring-jobs', 'yes'],
  ];
  for (const [name, value] of bad) {
    it(`${name} is not '${value}'`, () => {
      const definition = settingDefinition(name);
      expect(definition && settingProblem(definition, value)).to.be.a('string');
    });
  }

  it('that are unknown have no definition, not even those that every object has', () => {
    expect(settingDefinition('toString')).to.equal(undefined);
    expect(settingDefinition('backup-target')).to.equal(undefined);
  });

  it('have the default while there is no object or an empty value', () => {
    expect([null, undefined, '', '5'].map((stored) => settingValue('failed-backup-ttl', stored))).to.deep.equal([
      '1440',
      '1440',
      '1440',
      '5',
    ]);
  });

  it('have the default while the stored value is not valid', () => {
    expect(settingValue('failed-backup-ttl', 'soon')).to.equal('1440');
    expect(settingValue('recurring-job-max-retention', '251')).to.equal('100');
    expect(settingValue('backup-compression-method', 'zstd')).to.equal('lz4');
  });

  it('are looked up by namespace and name', () => {
    const settings = {
      get: (namespace: string | undefined, name: string) =>
        namespace === 'ours' && name === 'failed-backup-ttl' ? { value: '5' } : undefined,
    };
    expect(settingOf(settings, 'ours', 'failed-backup-ttl')).to.equal('5');
    expect(settingOf(settings, 'theirs', 'failed-backup-ttl')).to.equal('1440');
  });
});
