import { expect } from 'chai';
import type { Change } from '@mooring/runtime';
import type { BackupEntry } from './backup-entry.ts';
import { ChangeHub, type Connected } from './change-hub.ts';
import { entryOf } from './test-objects.ts';

const COMPLETED = entryOf({ state: 'Completed' });
const KEY = 'longhorn-system/backup-1';

interface Rig {
  readonly hub: ChangeHub;
  /** Keys that were given to the verification. */
  readonly verified: string[];
  /** Sets `backup-verify-interval`, as the API server would tell. */
  readonly schedule: (hours: string) => void;
}

/** A hub over these Backups, with every other controller left out. */
function connect(...entries: BackupEntry[]): Rig {
  const verified: string[] = [];
  let value: string | undefined;
  const hub = new ChangeHub('longhorn-system');
  const parts = {
    caches: { backups: { list: () => entries } },
    work: { settings: { get: () => ({ value }) } },
    verification: { enqueue: (key: string) => verified.push(key) },
  };
  hub.connect(parts as unknown as Connected);
  const schedule = (hours: string): void => {
    value = hours;
    hub.onSetting('backup-verify-interval');
  };
  return { hub, verified, schedule };
}

function added(entry: BackupEntry): Change<BackupEntry> {
  return { type: 'added', key: KEY, old: undefined, new: entry };
}

describe('a completed Backup that comes or changes', () => {
  it('gets no pass while nobody asks and there is no schedule', () => {
    const { hub, verified } = connect();
    hub.onVerifiable(added(COMPLETED));
    expect(verified).to.deep.equal([]);
  });

  it('gets a pass when its verification is asked for', () => {
    const { hub, verified } = connect();
    hub.onVerifiable(added({ ...COMPLETED, verifyWish: 'full' }));
    expect(verified).to.deep.equal([KEY]);
  });

  it('gets a pass under a schedule, and none for what does not concern it', () => {
    const { hub, verified, schedule } = connect();
    schedule('24');
    hub.onVerifiable(added(COMPLETED));
    hub.onVerifiable({ type: 'updated', key: KEY, old: COMPLETED, new: { ...COMPLETED, blockSize: '16777216' } });
    expect(verified).to.deep.equal([KEY]);
  });

  it('gets none before it is complete, nor when it is gone', () => {
    const { hub, verified, schedule } = connect();
    schedule('24');
    hub.onVerifiable(added(entryOf({ state: 'InProgress' })));
    hub.onVerifiable({ type: 'deleted', key: KEY, old: COMPLETED, new: undefined });
    expect(verified).to.deep.equal([]);
  });
});

describe('a schedule of verifications', () => {
  it('that is set asks for a pass over every completed Backup', () => {
    const { verified, schedule } = connect(COMPLETED, entryOf({ state: 'Error' }));
    schedule('24');
    expect(verified).to.deep.equal([KEY]);
  });

  it('that is off asks for none', () => {
    const { verified, schedule } = connect(COMPLETED);
    schedule('0');
    expect(verified).to.deep.equal([]);
  });

  it('is not what another setting changes', () => {
    const { hub, verified, schedule } = connect(COMPLETED);
    schedule('24');
    hub.onSetting('failed-backup-ttl');
    expect(verified).to.deep.equal([KEY]);
  });
});
