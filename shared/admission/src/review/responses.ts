import type { Denial, JsonPatchOp } from '@mooring/api';
import type { AdmissionResponse, AdmissionStatus } from './admission-review.ts';

/** Seconds after which a client shall try again; client-go and kubectl do so by themselves (up to ten times). */
const RETRY_AFTER_SECONDS = 1;

const REASONS: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  403: 'Forbidden',
  409: 'Conflict',
  422: 'Invalid',
  500: 'InternalError',
  503: 'ServiceUnavailable',
};

/** Lets the request pass, with a patch when it has operations. */
export function allow(
  uid: string,
  answer: { readonly patch?: readonly JsonPatchOp[]; readonly warnings?: readonly string[] } = {},
): AdmissionResponse {
  const { patch = [], warnings = [] } = answer;
  return {
    uid,
    allowed: true,
    ...(patch.length === 0
      ? {}
      : { patchType: 'JSONPatch' as const, patch: Buffer.from(JSON.stringify(patch)).toString('base64') }),
    ...(warnings.length === 0 ? {} : { warnings }),
  };
}

/**
 * Denies for one or more broken rules. The HTTP code is that of the first denial, the message names every field and cure:
 * `spec.backupTargetURL: url … is the same to backup target other: use …`.
 *
 * @param denials at least one
 */
export function deny(uid: string, denials: readonly Denial[], warnings: readonly string[] = []): AdmissionResponse {
  const code = denials[0]?.code ?? 403;
  const causes = denials.map((denial) => ({
    reason: 'FieldValueInvalid',
    message: describe(denial),
    ...(denial.field === '' ? {} : { field: denial.field }),
  }));
  const message = denials
    .map((denial) => (denial.field === '' ? describe(denial) : `${denial.field}: ${describe(denial)}`))
    .join('; ');
  return refuse(uid, { status: 'Failure', code, reason: reasonOf(code), message, details: { causes } }, warnings);
}

/**
 * Refuses for now: nothing is known to be wrong with the request, but it cannot be judged at this moment. 503 with
 * `retryAfterSeconds`, which the API server passes on as `Retry-After`.
 */
export function retryLater(uid: string, message: string): AdmissionResponse {
  return refuse(uid, {
    status: 'Failure',
    code: 503,
    reason: reasonOf(503),
    message: `${message}; try again in a moment`,
    details: { retryAfterSeconds: RETRY_AFTER_SECONDS },
  });
}

/** Refuses a request that cannot be understood (400), or answers for a defect of ours (500). */
export function reject(uid: string, code: 400 | 500, message: string): AdmissionResponse {
  return refuse(uid, { status: 'Failure', code, reason: reasonOf(code), message });
}

function refuse(uid: string, status: AdmissionStatus, warnings: readonly string[] = []): AdmissionResponse {
  return { uid, allowed: false, status, ...(warnings.length === 0 ? {} : { warnings }) };
}

function describe(denial: Denial): string {
  return denial.cure === '' ? denial.message : `${denial.message}: ${denial.cure}`;
}

function reasonOf(code: number): string {
  return REASONS[code] ?? 'Unknown';
}
