/** Errors of this package, and the form of every package's registry, from which docs/errors.md is generated. */
import type { DestinationErrorCode } from './destination.ts';

/**
 * What a caller should do: `stalled` the user must act, `transient` try again later, `conflict` read again and decide
 * anew, `corrupt` this one object is bad, go on with the others.
 */
export type ErrorKind = 'stalled' | 'transient' | 'conflict' | 'corrupt';

/** One row of a registry. A package's `src/errors.ts` exports a record from code to this; the generator finds it. */
export interface ErrorDefinition {
  /** Reason of the condition and event that tell of it, where there is one. */
  readonly reason?: string;
  readonly kind: ErrorKind;
  /** Status that an HTTP API answers with. */
  readonly httpStatus: number;
  /** Exit code of the CLI. */
  readonly exitCode: number;
  /** What happened, in plain words. */
  readonly template: string;
  /** What the user can do. */
  readonly cure: string;
}

/** Record from error code to its row. */
export type ErrorRegistry = Readonly<Record<string, ErrorDefinition>>;

const stalled = { reason: 'InvalidURL', kind: 'stalled', httpStatus: 422, exitCode: 1 } as const;

/** Errors of destination and backup URLs: codes of DestinationError. */
export const errorRegistry = {
  Empty: {
    ...stalled,
    reason: 'URLEmpty',
    template: 'destination URL hasn’t been specified',
    cure: 'give one, e.g. s3://bucket@region/path/',
  },
  Malformed: {
    ...stalled,
    template: 'the URL cannot be parsed',
    cure: 'write it as scheme://place/path, without spaces or stray % signs',
  },
  UnsupportedScheme: {
    ...stalled,
    template: 'the driver of this scheme is not supported',
    cure: 'use s3, azblob, nfs, cifs or vfs',
  },
  PathMissing: {
    ...stalled,
    template: 'the URL has no path',
    cure: 'add the path; for s3 a / is enough',
  },
  HostMissing: {
    ...stalled,
    template: 'the URL names no bucket, container or server',
    cure: 'name it after ://',
  },
  HostNotAllowed: {
    ...stalled,
    template: 'VFS path must follow: vfs:///path/ format',
    cure: 'leave the host empty: three slashes',
  },
  PortNotAllowed: {
    ...stalled,
    template: 'the nfs URL names a port, which cannot be mounted',
    cure: 'use the mount option port=<number> in nfsOptions',
  },
  InvalidName: {
    ...stalled,
    template: 'invalid volume or backup name parsed',
    cure: 'names have two or more of A-Z a-z 0-9 _ . - and begin with a letter or digit',
  },
} as const satisfies Record<DestinationErrorCode, ErrorDefinition>;
