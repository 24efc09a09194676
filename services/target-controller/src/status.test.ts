import { expect } from 'chai';
import { API_VERSION, type BackupTarget, type BackupTargetStatus, findCondition, type Reason } from '@mooring/api';
import { describeInputs, urlHalf } from './policies.ts';
import { eventsOf, settleTarget, type SyncOutcome } from './status.ts';

const NOW = Date.parse('2026-11-21T12:00:00Z');
const HOUR_MS = 3_600_000;
const URL = 's3://bucket@region/';

function target(status: BackupTargetStatus | undefined, url = URL, generation = 3): BackupTarget {
  const base = { apiVersion: API_VERSION, kind: 'BackupTarget', metadata: { name: 't', uid: 'u', generation } };
  return { ...base, spec: { backupTargetURL: url }, ...(status === undefined ? {} : { status }) };
}

const inputs = describeInputs(target(undefined), undefined);
const identity = { storeID: 'A' };
const synced: SyncOutcome = {
  kind: 'synced',
  identity,
  inputs,
  syncedAt: '2026-11-21T11:59:59Z',
  requestedAt: 'R',
};
const failed = (reason: Reason = 'Timeout', message = 'failed to list: slow'): SyncOutcome => ({
  kind: 'failed',
  reason,
  message,
  unavailable: `failed to list system backups in ${URL}: ${message}`,
});
const settled = (object: BackupTarget, outcome: SyncOutcome, failureWrittenAtMs?: number): BackupTargetStatus =>
  settleTarget(object, outcome, { nowMs: NOW, failureWrittenAtMs });
/** The statuses after a list of outcomes, one after the other. */
const after = (outcomes: SyncOutcome[], url = URL): BackupTarget =>
  outcomes.reduce<BackupTarget>((object, outcome) => target(settled(object, outcome), url), target(undefined, url));
const told = (status: BackupTargetStatus | undefined): string[] =>
  (status?.conditions ?? []).map(({ type = '', status: value = '', reason = '' }) =>
    `${type}=${value} ${reason}`.trim(),
  );

describe('the status of a target', () => {
  const cases: [string, SyncOutcome[], Partial<BackupTargetStatus>, string[]][] = [
    [
      'after a sync',
      [synced],
      {
        available: true,
        storeID: 'A',
        lastSyncedAt: '2026-11-21T11:59:59Z',
        observedSyncRequestedAt: 'R',
        observedInputs: inputs,
      },
      ['Ready=True Synced', 'Unavailable=False'],
    ],
    [
      'while the first sync runs',
      [{ kind: 'established', identity }],
      { available: true, storeID: 'A', observedInputs: urlHalf(URL) },
      ['Ready=False Syncing', 'Unavailable=False'],
    ],
    [
      'when the store is away',
      [synced, failed()],
      { available: false, storeID: 'A', lastSyncedAt: '2026-11-21T11:59:59Z' },
      ['Ready=False Timeout', 'Unavailable=True Unavailable'],
    ],
    [
      'when it answers again, until the sync has ended',
      [synced, failed(), { kind: 'established', identity }],
      { available: true },
      ['Ready=False Timeout', 'Unavailable=False'],
    ],
    ['when it recovered', [synced, failed(), synced], { available: true }, ['Ready=True Synced', 'Unavailable=False']],
    [
      'when objects could not be written',
      [synced, { kind: 'incomplete', reason: 'ReconcileFailed', message: 'm' }],
      { available: true },
      ['Ready=False ReconcileFailed', 'Unavailable=False'],
    ],
    [
      'when the store is in doubt',
      [synced, { kind: 'doubted', reason: 'StoreReplaced', message: 'm' }],
      { available: true, storeID: 'A' },
      ['Ready=False StoreReplaced', 'Unavailable=False', 'StoreReplaced=True StoreReplaced'],
    ],
    [
      'when it is in doubt no more',
      [{ kind: 'doubted', reason: 'StoreMarkerMissing', message: 'm' }, synced],
      {},
      ['Ready=True Synced', 'Unavailable=False'],
    ],
    [
      'when the marker cannot be written',
      [{ ...synced, identity: { storeID: '', markerError: 'denied' } }],
      { available: true, storeID: '' },
      ['Ready=True Synced', 'Unavailable=False', 'StoreMarkerUnwritable=True StoreMarkerUnwritable'],
    ],
    [
      'when it can be written again',
      [{ ...synced, identity: { storeID: '', markerError: 'denied' } }, synced],
      { storeID: 'A' },
      ['Ready=True Synced', 'Unavailable=False'],
    ],
    [
      'when another target has the store',
      [{ kind: 'duplicate', message: 'm' }],
      { available: false },
      ['Ready=False DuplicateURL', 'Unavailable=True Unavailable'],
    ],
    [
      'without URL',
      [synced, { kind: 'no-url', inputs: 'i' }],
      { available: false, storeID: '', lastSyncedAt: null, urlSince: null },
      ['Ready=False URLEmpty', 'Unavailable=True Unavailable'],
    ],
  ];
  for (const [name, outcomes, fields, conditions] of cases) {
    it(name, () => {
      const { status } = after(outcomes);
      expect(status).to.deep.include(fields);
      expect(told(status)).to.deep.equal(conditions);
      expect(status?.observedGeneration).to.equal(3);
    });

    it(`${name}, is the same when it happens again`, () => {
      const object = after(outcomes);
      const last = outcomes.at(-1);
      expect(last === undefined ? {} : settled(object, last)).to.deep.equal(object.status);
    });
  }

  it('begins the record of the URL anew when the URL changed', () => {
    const moved = target(after([synced]).status, 's3://other@region/');
    const status = settled(moved, failed());
    expect(status).to.include({
      storeID: '',
      observedInputs: urlHalf('s3://other@region/'),
      urlSince: '2026-11-21T12:00:00Z',
    });
    expect(told(settled(moved, { kind: 'established', identity: { storeID: 'B' } }))).to.include('Ready=False Syncing');
  });

  it('keeps the time of the URL when only the credentials changed', () => {
    const status = { ...after([synced]).status, urlSince: '2026-01-01T00:00:00Z' };
    expect(settled(target(status), { ...synced, inputs: `${urlHalf(URL)}other` }).urlSince).to.equal(
      '2026-01-01T00:00:00Z',
    );
  });

  it('gives a target that lost to a duplicate no time of its own', () => {
    expect(after([{ kind: 'duplicate', message: 'm' }]).status?.urlSince).to.equal(undefined);
  });
});

