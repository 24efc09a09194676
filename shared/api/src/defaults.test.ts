import { expect } from 'chai';
import fc from 'fast-check';
import jsonPatch, { type Operation as PatchOperation } from 'fast-json-patch';
import { applyDefaults, mutate, withDefaults } from './defaults.ts';
import { backup, backupVolume, facts, raw, snapshot, target, volume } from './facts.fixture.ts';
import type { Facts } from './facts.ts';
import { type KindName, kinds } from './kinds/index.ts';
import type { Operation, RawObject } from './review.ts';

interface Case {
  what: string;
  object: RawObject;
  operation?: Operation;
  known?: Partial<Facts>;
  /** Paths with dots (keys with dots in brackets) and what is there afterwards. */
  after: Record<string, unknown>;
}

const FROM = 's3://bucket@region/?backup=backup-1&volume=src';
const restored = (more: { spec?: object; status?: object; volume?: object } = {}): Partial<Facts> => ({
  backups: { 'src/backup-1': [backup('backup-1', more)] },
  backupVolumes: { 'default/src': backupVolume(more.volume ?? { size: '8388608' }) },
});

const cases: Case[] = [
  {
    what: 'gives a BackupTarget its finalizer and poll interval',
    object: raw('BackupTarget', 'a', { spec: { backupTargetURL: 's3://b@r/' } }),
    after: { 'metadata.finalizers': ['longhorn.io'], 'spec.pollInterval': '5m0s', 'spec.backupTargetURL': 's3://b@r/' },
  },
  {
    what: 'keeps others’ finalizers and a poll interval that is given',
    object: raw('BackupTarget', 'a', { metadata: { finalizers: ['x/y'] }, spec: { pollInterval: '0s' } }),
    operation: 'UPDATE',
    after: { 'metadata.finalizers': ['x/y', 'longhorn.io'], 'spec.pollInterval': '0s' },
  },
  {
    what: 'makes NFS options safe',
    object: raw('BackupTarget', 'a', { spec: { backupTargetURL: 'nfs://h:/x?nfsOptions=hard' } }),
    after: { 'spec.backupTargetURL': 'nfs://h:/x?nfsOptions=soft%2Ctimeo%3D300%2Cretry%3D2' },
  },
  {
    what: 'gives a BackupVolume without target the default one, and labels',
    object: raw('BackupVolume', 'a', { spec: { volumeName: 'v_1', backupTargetName: null } }),
    after: {
      'spec.backupTargetName': 'default',
      'metadata.labels': { 'backup-target': 'default', 'backup-volume': 'v_1' },
    },
  },
  {
    what: 'keeps other labels of a BackupVolume',
    object: raw('BackupVolume', 'a', { metadata: { labels: { x: 'y' } }, spec: { volumeName: 'v' } }),
    after: { 'metadata.labels': { x: 'y', 'backup-target': 'default', 'backup-volume': 'v' } },
  },
  {
    what: 'fills a Backup from its snapshot’s volume',
    object: raw('Backup', 'b', { spec: { snapshotName: 's' } }),
    known: {
      snapshots: { s: snapshot('s', 'v') },
      volumes: { v: volume('v', { accessMode: 'rwx', backupBlockSize: '16777216', backupTargetName: 'other' }) },
    },
    after: {
      'metadata.labels': { 'backup-volume': 'v', 'backup-target': 'other' },
      'spec.labels': { 'longhorn.io/volume-access-mode': 'rwx' },
      'spec.backupMode': 'incremental',
      'spec.backupBlockSize': '16777216',
      'metadata.finalizers': ['longhorn.io'],
    },
  },
  {
    what: 'overrides the block size of a Backup by its volume’s, 2 MiB when that has none, but not its labels',
    object: raw('Backup', 'b', {
      metadata: { labels: { 'backup-volume': 'mine', 'backup-target': 'here' } },
      spec: { snapshotName: 's', backupBlockSize: '16777216', backupMode: 'full', labels: { a: 'b' } },
    }),
    known: { snapshots: { s: snapshot('s', 'v') }, volumes: { v: volume('v') } },
    after: {
      'metadata.labels': { 'backup-volume': 'mine', 'backup-target': 'here' },
      'spec.labels': { a: 'b', 'longhorn.io/volume-access-mode': 'rwo' },
      'spec.backupMode': 'full',
      'spec.backupBlockSize': '2097152',
    },
  },
  {
    what: 'leaves a pulled Backup what it came with',
    object: raw('Backup', 'b', {
      metadata: { labels: { 'backup-volume': 'v', 'backup-target': 't' } },
      spec: { backupBlockSize: '-1', labels: { 'longhorn.io/volume-access-mode': 'rwx' } },
    }),
    known: { volumes: { v: null } },
    after: {
      'metadata.labels': { 'backup-volume': 'v', 'backup-target': 't' },
      'spec.labels': { 'longhorn.io/volume-access-mode': 'rwx' },
      'spec.backupBlockSize': '-1',
    },
  },
  {
    what: 'gives an updated Backup only its finalizer and an empty map of labels',
    object: raw('Backup', 'b', { spec: { labels: null } }),
    operation: 'UPDATE',
    after: { spec: { labels: {} }, 'metadata.finalizers': ['longhorn.io'], 'metadata.labels': undefined },
  },
  {
    what: 'sends a BackupBackingImage without or with an unknown target to the default one',
    object: raw('BackupBackingImage', 'i', {
      spec: { backingImage: 'img', userCreated: true, backupTargetName: 'gone' },
    }),
    after: {
      'spec.backupTargetName': 'default',
      'metadata.labels': { 'backup-target': 'default', 'backing-image': 'img' },
    },
  },
  {
    what: 'keeps the target of a BackupBackingImage while targets were not looked up',
    object: raw('BackupBackingImage', 'i', { spec: { backingImage: 'img', userCreated: true, backupTargetName: 'b' } }),
    known: { targets: undefined } as unknown as Partial<Facts>,
    after: { 'spec.backupTargetName': 'b' },
  },
  {
    what: 'gives a SystemBackup policy and owner',
    object: raw('SystemBackup', 's'),
    after: {
      'spec.volumeBackupPolicy': 'if-not-present',
      'metadata.ownerReferences': [
        { apiVersion: 'longhorn.io/v1beta2', kind: 'BackupTarget', name: 'default', uid: 'uid-default' },
      ],
    },
  },
  {
    what: 'fills a plain Volume from the settings and rounds its size up to 2 MiB',
    object: raw('Volume', 'v', { spec: { size: '1', backupBlockSize: '0', unknown: { kept: true } } }),
    known: { settings: { 'backup-compression-method': 'gzip', 'default-backup-block-size': '16' } },
    after: {
      'spec.size': '2097152',
      'spec.backupCompressionMethod': 'gzip',
      'spec.backupBlockSize': '16777216',
      'spec.accessMode': 'rwo',
      'spec.backupTargetName': 'default',
      'spec.restoreVolumeRecurringJob': 'ignored',
      'spec.unknown': { kept: true },
      'metadata.labels': { 'backup-target': 'default' },
      'metadata.finalizers': undefined,
    },
  },
  {
    what: 'uses the defaults of settings that do not exist',
    object: raw('Volume', 'v', { spec: { size: '2097153' } }),
    known: { settings: { 'backup-compression-method': null } },
    after: { 'spec.size': '4194304', 'spec.backupCompressionMethod': 'lz4', 'spec.backupBlockSize': '2097152' },
  },
  {
    what: 'lets the label of a Volume follow its target, and fills only what an old one lacks',
    object: raw('Volume', 'v', {
      metadata: { labels: { 'backup-target': 'old' } },
      spec: { size: '3', backupTargetName: 'new' },
    }),
    operation: 'UPDATE',
    after: { 'metadata.labels': { 'backup-target': 'new' }, 'spec.backupCompressionMethod': 'gzip', 'spec.size': '3' },
  },
  {
    what: 'gives a restored Volume what its backup says, whatever size was asked for',
    object: raw('Volume', 'v', { spec: { fromBackup: FROM, size: '1', backupTargetName: 'elsewhere' } }),
    known: restored({ status: { labels: { 'longhorn.io/volume-access-mode': 'rwx' }, volumeBackingImageName: 'img' } }),
    after: {
      'spec.size': '8388608',
      'spec.accessMode': 'rwx',
      'spec.backingImage': 'img',
      'spec.backupTargetName': 'default',
      'metadata.labels': { 'backup-volume': 'src', 'backup-target': 'default' },
    },
  },
  {
    what: 'takes the size of the backup where the backup volume has none',
    object: raw('Volume', 'v', { spec: { fromBackup: FROM } }),
    known: restored({ volume: {} }),
    after: { 'spec.size': '2097152', 'spec.accessMode': 'rwo' },
  },
  {
    what: 'gives a volume that stands by the block size of its backup',
    object: raw('Volume', 'v', { spec: { fromBackup: FROM, Standby: true } }),
    known: restored({ spec: { backupBlockSize: '16777216' } }),
    after: { 'spec.backupBlockSize': '16777216' },
  },
  {
    what: 'takes 2 MiB where the backup has no block size',
    object: raw('Volume', 'v', { spec: { fromBackup: FROM, Standby: true } }),
    known: restored(),
    after: { 'spec.backupBlockSize': '2097152' },
  },
  {
    what: 'finds the backup of the right store among replicated ones',
    object: raw('Volume', 'v', { spec: { fromBackup: FROM } }),
    known: {
      targets: [target('replica', 's3://copy@region/'), target('default', 's3://bucket@region/')],
      backups: {
        'src/backup-1': [backup('backup-1-x', { status: { backupTargetName: 'replica' } }), backup('backup-1')],
      },
    },
    after: { 'spec.backupTargetName': 'default' },
  },
  {
    what: 'gives a Snapshot label and owner, but no finalizer',
    object: raw('Snapshot', 's', { spec: { volume: 'v' } }),
    known: { volumes: { v: volume('v') } },
    after: {
      'metadata.labels': { longhornvolume: 'v' },
      'metadata.ownerReferences': [{ apiVersion: 'longhorn.io/v1beta2', kind: 'Volume', name: 'v', uid: 'uid-v' }],
      'metadata.finalizers': undefined,
    },
  },
  {
    what: 'fills a RecurringJob',
    object: raw('RecurringJob', 'j', { spec: { task: 'backup', cron: '0 2 * * *', groups: null, retainAge: '-5s' } }),
    after: {
      spec: {
        task: 'backup',
        cron: '0 2 * * *',
        name: 'j',
        groups: [],
        labels: {},
        parameters: {},
        concurrency: 10,
        retain: 1,
        retainAge: '0s',
        retentionPolicy: 'count-based',
      },
    },
  },
  {
    what: 'keeps nothing for a task that keeps nothing',
    object: raw('RecurringJob', 'j', { spec: { task: 'filesystem-trim', retain: 5, concurrency: 3, retainAge: '1h' } }),
    after: { 'spec.retain': 0, 'spec.concurrency': 3, 'spec.retainAge': '1h' },
  },
  {
    what: 'leaves a Setting as it is',
    object: raw('Setting', 'failed-backup-ttl', { value: '1' }),
    after: { value: '1' },
  },
];

