/**
 * Condition types, and the reasons of conditions and events. Types are states, reasons are CamelCase facts; an event
 * has the reason of the condition it tells of. Texts beside them are the plain words that `docs/objects.md` shows.
 * Nothing else can be written: conditions (`ConditionInput`), events (`EventNote` of @mooring/runtime) and errors of stores are typed by these.
 */

/** Types of `status.conditions`; all but `Ready`, and `Restore` of a Volume, exist on BackupTarget only. `Unavailable` and `Restore` are Longhorn's own. */
export const conditionTypes = {
  Ready: 'Ready',
  Unavailable: 'Unavailable',
  StoreMarkerMissing: 'StoreMarkerMissing',
  StoreMarkerUnwritable: 'StoreMarkerUnwritable',
  StoreReplaced: 'StoreReplaced',
  Restore: 'Restore',
  Verified: 'Verified',
} as const;

/** One of {@link conditionTypes}. */
export type ConditionType = keyof typeof conditionTypes;

/** Every reason with what it means. `kind`: `ok`, `waiting` (nothing to do), `transient` (retried), `stalled` (you must act). */
export const reasons = {
  Synced: { kind: 'ok', meaning: 'the objects are what the store holds' },
  Completed: { kind: 'ok', meaning: 'the backup is complete and its config was read' },
  Syncing: { kind: 'waiting', meaning: 'a sync is running' },
  InProgress: {
    kind: 'waiting',
    meaning: 'the backup is still being written by someone; it is read again at later syncs',
  },
  SnapshotTaken: { kind: 'ok', meaning: 'the snapshot is taken and can be backed up' },
  Restored: { kind: 'ok', meaning: 'the volume holds the backup' },
  Verified: { kind: 'ok', meaning: 'every block of the backup is in the store' },
  Attached: { kind: 'ok', meaning: 'the data of the volume can be backed up' },
  Pending: { kind: 'waiting', meaning: 'it waits for its turn, or for something that the message names' },
  RestoreInProgress: { kind: 'waiting', meaning: 'the backup is being restored' },
  Deleting: { kind: 'waiting', meaning: 'it is being removed from the store' },
  RemoteDataKept: { kind: 'ok', meaning: 'only the object was deleted; its data stay in the store' },
  Terminating: { kind: 'waiting', meaning: 'the object is being deleted' },
  Unavailable: { kind: 'transient', meaning: 'the store could not be reached or answered with an error' },
  Timeout: { kind: 'transient', meaning: 'the store did not answer in time' },
  Throttled: { kind: 'transient', meaning: 'the store asked for fewer requests' },
  ReconcileFailed: { kind: 'transient', meaning: 'the pass failed inside the cluster; it is tried again' },
  URLEmpty: { kind: 'stalled', meaning: 'backupTargetURL is empty; set it' },
  InvalidURL: { kind: 'stalled', meaning: 'backupTargetURL is malformed; correct it' },
  SchemeNotAllowed: { kind: 'stalled', meaning: 'the scheme of backupTargetURL is not in allowedSchemes' },
  BackendNotInstalled: { kind: 'stalled', meaning: 'there is no backend for this scheme yet' },
  DuplicateURL: { kind: 'stalled', meaning: 'an older target already has this store; change or delete one of the two' },
  SecretNotFound: { kind: 'stalled', meaning: 'the credential Secret does not exist; create it or correct its name' },
  SecretRequired: { kind: 'stalled', meaning: 'this scheme needs credentials and credentialSecret is empty' },
  CredentialInvalid: { kind: 'stalled', meaning: 'a key of the Secret is missing, empty or malformed' },
  AccessDenied: { kind: 'stalled', meaning: 'the store refused the credentials' },
  CertificateInvalid: {
    kind: 'stalled',
    meaning: 'the certificate of the store is not trusted; put its CA into the Secret',
  },
  BucketNotFound: { kind: 'stalled', meaning: 'the bucket, container, export or directory does not exist' },
  StoreMarkerMissing: {
    kind: 'stalled',
    meaning: 'the store suddenly looks empty; nothing was deleted; confirm it or repair the store',
  },
  StoreMarkerUnwritable: {
    kind: 'stalled',
    meaning: 'backupstore/mooring.json cannot be written; the store is read without it',
  },
  StoreReplaced: {
    kind: 'stalled',
    meaning: 'another store answers under this URL; nothing was deleted; confirm it or restore the URL',
  },
  DefaultResourceInvalid: {
    kind: 'stalled',
    meaning: 'ConfigMap longhorn-default-resource cannot be used as it is; correct the key that the message names',
  },
  ConfigNotFound: { kind: 'stalled', meaning: 'the config of this object is not in the store any more' },
  Corrupt: { kind: 'stalled', meaning: 'the config of this object in the store cannot be read; the others sync' },
  ForeignObject: { kind: 'stalled', meaning: 'the store holds something that is no Longhorn object; it is left alone' },
  NotSupportedYet: { kind: 'stalled', meaning: 'this version has no engine for the source of this volume' },
  Error: { kind: 'stalled', meaning: 'it failed for good; the message says why' },
  BadBlocks: {
    kind: 'stalled',
    meaning: 'blocks of the backup are missing or corrupt; back the volume up again while it still holds them',
  },
  VolumeNotFound: { kind: 'stalled', meaning: 'the Volume does not exist; create it or correct the name' },
  RestoreFailure: { kind: 'stalled', meaning: 'the restore failed; the message says why' },
  StoreChanged: {
    kind: 'stalled',
    meaning:
      'the target is another store now than the object came from; nothing was deleted; put the old URL back, or set the label longhorn.io/delete-custom-resource-only=true',
  },
  RemoteDeleteNotSupported: {
    kind: 'stalled',
    meaning: 'data of this kind of object are not removed by deleting it; the object comes back at the next sync',
  },
} as const;

/** One of {@link reasons}. */
export type Reason = keyof typeof reasons;

/** What a reason asks of the user, see {@link reasons}. */
export type ReasonKind = (typeof reasons)[Reason]['kind'];

/** Whether a text, as read from an object or taken from a foreign error, is one of {@link reasons}. */
export function isReason(text: string | undefined): text is Reason {
  return text !== undefined && Object.hasOwn(reasons, text);
}

/** The kind of a reason as it was read from an object; undefined when it is none of ours. */
export function reasonKind(text: string | undefined): ReasonKind | undefined {
  return isReason(text) ? reasons[text].kind : undefined;
}
