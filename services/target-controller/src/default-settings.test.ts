import { ANNOTATION_APPLIED_CONFIG, API_VERSION } from '@mooring/api';
import type { Setting } from '@mooring/api';
import { expect } from 'chai';
import { decideSetting, readWantedSettings } from './default-settings.ts';

function setting(value: string, applied?: string, deletionTimestamp?: string): Setting {
  const annotations: Record<string, string> = applied === undefined ? {} : { [ANNOTATION_APPLIED_CONFIG]: applied };
  const metadata = { name: 'failed-backup-ttl', annotations, ...(deletionTimestamp ? { deletionTimestamp } : {}) };
  return { apiVersion: API_VERSION, kind: 'Setting', metadata, value };
}

describe('settings from the ConfigMap', () => {
  it('are read as texts, whatever YAML makes of them', () => {
    const document = {
      'failed-backup-ttl': 60,
      'auto-cleanup-when-delete-backup': true,
      'default-backup-block-size': '16',
      'backup-concurrent-limit': null,
      'restore-concurrent-limit': '',
    };
    const { values, problems } = readWantedSettings(document);
    expect(Object.fromEntries(values)).to.deep.equal({
      'failed-backup-ttl': '60',
      'auto-cleanup-when-delete-backup': 'true',
      'default-backup-block-size': '16',
    });
    expect(problems).to.deep.equal([]);
  });

  it('leave out what is no setting or no value for it, and say so', () => {
    const { values, problems } = readWantedSettings({ 'recurring-job-max-retention': 251, 'no-such': 'x' });
    expect([...values]).to.deep.equal([]);
    expect(problems).to.deep.equal([
      "setting 'recurring-job-max-retention' cannot be '251': it must be a whole number from 1 to 250",
      "'no-such' is no setting; take it out",
    ]);
  });

  it('are none in a document that is no map', () => {
    for (const document of [undefined, null, 'text', 3]) expect(readWantedSettings(document).values.size).to.equal(0);
  });

  const cases: readonly [what: string, live: Setting | undefined, decision: string][] = [
    ['there is none', undefined, 'create'],
    ['it was applied already', setting('60', '60'), 'none'],
    ['a user changed it since', setting('90', '60'), 'none'],
    ['another value was applied', setting('30', '30'), 'write'],
    ['another value was applied, and a user changed it since', setting('90', '30'), 'write'],
    ['someone else set it first', setting('90'), 'note'],
    ['it is being deleted', setting('30', '30', '2026-11-21T00:00:00Z'), 'none'],
  ];
  for (const [what, live, decision] of cases) {
    it(`end in '${decision}' when ${what}`, () => {
      expect(decideSetting('60', live)).to.equal(decision);
    });
  }
});