function at(object: RawObject, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], object);
}

describe('admission', () => {
  for (const { what, object, operation = 'CREATE', known = {}, after } of cases) {
    it(what, () => {
      const review = { kind: object.kind as KindName, operation, object, facts: facts(known) };
      const frozen = JSON.stringify(object);
      const done = mutate(review);
      for (const [path, value] of Object.entries(after)) expect(at(done, path), path).to.deep.equal(value);
      expect(JSON.stringify(object), 'the input was changed').to.equal(frozen);
      const patched = jsonPatch.applyPatch(
        structuredClone(object),
        applyDefaults(review) as PatchOperation[],
      ).newDocument;
      expect(patched).to.deep.equal(done);
      expect(applyDefaults({ ...review, object: done }), 'not idempotent').to.deep.equal([]);
    });
  }

  it('adds absent members with op add, parents first', () => {
    const object = { metadata: { name: 'a' } };
    const patch = applyDefaults({ kind: 'BackupTarget', operation: 'CREATE', object, facts: facts() });
    expect(patch.map(({ op }) => op)).to.deep.equal(['add', 'add']);
    expect(patch).to.deep.include({ op: 'add', path: '/spec', value: { pollInterval: '5m0s' } });
  });

  it('touches nothing that is being deleted, is deleted, or is in another namespace', () => {
    const gone = raw('BackupTarget', 'a', { metadata: { deletionTimestamp: '2026-08-21T10:00:00Z' } });
    const elsewhere = raw('BackupTarget', 'a', { metadata: { namespace: 'other' } });
    const base = { kind: 'BackupTarget', facts: facts() } as const;
    expect(applyDefaults({ ...base, operation: 'UPDATE', object: gone })).to.deep.equal([]);
    expect(applyDefaults({ ...base, operation: 'DELETE', object: raw('BackupTarget', 'a') })).to.deep.equal([]);
    expect(applyDefaults({ ...base, operation: 'CREATE', object: elsewhere })).to.deep.equal([]);
  });

  it('records the trace of a request that creates the object or changes its spec, and of no other', () => {
    const object = raw('BackupTarget', 'a', { spec: { pollInterval: '1m0s' } });
    const traced = facts({ traceparent: '00-1-2-01' });
    const isTraced = (operation: Operation, old?: RawObject) =>
      mutate({ kind: 'BackupTarget', operation, object, old, facts: traced }).metadata.annotations?.[
        'mooring.io/traceparent'
      ] === '00-1-2-01';
    expect(isTraced('CREATE')).to.equal(true);
    expect(isTraced('UPDATE', raw('BackupTarget', 'a', { spec: { pollInterval: '2m0s' } }))).to.equal(true);
    expect(
      isTraced(
        'UPDATE',
        raw('BackupTarget', 'a', { metadata: { labels: { x: 'y' } }, spec: { pollInterval: '1m0s' } }),
      ),
    ).to.equal(false);
  });

  it('completes the objects of controllers the same way', () => {
    const object = { apiVersion: 'v', kind: 'BackupVolume', metadata: { name: 'a' }, spec: { volumeName: 'v' } };
    const done = withDefaults(object, facts());
    expect(done).to.have.nested.property('spec.backupTargetName', 'default');
    expect(done.metadata).to.deep.include({ finalizers: ['longhorn.io'] });
    expect(object.spec).to.deep.equal({ volumeName: 'v' });
  });

  it('makes patches that give exactly the completed object, for any raw object of any kind', () => {
    const names = kinds.map(({ resource }) => resource.kind as KindName);
    const key = fc.constantFrom(
      'labels',
      'volumeName',
      'backupTargetName',
      'size',
      'task',
      'retain',
      'snapshotName',
      'fromBackup',
      'a/b',
      '~x',
    );
    const value = fc.oneof(fc.jsonValue(), fc.constantFrom('', null, 'v', FROM, '0s', {}));
    const metadata = fc.record(
      {
        name: fc.string(),
        labels: fc.dictionary(fc.constantFrom('backup-target', 'x/y~z'), fc.string()),
        finalizers: fc.array(fc.string()),
      },
      { requiredKeys: [] },
    );
    const spec = fc.option(fc.dictionary(key, value));
    fc.assert(
      fc.property(
        fc.record({
          kind: fc.constantFrom(...names),
          operation: fc.constantFrom('CREATE', 'UPDATE'),
          meta: metadata,
          wish: spec,
        }),
        ({ kind, operation, meta, wish }) => {
          const object = JSON.parse(
            JSON.stringify({ metadata: meta, spec: wish, status: { x: [1] }, odd: 1 }),
          ) as RawObject;
          const review = { kind, operation, object, facts: facts(restored()) } as const;
          const patched = jsonPatch.applyPatch(
            structuredClone(object),
            applyDefaults(review) as PatchOperation[],
            true,
          ).newDocument;
          expect(patched).to.deep.equal(mutate(review));
          expect(patched).to.deep.include({ status: { x: [1] }, odd: 1 });
        },
      ),
    );
  });
});
