import { expect } from 'chai';
import {
  API_VERSION,
  type BackupTarget,
  type BackupTargetSpec,
  type BackupTargetStatus,
  type ObjectMeta,
} from '@mooring/api';
import {
  attemptKey,
  claimOf,
  describeInputs,
  findWinner,
  isSameUrl,
  judgeGate,
  pollIntervalMs,
  retryDelayMs,
  type StoreClaim,
  urlHalf,
} from './policies.ts';

const NOW = Date.parse('2026-11-21T12:00:00Z');
const URL = 's3://bucket@region/';

function target(
  status: BackupTargetStatus = {},
  spec: Partial<BackupTargetSpec> = {},
  metadata: Partial<ObjectMeta> = {},
): BackupTarget {
  return {
    apiVersion: API_VERSION,
    kind: 'BackupTarget',
    metadata: { name: 't', uid: 'u', creationTimestamp: '2026-01-01T00:00:00Z', ...metadata },
    spec: { backupTargetURL: URL, pollInterval: '5m0s', ...spec },
    status,
  };
}

const inputs = describeInputs(target(), undefined);
const at = (secondsAgo: number): string => new Date(NOW - secondsAgo * 1000).toISOString();
const synced = (secondsAgo: number, more: BackupTargetStatus = {}): BackupTargetStatus => ({
  lastSyncedAt: at(secondsAgo),
  observedInputs: inputs,
  ...more,
});

describe('the gate', () => {
  const cases: [string, BackupTarget, ReturnType<typeof judgeGate>][] = [
    ['is open for a target that was never synced', target(), { due: true, cause: 'never-synced' }],
    ['is open for one whose last sync is null', target({ lastSyncedAt: null }), { due: true, cause: 'never-synced' }],
    ['is open when someone asked', target(synced(1), { syncRequestedAt: at(3600) }), { due: true, cause: 'requested' }],
    [
      'is open when someone with a clock ten minutes behind asked',
      target(synced(1, { observedSyncRequestedAt: at(0) }), { syncRequestedAt: at(600) }),
      { due: true, cause: 'requested' },
    ],
    [
      'is closed when the request was answered, whatever time it names',
      target(synced(100, { observedSyncRequestedAt: at(-600) }), { syncRequestedAt: at(-600) }),
      { due: false, nextPollInMs: 200_000 },
    ],
    [
      'is open when the inputs changed',
      target(synced(1, { observedInputs: 'x' })),
      { due: true, cause: 'inputs-changed' },
    ],
    [
      'is open while a sync of this URL has not finished',
      target(synced(1, { observedInputs: urlHalf(URL) })),
      { due: true, cause: 'inputs-changed' },
    ],
    ['is open when the interval has passed', target(synced(300)), { due: true, cause: 'poll' }],
    ['is closed before', target(synced(299)), { due: false, nextPollInMs: 1_000 }],
    ['polls every second', target(synced(0.25), { pollInterval: '1s' }), { due: false, nextPollInMs: 750 }],
    ['never polls with 0', target(synced(1e6), { pollInterval: '0s' }), { due: false }],
    ['is open when the clock jumped back', target(synced(-1)), { due: true, cause: 'clock-jumped' }],
    [
      'is open when the last sync is no time',
      target(synced(0, { lastSyncedAt: 'soon' })),
      { due: true, cause: 'clock-jumped' },
    ],
  ];
  for (const [name, object, verdict] of cases) {
    it(name, () => {
      expect(judgeGate(object, inputs, NOW)).to.deep.equal(verdict);
    });
  }

  it('takes five minutes for an interval that is none', () => {
    expect(pollIntervalMs(target({}, { pollInterval: 'often' }))).to.equal(300_000);
  });
});

