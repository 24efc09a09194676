/**
 * What the rules know about the rest of the cluster. Plain data, gathered by whoever calls them: `factsNeeded` says what
 * is still missing, `withFact` adds it. Everywhere: a member that is absent was not looked up; `null` or an empty list
 * was looked up and does not exist.
 */
import type { Backup } from './kinds/backup.ts';
import type { BackupBackingImage } from './kinds/backup-backing-image.ts';
import type { BackupTarget } from './kinds/backup-target.ts';
import type { BackupVolume } from './kinds/backup-volume.ts';
import type { Snapshot } from './kinds/snapshot.ts';
import type { Volume } from './kinds/volume.ts';

/** A credential Secret: its decoded data (base64 removed). */
export interface SecretFact {
  data: Readonly<Record<string, string>>;
}

type Found<T> = Readonly<Record<string, T>>;

/** What is known. Objects are as the API server has them; all live in the object namespace. */
export interface Facts {
  /** The one namespace in which our kinds may be created. */
  objectNamespace: string;
  /** Schemes that a URL may have, e.g. `['s3', 'azblob', 'nfs', 'cifs']`. */
  allowedSchemes: readonly string[];
  /** W3C traceparent of this request; recorded on the object when its spec is new. */
  traceparent?: string | undefined;
  /** All BackupTargets, the reviewed one included. */
  targets?: readonly BackupTarget[];
  /** By name. */
  volumes?: Found<Volume | null>;
  /** By name. */
  snapshots?: Found<Snapshot | null>;
  /** By name. */
  secrets?: Found<SecretFact | null>;
  /** Values by name of the Setting; null: no such object, the default holds. */
  settings?: Found<string | null>;
  /** By `<volume>/<backup>`, names as in the store: the Backup objects that mirror it, in whatever target. */
  backups?: Found<readonly Backup[]>;
  /** By `<target>/<volume>`. */
  backupVolumes?: Found<BackupVolume | null>;
  /** By `<target>/<backing image>`. */
  backingImages?: Found<readonly BackupBackingImage[]>;
  /** By name of the target: names of the Volumes with `spec.Standby` that follow a backup volume of it. */
  standbyVolumes?: Found<readonly string[]>;
}

/** One thing to look up, and what the answer is (see {@link Facts} for shapes). */
export type FactNeed =
  | { fact: 'targets' }
  | { fact: 'volume'; name: string }
  | { fact: 'snapshot'; name: string }
  | { fact: 'secret'; name: string }
  | { fact: 'setting'; name: string }
  | { fact: 'backups'; volume: string; backup: string }
  | { fact: 'backupVolume'; target: string; volume: string }
  | { fact: 'backingImages'; target: string; image: string }
  | { fact: 'standbyVolumes'; target: string };

/** The answer to each need. */
export interface FactAnswers {
  targets: readonly BackupTarget[];
  volume: Volume | null;
  snapshot: Snapshot | null;
  secret: SecretFact | null;
  setting: string | null;
  backups: readonly Backup[];
  backupVolume: BackupVolume | null;
  backingImages: readonly BackupBackingImage[];
  standbyVolumes: readonly string[];
}

const MEMBERS = {
  volume: 'volumes',
  snapshot: 'snapshots',
  secret: 'secrets',
  setting: 'settings',
  backups: 'backups',
  backupVolume: 'backupVolumes',
  backingImages: 'backingImages',
  standbyVolumes: 'standbyVolumes',
} as const;

/** The key of a need inside its member of {@link Facts}; empty for `targets`. */
export function factKey(need: FactNeed): string {
  switch (need.fact) {
    case 'targets':
      return '';
    case 'backups':
      return `${need.volume}/${need.backup}`;
    case 'backupVolume':
      return `${need.target}/${need.volume}`;
    case 'backingImages':
      return `${need.target}/${need.image}`;
    case 'standbyVolumes':
      return need.target;
    default:
      return need.name;
  }
}

/** Whether the answer to `need` is already there. */
export function hasFact(facts: Facts, need: FactNeed): boolean {
  if (need.fact === 'targets') return facts.targets !== undefined;
  const found: Found<unknown> | undefined = facts[MEMBERS[need.fact]];
  return found !== undefined && Object.hasOwn(found, factKey(need));
}

/** `facts` with the answer to `need` added. Pure. */
export function withFact<N extends FactNeed>(facts: Facts, need: N, answer: FactAnswers[N['fact']]): Facts {
  const one: FactNeed = need;
  if (one.fact === 'targets') return { ...facts, targets: answer as FactAnswers['targets'] };
  const member = MEMBERS[one.fact];
  return { ...facts, [member]: { ...facts[member], [factKey(one)]: answer } };
}
