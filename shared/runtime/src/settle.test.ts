import type { Condition } from '@mooring/api';
import { expect } from 'chai';
import { ApiError, ConnectionError, LeaseLost, type ErrorKind } from './errors.ts';
import { settle, settleObject, type Pass, type SettleInput } from './settle.ts';

const NOW = '2026-08-21T10:00:00Z';
const BEFORE = '2026-08-20T10:00:00Z';

class TestError extends Error {
  readonly kind: ErrorKind;
  readonly reason: string;
  constructor(kind: ErrorKind, reason: string, message = 'failed to list') {
    super(message);
    this.kind = kind;
    this.reason = reason;
  }
}

const ready = (status: 'True' | 'False', reason: string, message = ''): Condition => ({
  type: 'Ready',
  status,
  reason,
  message,
  lastProbeTime: '',
  lastTransitionTime: BEFORE,
});

const run = (pass: Pass, rest: Partial<SettleInput> = {}) =>
  settle({ pass, conditions: [], generation: 3, observedGeneration: 2, nowIso: NOW, ...rest });

const done: Pass = { done: { reason: 'Synced', message: 'in step' }, requeueAfterMs: 1_000 };
const conflict = new ApiError({ status: 409, reason: 'Conflict', message: 'newer' });

describe('settle', () => {
  const table: { name: string; pass: Pass; want: object }[] = [
    {
      name: 'a success',
      pass: done,
      want: { status: 'True', reason: 'Synced', observed: 3, result: 'done', level: 'debug' },
    },
    {
      name: 'waiting',
      pass: { waiting: { reason: 'Syncing', message: 'w' } },
      want: { status: 'False', reason: 'Syncing', observed: 3, result: 'waiting', level: 'debug' },
    },
    {
      name: 'a fault of the user',
      pass: { error: new TestError('stalled', 'SecretNotFound') },
      want: { status: 'False', reason: 'SecretNotFound', observed: 3, result: 'stalled', level: 'warn' },
    },
    {
      name: 'damaged data',
      pass: { error: new TestError('corrupt', 'Corrupt') },
      want: { status: 'False', reason: 'Corrupt', observed: 3, result: 'corrupt', level: 'warn' },
    },
    {
      name: 'a passing failure',
      pass: { error: new TestError('transient', 'Unavailable') },
      want: { status: 'False', reason: 'Unavailable', observed: 2, result: 'transient', level: 'warn' },
    },
    {
      name: 'a failure of the API server',
      pass: { error: new ApiError({ status: 404, reason: 'NotFound', message: 'gone' }) },
      want: { status: 'False', reason: 'ReconcileFailed', observed: 2, result: 'transient', level: 'warn' },
    },
    {
      name: 'a defect',
      pass: { error: new TypeError('x is not a function') },
      want: { status: 'False', reason: 'ReconcileFailed', observed: 2, result: 'error', level: 'error' },
    },
    {
      name: 'no error at all',
      pass: { error: 'thrown text' },
      want: { status: 'False', reason: 'ReconcileFailed', observed: 2, result: 'error', level: 'error' },
    },
  ];
  for (const { name, pass, want } of table) {
    it(`turns ${name} into Ready, observedGeneration, result and level`, () => {
      const verdict = run(pass);
      const [condition] = verdict.conditions;
      expect({
        status: condition?.status,
        reason: condition?.reason,
        observed: verdict.observedGeneration,
        result: verdict.result,
        level: verdict.level,
      }).to.deep.equal(want);
    });
  }

  it('asks for the next pass as the pass did, and repeats a failed one', () => {
    expect(run(done).outcome).to.deep.equal({ result: 'done', requeueAfterMs: 1_000 });
    const error = new TestError('stalled', 'InvalidURL');
    expect(run({ error }).outcome).to.deep.equal({ result: 'retry', error });
  });

  const aborted = AbortSignal.abort();
  const kept: { name: string; error: unknown; signal?: AbortSignal }[] = [
    { name: 'a conflict', error: conflict },
    { name: 'a lost lease', error: new LeaseLost('gone') },
    { name: 'an aborted call', error: new ConnectionError('Aborted', 'stop') },
    { name: 'anything after the abort', error: new TypeError('echo'), signal: aborted },
  ];
  for (const { name, error, signal } of kept) {
    it(`leaves the status alone after ${name}`, () => {
      const conditions = [ready('True', 'Synced')];
      const verdict = run({ error }, { conditions, signal });
      expect(verdict.conditions).to.equal(conditions);
      expect(verdict.observedGeneration).to.equal(2);
      expect(verdict.event).to.equal(undefined);
      expect(verdict.level).to.equal('debug');
    });
  }

  it('returns the same conditions when nothing changed, so that nothing is written', () => {
    const conditions = [ready('False', 'Unavailable', 'failed to list')];
    const verdict = run({ error: new TestError('transient', 'Unavailable') }, { conditions });
    expect(verdict.conditions).to.equal(conditions);
    expect(verdict.event).to.equal(undefined);
  });

  it('gives the same message for the same failure, without ids, times and secrets', () => {
    const at = (id: string, time: string) =>
      run({
        error: new TestError(
          'transient',
          'Unavailable',
          `no answer (request id: ${id}) at ${time} from https://h/b?sig=s3cret`,
        ),
      }).conditions[0]?.message;
    const first = at('17A3F0', '2026-08-21T10:00:00.123Z');
    expect(first).to.equal(at('99B1CC', '2026-08-21T10:05:00.456Z'));
    expect(first).to.not.include('s3cret');
  });

  const events: { name: string; pass: Pass; before: Condition[]; want: string | undefined }[] = [
    { name: 'none for the first success', pass: done, before: [], want: undefined },
    { name: 'none for a success after waiting', pass: done, before: [ready('False', 'Syncing')], want: undefined },
    { name: 'Normal for a recovery', pass: done, before: [ready('False', 'Unavailable')], want: 'Normal Synced' },
    { name: 'none for a further success', pass: done, before: [ready('True', 'Synced')], want: undefined },
    {
      name: 'Warning for a new failure',
      pass: { error: new TestError('stalled', 'SecretNotFound') },
      before: [ready('True', 'Synced')],
      want: 'Warning SecretNotFound',
    },
    {
      name: 'Warning for another failure',
      pass: { error: new TestError('stalled', 'AccessDenied') },
      before: [ready('False', 'SecretNotFound')],
      want: 'Warning AccessDenied',
    },
    {
      name: 'none for the same failure',
      pass: { error: new TestError('stalled', 'SecretNotFound') },
      before: [ready('False', 'SecretNotFound')],
      want: undefined,
    },
    {
      name: 'none for waiting',
      pass: { waiting: { reason: 'Syncing', message: '' } },
      before: [ready('True', 'Synced')],
      want: undefined,
    },
  ];
  for (const { name, pass, before, want } of events) {
    it(`tells of changes by events: ${name}`, () => {
      const { event } = run(pass, { conditions: before });
      expect(event === undefined ? undefined : `${event.type} ${event.reason}`).to.equal(want);
    });
  }
});

describe('settleObject', () => {
  it('settles a pass over an object by its generation and status, at the second it is', () => {
    const conditions = [ready('False', 'Syncing')];
    const object = { metadata: { generation: 3 }, status: { conditions, observedGeneration: 2 } };
    const nowMs = Date.parse(NOW) + 999;
    expect(settleObject(object, done, { nowMs })).to.deep.equal(run(done, { conditions }));
    const failed: Pass = { error: new TestError('transient', 'Unavailable') };
    expect(settleObject(object, failed, { nowMs })).to.deep.equal(run(failed, { conditions }));
    const signal = AbortSignal.abort();
    expect(settleObject(object, failed, { nowMs, signal }).result).to.equal('aborted');
  });

  it('takes an object without a status', () => {
    const { conditions, observedGeneration } = settleObject({ metadata: {} }, done, { nowMs: 0 });
    expect(conditions).to.have.length(1);
    expect(observedGeneration).to.equal(undefined);
  });
});
