import { expect } from 'chai';
import jsonPatch from 'fast-json-patch';
import type { BackupTarget, FactNeed } from '@mooring/api';
import { FactUnavailable } from '../facts/fact-source.ts';
import type { FactAnswer, FactMode, FactSource } from '../facts/fact-source.ts';
import type { AdmissionRequest } from './admission-review.ts';
import { createMutator } from './mutator.ts';
import { createValidator } from './validator.ts';

const NAMESPACE = 'longhorn-system';
const never = new AbortController().signal;

function target(name: string, url: string): BackupTarget {
  return {
    apiVersion: 'longhorn.io/v1beta2',
    kind: 'BackupTarget',
    metadata: { name, namespace: NAMESPACE },
    spec: { backupTargetURL: url },
  };
}

function create(object: BackupTarget, change: Partial<AdmissionRequest> = {}): AdmissionRequest {
  return {
    uid: 'u',
    resource: { group: 'longhorn.io', version: 'v1beta2', resource: 'backuptargets' },
    operation: 'CREATE',
    name: object.metadata.name,
    namespace: NAMESPACE,
    dryRun: false,
    username: 'somebody',
    object: object as never,
    ...change,
  };
}

/** Answers from a table; keeps what was asked. */
function sourceOf(answers: (mode: FactMode) => Partial<Record<FactNeed['fact'], FactAnswer>>) {
  const asked: string[] = [];
  const source: FactSource = {
    answer: ({ need, mode }) => {
      asked.push(`${mode} ${need.fact}`);
      return Promise.resolve(answers(mode)[need.fact] ?? null);
    },
  };
  return { asked, source };
}

function options(source: FactSource, extra: { isNamespaceDeleting?: boolean; traceparent?: string } = {}) {
  return {
    source,
    objectNamespace: NAMESPACE,
    allowedSchemes: ['s3'],
    traceparent: () => extra.traceparent,
    isNamespaceDeleting: () => Promise.resolve(extra.isNamespaceDeleting ?? false),
  };
}

describe('the mutating reviewer', () => {
  it('answers with the patch that completes the raw object and leaves the rest alone', async () => {
    const object = { ...target('a', 's3://a@r/'), unknown: { deep: true } };
    const response = await createMutator(options(sourceOf(() => ({})).source))(create(object), never);
    const patch = JSON.parse(Buffer.from(response.patch ?? '', 'base64').toString('utf8')) as [];
    const patched = jsonPatch.applyPatch(structuredClone(object), patch).newDocument;
    expect(patched.metadata.finalizers).to.deep.equal(['longhorn.io']);
    expect(patched.unknown).to.deep.equal({ deep: true });
    expect(patched.spec.backupTargetURL).to.equal('s3://a@r/');
  });

  it('records the trace on what is new', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const mutator = createMutator(options(sourceOf(() => ({})).source, { traceparent }));
    const response = await mutator(create(target('a', 's3://a@r/')), never);
    expect(Buffer.from(response.patch ?? '', 'base64').toString('utf8')).to.include(traceparent);
  });

  it('asks to try again when a fact cannot be had', async () => {
    const source: FactSource = { answer: () => Promise.reject(new FactUnavailable('the cache is stale')) };
    const image = {
      apiVersion: 'longhorn.io/v1beta2',
      kind: 'BackupBackingImage',
      metadata: { name: 'i', namespace: NAMESPACE },
      spec: { backingImage: 'i', userCreated: true },
    };
    const request = create(image as never, {
      resource: { group: 'longhorn.io', version: 'v1beta2', resource: 'backupbackingimages' },
    });
    const response = await createMutator(options(source))(request, never);
    expect(response.status).to.deep.include({ code: 503, message: 'the cache is stale; try again in a moment' });
  });

  const unknown: readonly [string, Partial<AdmissionRequest>][] = [
    ['another resource', { resource: { group: 'longhorn.io', version: 'v1beta2', resource: 'engines' } }],
    ['another version', { resource: { group: 'longhorn.io', version: 'v1', resource: 'backuptargets' } }],
    [
      'a kind that does not fit its resource',
      { resource: { group: 'longhorn.io', version: 'v1beta2', resource: 'backups' } },
    ],
  ];
  for (const [name, change] of unknown) {
    it(`refuses ${name} as a bad request, in both webhooks`, async () => {
      const request = create(target('a', 's3://a@r/'), change);
      const { source } = sourceOf(() => ({}));
      expect((await createMutator(options(source))(request, never)).status?.code).to.equal(400);
      expect((await createValidator(options(source))(request, never)).status?.code).to.equal(400);
    });
  }
});

describe('the validating reviewer', () => {
  const same = target('first', 's3://bucket@r/');

  it('denies from the cache only after a live read agrees', async () => {
    const { asked, source } = sourceOf(() => ({ targets: [same] }));
    const response = await createValidator(options(source))(create(target('second', 's3://bucket@r/')), never);
    expect(response.status?.code).to.equal(422);
    expect(response.status?.message).to.include('is the same to backup target first');
    expect(asked).to.include('cached targets');
    expect(asked).to.include('live targets');
  });

  it('allows when the cache was behind: the other target is gone', async () => {
    const { source } = sourceOf((mode) => ({ targets: mode === 'cached' ? [same] : [] }));
    const response = await createValidator(options(source))(create(target('second', 's3://bucket@r/')), never);
    expect(response).to.deep.include({ allowed: true });
  });

  it('asks no live question when there is nothing to deny', async () => {
    const { asked, source } = sourceOf(() => ({ targets: [] }));
    await createValidator(options(source))(create(target('a', 's3://a@r/')), never);
    expect(asked).to.deep.equal(['cached targets']);
  });

  it('asks to try again, and denies nothing, when a fact cannot be had', async () => {
    const source: FactSource = { answer: () => Promise.reject(new FactUnavailable('the cache is stale')) };
    const response = await createValidator(options(source))(create(target('a', 's3://a@r/')), never);
    expect(response.status).to.include({ code: 503 });
    expect(response.status?.details?.retryAfterSeconds).to.equal(1);
  });

  it('lets a protected object go with its namespace', async () => {
    const { source } = sourceOf(() => ({ standbyVolumes: [] }));
    const request = create(target('default', ''), { operation: 'DELETE' });
    const { object, ...rest } = request;
    const deletion = { ...rest, oldObject: object as never };
    expect((await createValidator(options(source))(deletion, never)).status?.code).to.equal(403);
    const going = options(source, { isNamespaceDeleting: true });
    expect(await createValidator(going)(deletion, never)).to.deep.equal({ uid: 'u', allowed: true });
  });

  it('passes a defect on, for the server to answer 500', async () => {
    const source: FactSource = { answer: () => Promise.reject(new TypeError('defect')) };
    const answer: unknown = await createValidator(options(source))(create(target('a', 's3://a@r/')), never).catch(
      (error: unknown) => error,
    );
    expect(answer).to.be.instanceOf(TypeError);
  });
});
