import { expect } from 'chai';
import fc from 'fast-check';
import { readReview } from './read-review.ts';

const object = { apiVersion: 'longhorn.io/v1beta2', kind: 'BackupTarget', metadata: { name: 'a' }, spec: { extra: 1 } };

function review(request: Record<string, unknown>, envelope: Record<string, unknown> = {}): unknown {
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: 'u-1',
      resource: { group: 'longhorn.io', version: 'v1beta2', resource: 'backuptargets' },
      operation: 'CREATE',
      namespace: 'longhorn-system',
      name: 'a',
      userInfo: { username: 'somebody' },
      object,
      ...request,
    },
    ...envelope,
  };
}

describe('readReview', () => {
  it('reads a CREATE and passes the object on untouched', () => {
    const read = readReview(review({ dryRun: true }));
    if ('problem' in read) throw new Error(read.problem);
    expect(read.request).to.deep.equal({
      uid: 'u-1',
      resource: { group: 'longhorn.io', version: 'v1beta2', resource: 'backuptargets' },
      operation: 'CREATE',
      name: 'a',
      namespace: 'longhorn-system',
      dryRun: true,
      username: 'somebody',
      object,
    });
    expect(read.request.object).to.equal(object);
  });

  it('takes the nulls that the API server writes for an absent object as absent', () => {
    const read = readReview(review({ operation: 'DELETE', object: null, oldObject: object }));
    if ('problem' in read) throw new Error(read.problem);
    expect(read.request).to.not.have.property('object');
    expect(read.request.oldObject).to.equal(object);
  });

  const refused: readonly [string, unknown, string, string | undefined][] = [
    ['null', null, 'the body is not a JSON object', undefined],
    ['a list', [], 'the body is not a JSON object', undefined],
    ['a text', 'x', 'the body is not a JSON object', undefined],
    ['another kind', review({}, { kind: 'Pod' }), 'the body is not an AdmissionReview of admission.k8s.io/v1', 'u-1'],
    [
      'another version',
      review({}, { apiVersion: 'admission.k8s.io/v1beta1' }),
      'the body is not an AdmissionReview of admission.k8s.io/v1',
      'u-1',
    ],
    ['no request', review({}, { request: undefined }), 'request.uid is missing', undefined],
    ['no uid', review({ uid: '' }), 'request.uid is missing', undefined],
    ['no resource', review({ resource: 'x' }), 'request.resource is not {group, version, resource}', 'u-1'],
    ['CONNECT', review({ operation: 'CONNECT' }), 'request.operation is not CREATE, UPDATE or DELETE', 'u-1'],
    ['an object that is none', review({ object: 7 }), 'request.object is not a Kubernetes object', 'u-1'],
    [
      'an object without metadata',
      review({ object: { ...object, metadata: undefined } }),
      'request.object is not a Kubernetes object',
      'u-1',
    ],
    ['an old object that is none', review({ oldObject: [] }), 'request.oldObject is not a Kubernetes object', 'u-1'],
    ['CREATE without object', review({ object: null }), 'request.object is missing for CREATE', 'u-1'],
    ['UPDATE without old', review({ operation: 'UPDATE' }), 'request.oldObject is missing for UPDATE', 'u-1'],
    ['DELETE without old', review({ operation: 'DELETE' }), 'request.oldObject is missing for DELETE', 'u-1'],
  ];
  for (const [name, body, problem, uid] of refused) {
    it(`refuses ${name}`, () => expect(readReview(body)).to.deep.equal({ problem, uid }));
  }

  it('never throws, whatever JSON it is given', () => {
    fc.assert(fc.property(fc.jsonValue(), (body) => void readReview(body)));
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('uid', 'resource', 'operation', 'object'), fc.jsonValue()),
        (request) => void readReview(review(request)),
      ),
    );
  });
});
