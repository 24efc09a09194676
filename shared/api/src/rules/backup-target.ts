/** Rules of BackupTarget (longhorn-manager.md §2.2 with design.md §3's corrections). */
import { credentialProblems } from '../credentials.ts';
import { type Destination, DestinationError, parseDestination } from '../destination.ts';
import { parseDurationMs } from '../duration.ts';
import { parseGoUrl } from '../go-url.ts';
import { ANNOTATION_UNINSTALL, DEFAULT_TARGET } from '../labels.ts';
import { nameOf, specText } from '../raw-object.ts';
import type { Denial, RawObject, Review, Verdict } from '../review.ts';
import { sameStore } from '../store-identity.ts';
import { nameDenials } from './names.ts';
import { addressOf, isUrlChanged, sameUrlTargets } from './target-facts.ts';
import { forbidden, invalid, newVerdict, unconfirmed } from './verdict.ts';

const URL_FIELD = 'spec.backupTargetURL';
const SECRET_FIELD = 'spec.credentialSecret';

/** Target names become label values. */
const NAME_MAX = 63;

/** Polling more often than this costs requests and shows nothing new: a scan takes seconds. */
const POLL_MIN_MS = 10_000;

/** Rules for creating, changing and deleting a BackupTarget. */
export function validateBackupTarget(review: Review): Verdict {
  if (review.operation === 'DELETE') return { denials: deleteDenials(review), warnings: [] };
  const verdict = newVerdict();
  if (review.operation === 'CREATE') verdict.denials.push(...targetNameDenials(review.object));
  if (isUrlChanged(review)) verdict.denials.push(...urlDenials(review));
  verdict.denials.push(...standbyDenials(review), ...credentialDenials(review));
  verdict.warnings.push(...warningsOf(review));
  return verdict;
}

function targetNameDenials(object: RawObject): Denial[] {
  const name = nameOf(object);
  if (name.length <= NAME_MAX) return nameDenials(name);
  const message = `invalid name ${name}: it has ${name.length} characters, more than ${NAME_MAX}`;
  return [invalid('metadata.name', message, 'choose a shorter name; it becomes a label value')];
}

function urlDenials(review: Review): Denial[] {
  const url = specText(review.object, 'backupTargetURL');
  const shown = withoutSecrets(url);
  const parsed = parseGoUrl(url);
  if (!('error' in parsed) && !review.facts.allowedSchemes.includes(parsed.scheme)) {
    const message = `url ${shown} with the unsupported protocol ${parsed.scheme}`;
    return [invalid(URL_FIELD, message, `use one of ${review.facts.allowedSchemes.join(', ')}`)];
  }
  const outcome = tryParse(url);
  if (outcome instanceof DestinationError) {
    return [invalid(URL_FIELD, `url ${shown} is invalid`, outcome.message)];
  }
  const forbiddenCharacters = outcome.scheme === 'cifs' ? /,/ : /[$,]/;
  if (!('error' in parsed) && forbiddenCharacters.test(parsed.path)) {
    return [invalid(URL_FIELD, `url ${shown}, contains $ or ,`, 'rename the folder or export in the store')];
  }
  return duplicateDenials(review, shown);
}

function duplicateDenials(review: Review, shown: string): Denial[] {
  const { object, facts } = review;
  const own = addressOf(specText(object, 'backupTargetURL'), specText(object, 'credentialSecret'), facts);
  const same = sameUrlTargets(review, facts.targets ?? []).find((target) =>
    sameStore(own, addressOf(target.spec.backupTargetURL ?? '', target.spec.credentialSecret ?? '', facts)),
  );
  if (!same) return [];
  const message = `url ${shown} is the same to backup target ${same.metadata.name}`;
  return [unconfirmed(invalid(URL_FIELD, message, `use ${same.metadata.name}, or give this target another path`))];
}