describe('a failure that reads differently each time', () => {
  const down = after([synced, failed()]);
  const cases: [string, BackupTarget, SyncOutcome, number | undefined, string][] = [
    ['is not written within half an hour', down, failed('Throttled', 'm'), NOW - 60_000, 'Timeout'],
    ['is written after it', down, failed('Throttled', 'm'), NOW - HOUR_MS, 'Throttled'],
    ['is written by a process that did not write the last', down, failed('Throttled', 'm'), undefined, 'Throttled'],
    ['is written when the user must act', down, failed('AccessDenied', 'm'), NOW - 60_000, 'AccessDenied'],
    [
      'is written when the spec changed',
      target(down.status, URL, 4),
      failed('Throttled', 'm'),
      NOW - 60_000,
      'Throttled',
    ],
    ['is written when the target was ready', after([synced]), failed('Throttled', 'm'), NOW - 60_000, 'Throttled'],
  ];
  for (const [name, object, outcome, writtenAtMs, reason] of cases) {
    it(name, () => {
      expect(findCondition(settled(object, outcome, writtenAtMs).conditions, 'Ready')?.reason).to.equal(reason);
    });
  }

  it('never hides that the store went away', () => {
    const object = after([synced, failed(), { kind: 'established', identity }]);
    expect(settled(object, failed('Throttled', 'm'), NOW - 1).available).to.equal(false);
  });
});

describe('events', () => {
  const cases: [string, SyncOutcome[], SyncOutcome, string[]][] = [
    ['tell of the first sync', [], synced, ['Synced']],
    ['do not tell of an ordinary sync', [synced], synced, []],
    ['tell of a failure', [synced], failed(), ['Timeout']],
    ['do not tell of the same failure again', [failed()], failed('Timeout', 'other words'), []],
    ['tell of another failure', [failed()], failed('AccessDenied'), ['AccessDenied']],
    ['tell of the recovery', [failed()], synced, ['Synced']],
    ['do not tell of a target that begins without URL', [], { kind: 'no-url', inputs: 'i' }, []],
    ['tell of a URL that was emptied', [synced], { kind: 'no-url', inputs: 'i' }, ['URLEmpty']],
    ['do not tell of a sync that runs', [], { kind: 'established', identity }, []],
    ['do not tell of waiting', [synced], { kind: 'incomplete', reason: 'Terminating', message: 'm' }, []],
    [
      'tell of a marker that cannot be written',
      [synced],
      { ...synced, identity: { storeID: '', markerError: 'denied' } },
      ['StoreMarkerUnwritable'],
    ],
  ];
  for (const [name, outcomes, outcome, expected] of cases) {
    it(name, () => {
      const before = after(outcomes);
      expect(eventsOf(before.status, settled(before, outcome)).map(({ reason }) => reason)).to.deep.equal(expected);
    });
  }
});
