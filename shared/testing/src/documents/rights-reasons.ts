/** Why a right is given. */
export interface RightReason {
  /** Who has it: a service, `mover`, or `install`, `uninstall` for the hooks' Jobs; absent: whoever has it. */
  readonly of?: readonly string[];
  /** As in a Role: `backups/status`. */
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  /** Only where the right is limited to objects of certain names. */
  readonly isNamed?: boolean;
  readonly why: string;
}

const READ = ['get', 'list', 'watch'];
const WEBHOOKS = ['mutating-webhook', 'validating-webhook'];
const CONTROLLERS = ['target-controller', 'volume-controller', 'backup-controller'];
const MOVING = ['volume-controller', 'backup-controller'];
const HOOKS = ['install', 'uninstall'];
const KINDS = [
  'backuptargets',
  'backupvolumes',
  'backups',
  'backupbackingimages',
  'systembackups',
  'volumes',
  'snapshots',
  'recurringjobs',
  'settings',
];

/**
 * The reason for every verb of every Role in the chart; the first row that fits counts. A test fails where the chart gives
 * a right without a reason here, and where a reason has no right any more.
 */
export const rightReasons: readonly RightReason[] = [
  // Facts and caches.
  {
    of: WEBHOOKS,
    resources: ['backuptargets', 'volumes', 'settings'],
    verbs: READ,
    why: 'what nearly every review is judged by, kept in caches',
  },
  {
    of: WEBHOOKS,
    resources: ['snapshots', 'backups'],
    verbs: ['get'],
    why: 'the Snapshot that a new Backup is of; the Backup that a Volume is restored from',
  },
  {
    of: WEBHOOKS,
    resources: ['backupvolumes'],
    verbs: ['get', 'list'],
    why: 'the BackupVolume that a new Backup or BackupVolume belongs to',
  },
  {
    of: ['validating-webhook'],
    resources: ['backupbackingimages'],
    verbs: ['list'],
    why: 'whether a new BackupBackingImage is there already',
  },
  {
    of: WEBHOOKS,
    resources: ['secrets'],
    verbs: [...READ, 'patch'],
    isNamed: true,
    why: 'follows and renews the certificate and its authority',
  },
  {
    of: ['validating-webhook'],
    resources: ['secrets'],
    verbs: ['get'],
    why: 'the endpoint of a target’s store can be in its Secret, and two targets must not be one store',
  },
  {
    of: ['validating-webhook'],
    resources: ['namespaces'],
    verbs: ['get'],
    why: 'a namespace that is being deleted lets every deletion pass',
  },
  // Certificates.
  {
    of: WEBHOOKS,
    resources: ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'],
    verbs: [...READ, 'patch'],
    why: 'keeps the caBundle of its own configuration right',
  },
  {
    of: WEBHOOKS,
    resources: ['secrets'],
    verbs: ['create'],
    why: 'makes the certificate at the first start; `create` cannot be limited to a name',
  },
  {
    of: WEBHOOKS,
    resources: ['leases'],
    verbs: ['create', 'get', 'update'],
    why: 'one writer of certificates at a time',
  },
  // Controllers.
  {
    of: ['target-controller'],
    resources: ['backuptargets'],
    verbs: READ,
    why: 'the targets that it keeps true',
  },
  {
    of: ['target-controller'],
    resources: ['backuptargets'],
    verbs: ['create', 'patch'],
    why: 'makes `default` and writes its spec from the ConfigMap; finalizer and annotations of every target',
  },
  {
    of: ['target-controller'],
    resources: ['backupvolumes', 'backupbackingimages', 'systembackups'],
    verbs: [...READ, 'create', 'patch', 'delete'],
    why: 'mirrors what the store holds; a deletion removes the object alone',
  },
  {
    of: ['target-controller'],
    resources: ['backups'],
    verbs: READ,
    why: 'counts the Backups of each volume, to see what is missing',
  },
  {
    of: ['target-controller'],
    resources: ['configmaps'],
    verbs: READ,
    why: '`longhorn-default-resource`: what the target `default` shall be',
  },
  {
    of: ['target-controller'],
    resources: ['settings'],
    verbs: ['get', 'create', 'patch'],
    why: 'makes the settings and writes what the chart’s values ask for',
  },
  {
    of: ['volume-controller'],
    resources: ['backupvolumes'],
    verbs: [...READ, 'patch'],
    why: 'the volumes that it keeps true; their finalizer and annotations',
  },
  {
    of: ['volume-controller'],
    resources: ['backups'],
    verbs: [...READ, 'create', 'patch', 'delete'],
    why: 'mirrors the backups of a volume; a deletion removes the object alone',
  },
  {
    of: ['backup-controller'],
    resources: ['backups'],
    verbs: [...READ, 'patch'],
    why: 'the backups that it makes and fills in; their finalizer and annotations',
  },
  {
    of: ['backup-controller'],
    resources: ['backups'],
    verbs: ['delete'],
    why: 'removes failed Backups after `failed-backup-ttl`',
  },
  {
    of: ['backup-controller'],
    resources: ['snapshots'],
    verbs: [...READ, 'patch'],
    why: 'the snapshots that it has taken; their finalizer',
  },
  {
    of: MOVING,
    resources: ['volumes'],
    verbs: READ,
    why: 'where the data are, and what is to be restored into them',
  },
  {
    of: ['volume-controller'],
    resources: ['volumes'],
    verbs: ['patch'],
    why: 'their finalizer; the size of one that follows a volume that grew; labels of the recurring jobs that come back',
  },
  {
    of: ['volume-controller'],
    resources: ['recurringjobs'],
    verbs: ['list', 'create'],
    why: 'brings the recurring jobs of a restored volume back, where that is asked for',
  },
  {
    of: ['backup-controller'],
    resources: ['recurringjobs'],
    verbs: [...READ, 'patch'],
    why: 'lets go of deleted objects that a manifest of Longhorn gave its finalizer: no Longhorn is there to do it',
  },
  {
    of: MOVING,
    resources: ['backuptargets', 'backupvolumes'],
    verbs: ['patch'],
    why: 'asks for a sync of what it changed in the store',
  },
  {
    of: MOVING,
    resources: ['settings'],
    verbs: READ,
    why: 'how many backups and restores run at once, and how long failed ones stay',
  },
  {
    of: MOVING,
    resources: ['jobs'],
    verbs: [...READ, 'create', 'delete'],
    why: 'data are moved by Jobs of the mover',
  },
  {
    of: MOVING,
    resources: ['namespaces', 'customresourcedefinitions'],
    verbs: ['get'],
    isNamed: true,
    why: 'no byte is removed from a store where a namespace or a kind is being deleted (its own namespace: whether that is, when it ends)',
  },
  {
    of: CONTROLLERS,
    resources: ['backuptargets', 'backupvolumes'],
    verbs: READ,
    why: 'what the object belongs to: which store to ask, and whether it may be asked',
  },
  {
    of: CONTROLLERS,
    resources: [
      'backuptargets/status',
      'backupvolumes/status',
      'backups/status',
      'backupbackingimages/status',
      'systembackups/status',
      'snapshots/status',
      'volumes/status',
    ],
    verbs: ['patch', 'update'],
    why: 'writes what it found; a first status as a whole, which is cheaper for the API server',
  },
  {
    of: CONTROLLERS,
    resources: ['secrets'],
    verbs: READ,
    why: 'the credentials of stores; a changed Secret is tried at once',
  },
  { of: CONTROLLERS, resources: ['events'], verbs: ['create', 'patch'], why: 'tells what happened to an object' },
  {
    of: CONTROLLERS,
    resources: ['leases'],
    verbs: ['create', 'get', 'update'],
    why: 'leader election; `create` cannot be limited to a name',
  },
  {
    of: ['target-controller'],
    resources: ['customresourcedefinitions'],
    verbs: ['get'],
    isNamed: true,
    why: 'the target `default` is not made again while its kind is being deleted',
  },
  {
    of: CONTROLLERS,
    resources: ['namespaces'],
    verbs: ['get'],
    why: 'whether its own namespace is being deleted when it ends',
  },
  // Movers.
  {
    of: ['mover'],
    resources: ['backups', 'snapshots', 'volumes', 'backuptargets'],
    verbs: ['get'],
    why: 'what it is to do, and with which data and store',
  },
  {
    of: ['mover'],
    resources: ['backups/status', 'snapshots/status', 'volumes/status'],
    verbs: ['patch'],
    why: 'says how far it is, and why it failed',
  },
  { of: ['mover'], resources: ['recurringjobs'], verbs: ['list'], why: 'a backup remembers which run on its volume' },
  { of: ['mover'], resources: ['secrets'], verbs: ['get'], why: 'the credentials of the store' },
  // Hooks.
  {
    of: ['install'],
    resources: ['customresourcedefinitions'],
    verbs: ['get', 'create', 'patch'],
    why: 'installs the CRDs, upgrades older ones, leaves newer ones and those of a Longhorn alone',
  },
  {
    of: ['install'],
    resources: ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'],
    verbs: ['get'],
    why: 'whether a Longhorn manages the same kinds',
  },
  {
    of: HOOKS,
    resources: ['daemonsets', 'deployments'],
    verbs: ['list'],
    why: 'whether a Longhorn manages the same kinds',
  },
  {
    of: ['install'],
    resources: ['namespaces'],
    verbs: ['get'],
    why: 'whether the object namespace is being deleted',
  },
  { of: HOOKS, resources: KINDS, verbs: ['get', 'list', 'patch'], why: 'takes our finalizer off objects' },
  {
    of: ['uninstall'],
    resources: ['deployments/scale'],
    verbs: ['patch'],
    why: 'stops the controllers before it takes finalizers off, or they would put them back',
  },
  {
    of: ['uninstall'],
    resources: ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'],
    verbs: ['delete'],
    why: 'ends the reviews before it takes finalizers off: a webhook that is down would refuse that, a working one put them back',
  },
  {
    of: ['uninstall'],
    resources: ['jobs'],
    verbs: ['list', 'delete'],
    why: 'ends the movers: without their account they could not, and would stay for ever',
  },
  {
    of: ['uninstall'],
    resources: ['pods'],
    verbs: ['list'],
    why: 'waits until no controller and no mover runs any more',
  },
];
