import { eventually, sharedControlPlane, testNamespace } from '@mooring/testing';
import {
  addFinalizer,
  coreResources,
  EventRecorder,
  isConflict,
  isNotFound,
  patchObject,
  patchStatus,
  removeFinalizer,
  type KubeClient,
} from '@mooring/runtime';
import { API_VERSION, type BackupVolume, type ObjectMeta, resources } from '@mooring/api';
import { expect } from 'chai';

interface Thing {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  data?: Record<string, string>;
  status?: { phase?: string; conditions?: { type: string; status: string }[]; message?: string };
}

interface EventObject {
  metadata: { name: string; namespace: string };
  count: number;
  message: string;
  reason: string;
  involvedObject: { name: string; uid: string };
}

describe('Writes to the API server', function () {
  this.timeout(60_000);

  let kube: KubeClient;
  let namespace: string;

  beforeEach(async () => {
    kube = (await sharedControlPlane()).kube;
    namespace = (await testNamespace('writes')).name;
  });

  afterEach(() => kube.delete(coreResources.namespaces, { name: namespace }));

  const configMap = (metadata: object = {}): Promise<Thing> =>
    kube.create<Thing>(coreResources.configMaps, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { namespace, name: 'thing', ...metadata },
    });

  const pod = (): Promise<Thing> =>
    kube.create<Thing>(coreResources.pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace, name: 'thing' },
      spec: { automountServiceAccountToken: false, containers: [{ name: 'c', image: 'i' }] },
    });

  const read = (): Promise<Thing> => kube.get<Thing>(coreResources.configMaps, { namespace, name: 'thing' });

  const caught = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      () => undefined,
      (error: unknown) => error,
    );

  describe('patchStatus', () => {
    beforeEach(async () => {
      // Pods need the namespace's account, which kube-controller-manager makes a moment later
      await eventually(() => kube.get(coreResources.serviceAccounts, { namespace, name: 'default' }));
    });

    it('sends nothing when the status is the same', async () => {
      const before = await pod();
      const after = await patchStatus(kube, coreResources.pods, before, { ...before, status: { ...before.status } });
      expect(after).to.equal(before);
    });

    it('writes what differs and leaves the rest', async () => {
      const before = await pod();
      const after = await patchStatus(kube, coreResources.pods, before, {
        ...before,
        status: { ...before.status, message: 'hello' },
      });
      expect(after.status).to.include({ message: 'hello', phase: 'Pending' });
    });

    it('writes a first status as a whole, unless somebody has written one since', async () => {
      const metadata = { namespace, name: 'first' };
      const volume = { apiVersion: API_VERSION, kind: 'BackupVolume', metadata, spec: { volumeName: 'first' } };
      const before = await kube.create<BackupVolume>(resources.backupVolumes, volume);
      const written = await patchStatus(kube, resources.backupVolumes, before, { ...before, status: { size: '1' } });
      expect(written).to.deep.include({ spec: before.spec, status: { size: '1' } });
      const late = patchStatus(kube, resources.backupVolumes, before, { ...before, status: { size: '2' } });
      expect(isConflict(await caught(late))).to.equal(true);
    });

    it('refuses to replace a list that somebody else changed, naming it a conflict', async () => {
      const before = await pod();
      const conditions = [{ type: 'Ready', status: 'True' }];
      await patchStatus(kube, coreResources.pods, before, { ...before, status: { ...before.status, conditions } });
      const other = [{ type: 'Other', status: 'True' }];
      const late = patchStatus(kube, coreResources.pods, before, {
        ...before,
        status: { ...before.status, conditions: other },
      });
      expect(isConflict(await caught(late))).to.equal(true);
    });

    it('never reaches an object that was made anew under the same name', async () => {
      const before = await pod();
      await kube.request({
        method: 'DELETE',
        path: `/api/v1/namespaces/${namespace}/pods/thing?gracePeriodSeconds=0`,
      });
      const fresh = await pod();
      const error = await caught(
        patchStatus(kube, coreResources.pods, before, {
          ...before,
          status: { ...before.status, message: 'wrong one' },
        }),
      );
      expect(error).to.be.instanceOf(Error);
      const now = await kube.get<Thing>(coreResources.pods, { namespace, name: 'thing' });
      expect(now.metadata.uid).to.equal(fresh.metadata.uid);
      expect(now.status?.message).to.equal(undefined);
    });
  });

  describe('patchObject', () => {
    it('removes what is gone, adds what is new and keeps the labels of others', async () => {
      const before = await configMap({ labels: { mine: 'old', gone: 'x' } });
      await kube.patch(
        coreResources.configMaps,
        { namespace, name: 'thing' },
        { metadata: { labels: { theirs: 'y' } } },
        { kind: 'merge' },
      );
      await patchObject(kube, coreResources.configMaps, before, {
        ...before,
        metadata: { ...before.metadata, labels: { mine: 'new' } },
        data: { key: 'value' },
      });
      const now = await read();
      expect(now.metadata.labels).to.deep.equal({ mine: 'new', theirs: 'y' });
      expect(now.data).to.deep.equal({ key: 'value' });
    });
  });

  describe('finalizers', () => {
    const options = (object: Thing, finalizer: string) => ({
      client: kube,
      type: coreResources.configMaps,
      object,
      finalizer,
    });

    it('are added beside those of others, also from an old read', async () => {
      const old = await configMap();
      await addFinalizer(options(old, 'test.io/theirs'));
      const after = await addFinalizer(options(old, 'test.io/ours'));
      expect(after?.metadata.finalizers).to.deep.equal(['test.io/theirs', 'test.io/ours']);
      await removeFinalizer(options(old, 'test.io/theirs'));
      await removeFinalizer(options(await read(), 'test.io/theirs'));
      await removeFinalizer(options(await read(), 'test.io/ours'));
    });

    it('are removed alone, also when another was removed meanwhile', async () => {
      const old = await configMap({ finalizers: ['test.io/first', 'test.io/ours', 'test.io/last'] });
      await removeFinalizer(options(old, 'test.io/first'));
      const after = await removeFinalizer(options(old, 'test.io/ours'));
      expect(after?.metadata.finalizers).to.deep.equal(['test.io/last']);
      await removeFinalizer(options(await read(), 'test.io/last'));
      expect((await read()).metadata.finalizers).to.equal(undefined);
    });

    it('let a deleted object go with the last of them, and none is added to it', async () => {
      const object = await configMap({ finalizers: ['test.io/ours'] });
      await kube.delete(coreResources.configMaps, { namespace, name: 'thing' }, { uid: object.metadata.uid });
      const added = await addFinalizer(options(await read(), 'test.io/more'));
      expect(added?.metadata.finalizers).to.deep.equal(['test.io/ours']);
      await removeFinalizer(options(object, 'test.io/ours'));
      expect(isNotFound(await caught(read()))).to.equal(true);
    });

    it('never touch an object that was made anew under the same name', async () => {
      const old = await configMap();
      await kube.delete(coreResources.configMaps, { namespace, name: 'thing' });
      await configMap();
      expect(await addFinalizer(options(old, 'test.io/ours'))).to.equal(undefined);
      expect((await read()).metadata.finalizers).to.equal(undefined);
    });

    it('are nobody’s business once the object is gone', async () => {
      const old = await configMap({ finalizers: ['test.io/ours'] });
      await removeFinalizer(options(old, 'test.io/ours'));
      await kube.delete(coreResources.configMaps, { namespace, name: 'thing' });
      expect(await removeFinalizer(options(old, 'test.io/ours'))).to.equal(undefined);
    });
  });

  describe('delete', () => {
    it('spares an object with another uid', async () => {
      await configMap();
      const wrong = kube.delete(coreResources.configMaps, { namespace, name: 'thing' }, { uid: 'another' });
      expect(isConflict(await caught(wrong))).to.equal(true);
    });
  });

  describe('EventRecorder', () => {
    const events = async (): Promise<EventObject[]> =>
      (await kube.list<EventObject>(coreResources.events, { namespace })).items;

    it('writes an event into the object’s namespace and counts its repetitions', async () => {
      const object = await configMap();
      const recorder = new EventRecorder({ client: kube, component: 'test' });
      for (let i = 0; i < 3; i++)
        recorder.record(object, { type: 'Warning', reason: 'Unavailable', message: 'the store is away' });
      await recorder.flush();
      const [event, ...others] = await events();
      expect(others).to.deep.equal([]);
      expect(event).to.deep.include({ count: 3, reason: 'Unavailable', message: 'the store is away' });
      expect(event?.involvedObject).to.include({ name: 'thing', uid: object.metadata.uid });
    });

    it('begins anew when the event has expired', async () => {
      const object = await configMap();
      const recorder = new EventRecorder({ client: kube, component: 'test' });
      const note = { type: 'Normal', reason: 'Synced', message: 'all well' } as const;
      recorder.record(object, note);
      await recorder.flush();
      for (const { metadata } of await events()) await kube.delete(coreResources.events, metadata);
      recorder.record(object, note);
      await recorder.flush();
      expect((await events()).map(({ count }) => count)).to.deep.equal([1]);
    });

    it('combines many messages and stops a flood', async () => {
      const object = await configMap();
      const recorder = new EventRecorder({ client: kube, component: 'test' });
      for (let i = 0; i < 100; i++)
        recorder.record(object, { type: 'Warning', reason: 'Throttled', message: `number ${i}` });
      await recorder.flush();
      const written = await events();
      expect(written).to.have.length(11);
      expect(written.filter(({ message }) => message.startsWith('(combined from similar events): '))).to.have.length(1);
    });

    it('never fails, also where no event can be written', async () => {
      const recorder = new EventRecorder({ client: kube, component: 'test' });
      const nowhere = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x', namespace: 'no-such-namespace' } };
      recorder.record(nowhere, { type: 'Normal', reason: 'Synced', message: 'unheard' });
      await recorder.flush();
    });

    it('takes secrets out of messages', async () => {
      const object = await configMap();
      const recorder = new EventRecorder({ client: kube, component: 'test' });
      recorder.record(object, {
        type: 'Warning',
        reason: 'Unavailable',
        message: 'failed: https://u:pw@host/x?X-Amz-Signature=abc',
      });
      await recorder.flush();
      const [event] = await events();
      expect(event?.message).to.not.include('pw').and.not.include('abc');
    });
  });
});
