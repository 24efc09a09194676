import { expect } from 'chai';
import { raw } from './facts.fixture.ts';
import { kinds, type KindName } from './kinds/index.ts';
import { schemaProblems } from './schema-validator.ts';

describe('the schema validator', () => {
  it('compiles every kind', () => {
    for (const { resource } of kinds) {
      expect(() => schemaProblems(resource.kind as KindName, {}), resource.kind).to.not.throw();
    }
  });

  it('accepts the BackupTarget of the design document', () => {
    const object = raw('BackupTarget', 'azure-blob-server-001', {
      spec: {
        backupTargetURL: 'azblob://demo@core.windows.net/',
        credentialSecret: 'azblob-secret',
        pollInterval: '4m30s',
      },
    });
    expect(schemaProblems('BackupTarget', object)).to.deep.equal([]);
  });

  it('accepts nulls where Longhorn writes them and keeps unknown members out of its judgement', () => {
    const object = raw('Volume', 'v', {
      spec: { numberOfReplicas: 3 },
      status: { conditions: null, kubernetesStatus: { workloadsStatus: null } },
    });
    expect(schemaProblems('Volume', object)).to.deep.equal([]);
    expect(
      schemaProblems('Backup', raw('Backup', 'b', { spec: { labels: null, syncRequestedAt: null } })),
    ).to.deep.equal([]);
  });

  it('names every member that is wrong', () => {
    const object = raw('BackupTarget', 'a', {
      spec: { pollInterval: '300', syncRequestedAt: 'now', credentialSecret: 5 },
    });
    const problems = schemaProblems('BackupTarget', object).join('\n');
    expect(problems)
      .to.include('/spec/pollInterval')
      .and.to.include('/spec/syncRequestedAt')
      .and.to.include('/spec/credentialSecret');
  });
});