/** Standby volumes follow their target's store: it cannot be exchanged under them. Its credentials can. */
function standbyDenials(review: Review): Denial[] {
  const { operation, object, old, facts } = review;
  if (operation !== 'UPDATE') return [];
  const [before, after] = [specText(old, 'backupTargetURL'), specText(object, 'backupTargetURL')];
  if (before === after || sameStore({ url: before }, { url: after })) return [];
  return standbyDenial(facts.standbyVolumes?.[nameOf(object)] ?? [], URL_FIELD);
}

function standbyDenial(volumes: readonly string[], field: string): Denial[] {
  if (volumes.length === 0) return [];
  const message = `cannot modify BackupTarget since there are existing standby volumes: {${volumes.join(', ')}}`;
  return [unconfirmed(forbidden(field, message, 'activate or delete these volumes first'))];
}

function credentialDenials({ operation, object, old, facts }: Review): Denial[] {
  const name = specText(object, 'credentialSecret');
  if (operation === 'UPDATE' && name === specText(old, 'credentialSecret')) return [];
  const problems = credentialProblems(facts.secrets?.[name]?.data ?? {});
  if (problems.length === 0) return [];
  const list = problems.map(({ key, where }) => `invalid ${where} whitespace in ${key}`).join(', ');
  const cure = `remove the white space from Secret ${name}, e.g. encode the value with echo -n`;
  return [unconfirmed(invalid(SECRET_FIELD, `credential validation error(s): ${list}`, cure))];
}

function deleteDenials({ object, old, facts }: Review): Denial[] {
  const target = old ?? object;
  const isUninstall = target.metadata.annotations?.[ANNOTATION_UNINSTALL] !== undefined;
  if (nameOf(target) === DEFAULT_TARGET && !isUninstall) {
    const cure = 'set spec.backupTargetURL to an empty text to stop using it';
    return [forbidden('metadata.name', 'deleting default backup target is not allowed', cure)];
  }
  return standbyDenial(facts.standbyVolumes?.[nameOf(target)] ?? [], 'metadata.name');
}

function warningsOf(review: Review): string[] {
  const { object, facts } = review;
  const warnings: string[] = [];
  const interval = parseDurationMs(specText(object, 'pollInterval'));
  if (interval !== undefined && interval > 0 && interval < POLL_MIN_MS) {
    warnings.push(
      `spec.pollInterval ${specText(object, 'pollInterval')} is short: every poll lists the whole store; 10s or more is advised`,
    );
  }
  const secret = specText(object, 'credentialSecret');
  if (secret !== '' && facts.secrets?.[secret] === null) {
    warnings.push(`spec.credentialSecret: Secret ${secret} does not exist yet; the target becomes ready when it does`);
  }
  return isUrlChanged(review) ? [...warnings, ...urlWarnings(specText(object, 'backupTargetURL'), secret)] : warnings;
}

function urlWarnings(url: string, secret: string): string[] {
  const destination = tryParse(url);
  if (destination instanceof DestinationError) return [];
  const { scheme } = destination;
  if (scheme === 'nfs' && !destination.hasColon) {
    return [
      `${URL_FIELD}: an NFS URL without a colon after the server cannot be mounted; write nfs://${destination.host}:${destination.path}`,
    ];
  }
  if (scheme === 'azblob' && destination.endpointSuffix.startsWith('blob.')) {
    return [
      `${URL_FIELD}: the service becomes <account>.blob.${destination.endpointSuffix}; write ${destination.endpointSuffix.slice(5)} after the @`,
    ];
  }
  if (secret !== '' || scheme === 'nfs' || scheme === 'vfs') return [];
  return [
    `${SECRET_FIELD}: could not access ${scheme} without credential secret, unless the environment of the controllers has credentials`,
  ];
}

function tryParse(url: string): Destination | DestinationError {
  try {
    return parseDestination(url);
  } catch (error) {
    if (error instanceof DestinationError) return error;
    throw error;
  }
}

/** Mount options in the query, and what stands between : and @, may be a password. */
function withoutSecrets(url: string): string {
  const [shown = ''] = url.split('?', 1);
  return shown.replace(/(:\/\/[^/@:]*):[^/@]*@/, '$1:***@');
}
