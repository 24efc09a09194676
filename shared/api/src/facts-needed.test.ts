import { expect } from 'chai';
import { facts, backup, raw, snapshot, target, volume } from './facts.fixture.ts';
import { type FactAnswers, factKey, type FactNeed, type Facts, hasFact, withFact } from './facts.ts';
import { factsNeeded, type Phase } from './facts-needed.ts';
import type { KindName } from './kinds/index.ts';
import type { RawObject, Review } from './review.ts';

const BARE: Facts = { objectNamespace: 'longhorn-system', allowedSchemes: ['s3'] };
const FROM = 's3://bucket@region/?backup=backup-1&volume=src';

const answers: { [F in keyof FactAnswers]: FactAnswers[F] } = {
  targets: [target('default', 's3://bucket@region/', 'other-secret')],
  volume: volume('v'),
  snapshot: snapshot('s', 'v'),
  secret: { data: {} },
  setting: null,
  backups: [backup('backup-1')],
  backupVolume: null,
  backingImages: [],
  standbyVolumes: [],
};

/** What a service looks up, round by round, as `fact key`. */
function lookUps(review: Omit<Review, 'facts'>, phase: Phase): string[][] {
  const rounds: string[][] = [];
  let known = BARE;
  for (;;) {
    const needs = factsNeeded({ ...review, facts: known }, phase);
    if (needs.length === 0) return rounds;
    expect(rounds.length, 'it never ends').to.be.below(5);
    rounds.push(needs.map((need) => `${need.fact} ${factKey(need)}`.trim()));
    for (const need of needs) known = withFact(known, need, answers[need.fact]);
  }
}

interface Case {
  what: string;
  kind: KindName;
  phase: Phase;
  object: RawObject;
  old?: RawObject;
  operation?: Review['operation'];
  rounds: string[][];
}

const url = { backupTargetURL: 's3://bucket@region/', credentialSecret: 'mine' };
const cases: Case[] = [
  {
    what: 'the defaults of a BackupTarget',
    kind: 'BackupTarget',
    phase: 'mutate',
    object: raw('BackupTarget', 'a', { spec: url }),
    rounds: [],
  },
  {
    what: 'a new BackupTarget',
    kind: 'BackupTarget',
    phase: 'validate',
    object: raw('BackupTarget', 'a', { spec: url }),
    rounds: [['secret mine', 'targets'], ['secret other-secret']],
  },
  {
    what: 'a BackupTarget whose poll interval changes',
    kind: 'BackupTarget',
    phase: 'validate',
    object: raw('BackupTarget', 'a', { spec: { ...url, pollInterval: '1m' } }),
    old: raw('BackupTarget', 'a', { spec: url }),
    rounds: [],
  },
  {
    what: 'a BackupTarget whose URL changes',
    kind: 'BackupTarget',
    phase: 'validate',
    object: raw('BackupTarget', 'a', { spec: { backupTargetURL: 'nfs://h:/x' } }),
    old: raw('BackupTarget', 'a', { spec: { backupTargetURL: 'nfs://h:/y' } }),
    rounds: [['standbyVolumes a', 'targets']],
  },
  {
    what: 'a BackupTarget whose URL is emptied',
    kind: 'BackupTarget',
    phase: 'validate',
    object: raw('BackupTarget', 'a', { spec: {} }),
    old: raw('BackupTarget', 'a', { spec: { backupTargetURL: 'nfs://h:/y' } }),
    rounds: [['standbyVolumes a']],
  },
  {
    what: 'a BackupTarget that is deleted',
    kind: 'BackupTarget',
    phase: 'validate',
    operation: 'DELETE',
    object: raw('BackupTarget', 'a'),
    rounds: [['standbyVolumes a']],
  },
  {
    what: 'the defaults of a Backup',
    kind: 'Backup',
    phase: 'mutate',
    object: raw('Backup', 'b', { spec: { snapshotName: 's' } }),
    rounds: [['snapshot s'], ['volume v']],
  },
  {
    what: 'a new Backup',
    kind: 'Backup',
    phase: 'validate',
    object: raw('Backup', 'b', { spec: { snapshotName: 's' } }),
    rounds: [['targets', 'snapshot s'], ['volume v']],
  },
  {
    what: 'a new Backup without snapshot',
    kind: 'Backup',
    phase: 'validate',
    object: raw('Backup', 'b', { metadata: { labels: { 'backup-volume': 'w' } } }),
    rounds: [['targets', 'volume w']],
  },
  {
    what: 'a changed Backup',
    kind: 'Backup',
    phase: 'validate',
    object: raw('Backup', 'b'),
    old: raw('Backup', 'b'),
    rounds: [],
  },
  {
    what: 'a new BackupBackingImage',
    kind: 'BackupBackingImage',
    phase: 'validate',
    object: raw('BackupBackingImage', 'i', { spec: { backingImage: 'img', backupTargetName: 't' } }),
    rounds: [['targets', 'backingImages t/img']],
  },
  {
    what: 'a restored Volume',
    kind: 'Volume',
    phase: 'validate',
    object: raw('Volume', 'v', { spec: { fromBackup: FROM } }),
    rounds: [['targets', 'backups src/backup-1'], ['backupVolume default/src']],
  },
  {
    what: 'the defaults of a restored Volume',
    kind: 'Volume',
    phase: 'mutate',
    object: raw('Volume', 'v', {
      spec: { fromBackup: FROM, backupCompressionMethod: 'lz4', backupBlockSize: '2097152' },
    }),
    rounds: [['targets', 'backups src/backup-1'], ['backupVolume default/src']],
  },
  {
    what: 'the defaults of a Volume',
    kind: 'Volume',
    phase: 'mutate',
    object: raw('Volume', 'v'),
    rounds: [['setting backup-compression-method', 'setting default-backup-block-size']],
  },
  {
    what: 'a new Snapshot',
    kind: 'Snapshot',
    phase: 'validate',
    object: raw('Snapshot', 's', { spec: { volume: 'v' } }),
    rounds: [['volume v']],
  },
  {
    what: 'a RecurringJob',
    kind: 'RecurringJob',
    phase: 'validate',
    object: raw('RecurringJob', 'j'),
    rounds: [['setting recurring-job-max-retention']],
  },
  { what: 'a Setting', kind: 'Setting', phase: 'validate', object: raw('Setting', 's'), rounds: [] },
  {
    what: 'an object that is being deleted',
    kind: 'Backup',
    phase: 'validate',
    object: raw('Backup', 'b', { metadata: { deletionTimestamp: '2026-08-21T10:00:00Z' } }),
    rounds: [],
  },
  {
    what: 'an object in another namespace',
    kind: 'Backup',
    phase: 'validate',
    object: raw('Backup', 'b', { metadata: { namespace: 'x' } }),
    rounds: [],
  },
];

describe('what is looked up', () => {
  for (const { what, rounds, phase, object, old, kind, operation = old ? 'UPDATE' : 'CREATE' } of cases) {
    it(`for ${what} is ${rounds.length === 0 ? 'nothing' : rounds.map((round) => round.join(', ')).join(', then ')}`, () => {
      expect(lookUps({ kind, operation, object, old }, phase)).to.deep.equal(rounds);
    });
  }

  it('is not looked up twice, even when it does not exist', () => {
    const need: FactNeed = { fact: 'volume', name: 'v' };
    const known = withFact(facts(), need, null);
    expect(hasFact(facts(), need)).to.equal(false);
    expect(hasFact(known, need)).to.equal(true);
    expect(known.volumes).to.deep.equal({ v: null });
    expect(hasFact(known, { fact: 'volume', name: 'toString' })).to.equal(false);
  });
});
