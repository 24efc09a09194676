import type { RawObject } from '@mooring/api';
import type { AdmissionOperation, AdmissionRequest, GroupVersionResource, ReadResult } from './admission-review.ts';

type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Checks a parsed body by hand and picks what the webhooks read.
 *
 * By hand, because an ajv schema would copy nothing away and the checks are few: each line names the field it refuses.
 * Objects are passed on as they came (no typed round trip), so unknown fields survive.
 *
 * @param body parsed JSON, any value
 */
export function readReview(body: unknown): ReadResult {
  if (!isJsonObject(body)) return { problem: 'the body is not a JSON object', uid: undefined };
  const request = body['request'];
  const uid = isJsonObject(request) && isText(request['uid']) ? request['uid'] : undefined;
  if (body['kind'] !== 'AdmissionReview' || body['apiVersion'] !== 'admission.k8s.io/v1') {
    return { problem: 'the body is not an AdmissionReview of admission.k8s.io/v1', uid };
  }
  if (!isJsonObject(request) || uid === undefined) return { problem: 'request.uid is missing', uid };
  return readRequest(request, uid);
}

function readRequest(request: JsonObject, uid: string): ReadResult {
  const resource = request['resource'];
  const operation = request['operation'];
  const object = request['object'] ?? undefined;
  const oldObject = request['oldObject'] ?? undefined;
  if (!isResource(resource)) return { problem: 'request.resource is not {group, version, resource}', uid };
  if (!isOperation(operation)) return { problem: 'request.operation is not CREATE, UPDATE or DELETE', uid };
  if (object !== undefined && !isRawObject(object))
    return { problem: 'request.object is not a Kubernetes object', uid };
  if (oldObject !== undefined && !isRawObject(oldObject)) {
    return { problem: 'request.oldObject is not a Kubernetes object', uid };
  }
  const missing = findMissingObject(operation, object, oldObject);
  if (missing !== undefined) return { problem: `request.${missing} is missing for ${operation}`, uid };
  return { request: toRequest(request, { uid, resource, operation, object, oldObject }) };
}

function toRequest(
  request: JsonObject,
  read: {
    uid: string;
    resource: GroupVersionResource;
    operation: AdmissionOperation;
    object: RawObject | undefined;
    oldObject: RawObject | undefined;
  },
): AdmissionRequest {
  const userInfo = request['userInfo'];
  const username = isJsonObject(userInfo) ? userInfo['username'] : undefined;
  return {
    uid: read.uid,
    resource: read.resource,
    operation: read.operation,
    name: textOr(request['name'], ''),
    namespace: textOr(request['namespace'], ''),
    dryRun: request['dryRun'] === true,
    username: textOr(username, ''),
    ...(read.object === undefined ? {} : { object: read.object }),
    ...(read.oldObject === undefined ? {} : { oldObject: read.oldObject }),
  };
}

/** Which of the two objects an operation must carry but does not. */
function findMissingObject(operation: AdmissionOperation, object: unknown, oldObject: unknown): string | undefined {
  if (operation !== 'DELETE' && object === undefined) return 'object';
  if (operation !== 'CREATE' && oldObject === undefined) return 'oldObject';
  return undefined;
}

function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function textOr(value: unknown, fallback: string): string {
  return typeof value === 'string' ? value : fallback;
}

function isOperation(value: unknown): value is AdmissionOperation {
  return value === 'CREATE' || value === 'UPDATE' || value === 'DELETE';
}

function isResource(value: unknown): value is GroupVersionResource {
  return isJsonObject(value) && ['group', 'version', 'resource'].every((key) => typeof value[key] === 'string');
}

function isRawObject(value: unknown): value is RawObject {
  return (
    isJsonObject(value) &&
    typeof value['apiVersion'] === 'string' &&
    typeof value['kind'] === 'string' &&
    isJsonObject(value['metadata'])
  );
}
