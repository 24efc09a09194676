import { expect } from 'chai';
import { kubeOperation, storeOperation } from './operations.ts';

const group = '/apis/longhorn.io/v1beta2';

describe('storeOperation', () => {
  const cases: [string, string, string][] = [
    ['GET', '/bucket?list-type=2&prefix=a', 'LIST'],
    ['GET', '/account/container?restype=container&comp=list', 'LIST'],
    ['GET', '/bucket/list-type=2', 'GET'],
    ['GET', '/bucket/key?x-id=GetObject', 'GET'],
    ['HEAD', '/bucket/key', 'HEAD'],
    ['PUT', '/bucket/key', 'PUT'],
    ['POST', '/bucket?delete', 'DELETE-MANY'],
    ['POST', '/bucket/?delete=', 'DELETE-MANY'],
    ['DELETE', '/bucket/key', 'DELETE'],
  ];
  for (const [method, url, operation] of cases) {
    it(`calls ${method} ${url} ${operation}`, () => {
      expect(storeOperation({ method, url })).to.equal(operation);
    });
  }
});

describe('kubeOperation', () => {
  const cases: [string, string, string][] = [
    ['GET', `${group}/namespaces/x/backups?limit=500`, 'LIST'],
    ['GET', `${group}/backups`, 'LIST'],
    ['GET', `${group}/namespaces/x/backups?watch=true`, 'WATCH'],
    ['GET', `${group}/namespaces/x/backups/one`, 'GET'],
    ['GET', '/api/v1/namespaces', 'LIST'],
    ['GET', '/api/v1/namespaces/x', 'GET'],
    ['GET', '/api/v1/namespaces/x/secrets', 'LIST'],
    ['GET', '/readyz', 'GET'],
    ['POST', `${group}/namespaces/x/backups`, 'CREATE'],
    ['PATCH', `${group}/namespaces/x/backups/one/status`, 'PATCH'],
    ['DELETE', `${group}/namespaces/x/backups/one`, 'DELETE'],
    ['DELETE', `${group}/namespaces/x/backups`, 'DELETE-COLLECTION'],
    ['DELETE', '/api/v1/namespaces/x', 'DELETE'],
  ];
  for (const [method, url, operation] of cases) {
    it(`calls ${method} ${url} ${operation}`, () => {
      expect(kubeOperation({ method, url })).to.equal(operation);
    });
  }
});
