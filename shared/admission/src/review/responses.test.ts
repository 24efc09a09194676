import { expect } from 'chai';
import { allow, deny, reject, retryLater } from './responses.ts';

describe('admission responses', () => {
  it('allows without a patch member when there is nothing to change', () => {
    expect(allow('u')).to.deep.equal({ uid: 'u', allowed: true });
    expect(allow('u', { patch: [], warnings: [] })).to.deep.equal({ uid: 'u', allowed: true });
  });

  it('carries a patch as base64 of JSON', () => {
    const patch = [{ op: 'add' as const, path: '/spec/a', value: 'ü' }];
    const response = allow('u', { patch, warnings: ['w'] });
    expect(response.patchType).to.equal('JSONPatch');
    expect(JSON.parse(Buffer.from(response.patch ?? '', 'base64').toString('utf8'))).to.deep.equal(patch);
    expect(response.warnings).to.deep.equal(['w']);
  });

  it('names every field and cure in a denial and takes the first one’s code', () => {
    const response = deny('u', [
      { field: 'spec.a', message: 'a is wrong', cure: 'use b', code: 422 },
      { field: '', message: 'not today', cure: '', code: 403 },
    ]);
    expect(response.status).to.deep.equal({
      status: 'Failure',
      code: 422,
      reason: 'Invalid',
      message: 'spec.a: a is wrong: use b; not today',
      details: {
        causes: [
          { reason: 'FieldValueInvalid', message: 'a is wrong: use b', field: 'spec.a' },
          { reason: 'FieldValueInvalid', message: 'not today' },
        ],
      },
    });
  });

  it('asks to try again with 503 and retryAfterSeconds, which clients honour by themselves', () => {
    expect(retryLater('u', 'the cache is stale').status).to.deep.equal({
      status: 'Failure',
      code: 503,
      reason: 'ServiceUnavailable',
      message: 'the cache is stale; try again in a moment',
      details: { retryAfterSeconds: 1 },
    });
  });

  it('rejects what it cannot read', () => {
    expect(reject('', 400, 'no').status).to.include({ code: 400, reason: 'BadRequest', message: 'no' });
    expect(reject('u', 500, 'no')).to.deep.include({ uid: 'u', allowed: false });
  });
});
