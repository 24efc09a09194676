import { expect } from 'chai';
import { StoreError } from '@mooring/backupstore';
import { ApiError, ConnectionError, LeaseLost } from '@mooring/runtime';
import { asMirrorFailure, isGoingAway, MirrorFailure } from './mirror-failure.ts';
import { failureOf } from './store-failure.ts';

const URL = 'nfs://host:/path?nfsOptions=soft';
const down = new StoreError('ConnectionRefused', { action: "list bucket 'b'" });
const apiError = (status: number, reason: string, details = {}): ApiError =>
  new ApiError({ status, reason, message: 'm', details });

describe('a failure of the store', () => {
  it('at opening begins with Longhorn’s words', () => {
    const outcome = failureOf(new StoreError('SecretNotFound', { action: "read secret 'c'" }), 'open', URL);
    expect(outcome).to.include({ kind: 'failed', reason: 'SecretNotFound' });
    expect(outcome)
      .to.have.property('unavailable')
      .that.matches(/^failed to init backup target clients: failed to read secret 'c'/);
  });

  it('at the probe names the URL without its query', () => {
    const outcome = failureOf(down, 'probe', URL);
    expect(outcome)
      .to.have.property('unavailable')
      .that.matches(/^failed to list system backups in nfs:\/\/host:\/path: /);
    expect(JSON.stringify(outcome)).to.not.contain('nfsOptions');
  });

  it('after the probe leaves the target available', () => {
    expect(failureOf(down, 'sync', URL)).to.include({ kind: 'incomplete', reason: down.reason });
  });

  it('at one of many objects is told of rather than its consequence', () => {
    const failure = new MirrorFailure('m', [apiError(500, 'InternalError'), down]);
    expect(failureOf(failure, 'sync', URL)).to.include({ kind: 'incomplete', reason: down.reason });
  });

  const others: [string, unknown][] = [
    ['a pass that was given up', new StoreError('Cancelled', { action: 'list' })],
    ['the API server', apiError(500, 'InternalError')],
    ['no answer', new ConnectionError('Unreachable', 'm')],
    ['a newer object', new MirrorFailure('m', [apiError(409, 'Conflict')])],
    ['a defect', new TypeError('m')],
  ];
  for (const [name, error] of others) {
    it(`is not ${name}, which the queue tries again`, () => {
      expect(failureOf(error, 'sync', URL)).to.equal(undefined);
    });
  }
});

describe('failures of objects', () => {
  it('become one that names the first cause and no object', () => {
    const failure = asMirrorFailure('mirror', 'backup volumes', [
      apiError(422, 'Invalid'),
      apiError(500, 'InternalError'),
    ]);
    expect(failure).to.be.instanceOf(MirrorFailure);
    expect(failure)
      .to.have.property('message')
      .that.equals('failed to mirror some backup volumes: the API server answered 422 Invalid; it is tried again');
    expect(failureOf(failure, 'sync', URL)).to.include({ kind: 'incomplete', reason: 'ReconcileFailed' });
  });

  it('pass a lost lease and a namespace that goes on as they are', () => {
    const lost = new LeaseLost('m');
    const terminating = apiError(403, 'Forbidden', { causes: [{ reason: 'NamespaceTerminating' }] });
    expect(asMirrorFailure('mirror', 'x', [down, lost])).to.equal(lost);
    expect(asMirrorFailure('mirror', 'x', [down, terminating])).to.equal(terminating);
  });

  it('know a namespace that is going or gone from a right that is missing', () => {
    expect(isGoingAway(apiError(403, 'Forbidden', { causes: [{ reason: 'NamespaceTerminating' }] }))).to.equal(true);
    expect(isGoingAway(apiError(404, 'NotFound', { kind: 'namespaces' }))).to.equal(true);
    expect(isGoingAway(apiError(403, 'Forbidden'))).to.equal(false);
    expect(isGoingAway(apiError(404, 'NotFound', { kind: 'backupvolumes' }))).to.equal(false);
    expect(isGoingAway(down)).to.equal(false);
  });
});
