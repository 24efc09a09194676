import type { MoverJobInput } from '@mooring/api';
import { expect } from 'chai';
import { ManualClock } from './clock.ts';
import type { Informer } from './informer.ts';
import { KubeClient } from './kube-client.ts';
import { createMoverCache, MoverJobs } from './mover-jobs.ts';
import { ScriptedServer, type ScriptedCall } from './scripted-server.ts';

const JOBS = '/apis/batch/v1/namespaces/movers/jobs';

const input: MoverJobInput = {
  settings: { namespace: 'movers', image: 'mover', serviceAccount: 'mover', env: {} },
  task: 'backup',
  object: { metadata: { name: 'b', uid: 'uid-b' } },
  store: { target: 't', volume: 'v' },
};

describe('MoverJobs', () => {
  let server: ScriptedServer;
  let client: KubeClient;
  let cache: Informer<ReturnType<MoverJobs['list']>[number]>;
  let clock: ManualClock;
  let jobs: MoverJobs;
  /** What the API server answers to a write. */
  let answer: { status: number; reason: string };

  function write(call: ScriptedCall): void {
    const { status, reason } = answer;
    call.json(status < 400 ? {} : { kind: 'Status', code: status, reason }, status);
  }

  beforeEach(async () => {
    answer = { status: 200, reason: '' };
    server = await ScriptedServer.start(write);
    client = KubeClient.fromConnection(server.connection);
    // Never started: it shows nothing, as one does that is behind.
    cache = createMoverCache({ client, namespace: 'movers' });
    clock = new ManualClock();
    jobs = new MoverJobs({ client, cache, namespace: 'movers', limitWrites: (run) => run(), clock });
  });

  afterEach(async () => {
    client.close();
    await server.stop();
  });

  it('show one that was made a moment ago, before the cache does', async () => {
    await jobs.start(input);
    expect(server.calls).to.deep.equal([`POST ${JOBS}`]);
    expect(jobs.list()).to.have.length(1);
    expect(jobs.find(input)).to.include({ task: 'backup', objectName: 'b', target: 't', volume: 'v' });
    expect(jobs.ofObject('uid-b')).to.have.length(1);
    expect(jobs.ofObject('other')).to.have.length(0);
    expect(jobs.activeOn('t', 'v')).to.have.length(1);
    expect(jobs.activeOn('t', 'other')).to.have.length(0);
  });

  it('show it no more once the cache has seen its end, or after 30 seconds without the cache', async () => {
    await jobs.start(input);
    const [run] = jobs.list();
    if (run !== undefined) jobs.forget(run);
    expect(jobs.list()).to.deep.equal([]);
    await jobs.start(input);
    await clock.advance(30_000);
    expect(jobs.list()).to.have.length(1);
    await clock.advance(1);
    expect(jobs.find(input)).to.equal(undefined);
  });

  it('leave one that is there as it is, and show none that could not be made', async () => {
    answer = { status: 409, reason: 'AlreadyExists' };
    await jobs.start(input);
    answer = { status: 403, reason: 'Forbidden' };
    const outcome = await jobs.start(input).then(
      () => 'made',
      (error: unknown) => (error as { status?: number }).status,
    );
    expect(outcome).to.equal(403);
    expect(jobs.list()).to.deep.equal([]);
  });

  it('are stopped by task and object, and those of an object that is gone by its name', async () => {
    await jobs.stop(input);
    expect(server.calls).to.deep.equal([]);
    await jobs.start(input);
    await jobs.stop(input);
    await jobs.stopOrphans('b', ['verify']);
    await jobs.stopOrphans('other', ['backup']);
    expect(server.calls.filter((call) => call.startsWith('DELETE'))).to.have.length(1);
    await jobs.stopOrphans('b', ['backup']);
    expect(server.calls.filter((call) => call.startsWith('DELETE'))).to.have.length(2);
  });

  for (const [status, reason] of [
    [404, 'NotFound'],
    [409, 'Conflict'],
  ] as const) {
    it(`are no error when they are gone or others: ${reason}`, async () => {
      await jobs.start(input);
      answer = { status, reason };
      await jobs.remove(jobs.list(), 'Background');
      expect(server.calls.at(-1)).to.match(new RegExp(`^DELETE ${JOBS}/mooring-backup-b-`));
    });
  }
});
