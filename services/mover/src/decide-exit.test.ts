import { ConfigError } from '@mooring/config';
import { StoreError, type StoreErrorCode } from '@mooring/backupstore';
import { DataPathError, type DataPathErrorCode } from '@mooring/datapath';
import { ApiError, ConnectionError } from '@mooring/runtime';
import { expect } from 'chai';
import { decideExit } from './decide-exit.ts';
import { MoverError } from './errors.ts';

const store = (code: StoreErrorCode) => new StoreError(code, { action: 'back up' });
const data = (code: DataPathErrorCode) => new DataPathError(code, { action: 'back up' });

describe('How a run ends', () => {
  const refused: unknown[] = [
    ...(['BackupExists', 'AccessDenied', 'InvalidOption', 'BlockMissing', 'Corrupt', 'NotFound'] as const).map(store),
    ...(['SecretNotFound', 'SchemeNotAllowed', 'DestinationTooSmall'] as const).map(store),
    ...(['SourceNotFound', 'InsufficientSpace'] as const).map(data),
    new ConfigError(['MOORING_MOVER_TASK is not set']),
    new MoverError('ReferenceNotFound', { action: 'back up' }),
  ];
  for (const error of refused) {
    it(`is refused where another run would meet the same: ${String(error)}`, () => {
      expect(decideExit(error, { isPausing: false })).to.deep.equal({
        exitCode: 2,
        outcome: 'refused',
        isReported: true,
      });
    });
  }

  const failed: unknown[] = [
    ...(['Unavailable', 'Throttled', 'Timeout', 'LockLost', 'BackupInProgress'] as const).map(store),
    data('ReadFailed'),
    new ConnectionError('Unreachable', 'away'),
    new ApiError({ status: 403, reason: 'Forbidden', message: 'no' }),
    new MoverError('SnapshotNotReady', { action: 'back up' }),
    new TypeError('a defect'),
    'a text',
    undefined,
  ];
  for (const error of failed) {
    it(`is failed, to be tried again, where it may do better: ${String(error)}`, () => {
      expect(decideExit(error, { isPausing: false })).to.include({ exitCode: 1, outcome: 'failed', isReported: true });
    });
  }

  it('is paused after SIGTERM, whatever failed for it, and says nothing of a failure', () => {
    for (const error of [store('Cancelled'), store('Unavailable'), new TypeError('x')]) {
      expect(decideExit(error, { isPausing: true })).to.deep.equal({
        exitCode: 75,
        outcome: 'paused',
        isReported: false,
      });
    }
  });

  it('is refused without a report where the object is gone, paused or not', () => {
    const gone = new MoverError('ObjectGone', { action: 'back up' });
    for (const isPausing of [false, true]) {
      expect(decideExit(gone, { isPausing })).to.include({ exitCode: 2, isReported: false });
    }
  });
});