describe('the inputs of a sync', () => {
  const secret = { uid: 's', resourceVersion: '1' };
  const changes: [string, string][] = [
    ['the URL', describeInputs(target({}, { backupTargetURL: 's3://other@region/' }), undefined)],
    ['the name of the Secret', describeInputs(target({}, { credentialSecret: 'c' }), undefined)],
    ['a Secret that appears', describeInputs(target({}, { credentialSecret: 'c' }), secret)],
    [
      'a Secret that changes',
      describeInputs(target({}, { credentialSecret: 'c' }), { ...secret, resourceVersion: '2' }),
    ],
    ['a Secret made anew', describeInputs(target({}, { credentialSecret: 'c' }), { ...secret, uid: 't' })],
  ];
  it('change with the URL and every state of the Secret', () => {
    expect(new Set([inputs, ...changes.map(([, value]) => value)]).size).to.equal(changes.length + 1);
  });

  it('know the same store under another spelling', () => {
    expect(urlHalf('nfs://Host:/path?nfsOptions=soft')).to.equal(urlHalf('nfs://host:/path'));
    expect(urlHalf('s3://bucket@region/a/')).to.not.equal(urlHalf('s3://bucket@region/b/'));
    expect(urlHalf('nonsense')).to.not.equal(urlHalf(''));
  });

  it('tell whether the recorded URL is the present one', () => {
    expect(isSameUrl(target())).to.equal(true);
    expect(isSameUrl(target({ observedInputs: inputs }))).to.equal(true);
    expect(isSameUrl(target({ observedInputs: inputs }, { backupTargetURL: 's3://other@region/' }))).to.equal(false);
  });
});

describe('the backoff', () => {
  const delays = (pollInterval: string): number[] =>
    [1, 2, 3, 4, 5, 6, 7, 8, 100].map((failures) => retryDelayMs(target({}, { pollInterval }), failures, 0));

  it('doubles from 5 s to five minutes and never ends', () => {
    expect(delays('0s')).to.deep.equal([5e3, 1e4, 2e4, 4e4, 8e4, 16e4, 3e5, 3e5, 3e5]);
  });

  it('is capped by the poll interval, but tries at most every half minute', () => {
    expect(delays('1m').slice(-2)).to.deep.equal([6e4, 6e4]);
    expect(delays('1s').slice(-2)).to.deep.equal([3e4, 3e4]);
  });

  it('takes up to a tenth off', () => {
    expect(retryDelayMs(target(), 1, 0.999)).to.be.within(4_500, 4_501);
  });

  it('starts anew with another request, confirmation or input', () => {
    const keys = [
      attemptKey(target(), inputs),
      attemptKey(target(), 'other'),
      attemptKey(target({}, { syncRequestedAt: at(0) }), inputs),
      attemptKey(target({}, {}, { annotations: { 'mooring.io/confirm-empty': 'x' } }), inputs),
      attemptKey(target({}, {}, { uid: 'v' }), inputs),
    ];
    expect(new Set(keys).size).to.equal(keys.length);
    expect(attemptKey(target(synced(1)), inputs)).to.equal(keys[0]);
  });
});

describe('of two targets with one store', () => {
  const claim = (name: string, urlSince?: string, creationTimestamp = '2026-01-01T00:00:00Z'): StoreClaim => ({
    name,
    urlSince,
    creationTimestamp,
  });
  const cases: [string, StoreClaim, StoreClaim[], string | undefined][] = [
    ['the only one wins', claim('a'), [], undefined],
    ['the one whose URL is older wins', claim('a', at(1)), [claim('b', at(2))], 'b'],
    ['the younger loses also when it was created first', claim('a', at(1), at(99)), [claim('b', at(2), at(5))], 'b'],
    ['one that was seen wins over one that was not', claim('a'), [claim('b', at(0))], 'b'],
    ['the earlier created wins among new ones', claim('a', undefined, at(1)), [claim('b', undefined, at(2))], 'b'],
    ['the name decides at last', claim('b'), [claim('a'), claim('c')], 'a'],
    ['the older of three wins', claim('c', at(1)), [claim('a', at(3)), claim('b', at(2))], 'a'],
    ['the winner has no rival', claim('a', at(9)), [claim('b', at(8)), claim('c')], undefined],
  ];
  for (const [name, own, others, winner] of cases) {
    it(name, () => {
      expect(findWinner(own, others)?.name).to.equal(winner);
    });
  }

  it('a deleted one and one without URL claim nothing', () => {
    expect(claimOf(target({}, {}, { deletionTimestamp: at(0) }))).to.equal(undefined);
    expect(claimOf(target({}, { backupTargetURL: '' }))).to.equal(undefined);
  });

  it('the time of another URL does not count', () => {
    const moved = target({ urlSince: at(99), observedInputs: inputs }, { backupTargetURL: 's3://new@region/' });
    expect(claimOf(moved)?.urlSince).to.equal(undefined);
    expect(claimOf(target({ urlSince: at(99), observedInputs: inputs }))?.urlSince).to.equal(at(99));
  });
});
