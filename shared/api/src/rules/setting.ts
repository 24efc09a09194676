/** Rules of Setting (longhorn-manager.md §2.2, longhorn issue #11025). */
import { nameOf } from '../raw-object.ts';
import type { Review, Verdict } from '../review.ts';
import { removedSettings, settingDefinition, settingDefinitions, settingProblem } from '../settings.ts';
import { forbidden, invalid } from './verdict.ts';

/** A known name, a value in its range; a known setting is never deleted. */
export function validateSetting({ operation, object, old }: Review): Verdict {
  const name = nameOf(object) || nameOf(old);
  const definition = settingDefinition(name);
  if (operation === 'DELETE') {
    const denial = forbidden(
      'metadata.name',
      `deleting setting ${name} is not allowed`,
      'set its value to the default',
    );
    return { denials: definition ? [denial] : [], warnings: [] };
  }
  const moved = Object.hasOwn(removedSettings, name) ? removedSettings[name] : undefined;
  if (moved !== undefined) {
    return { denials: [], warnings: [`setting ${name} was removed in Longhorn 1.8 and has no effect; use ${moved}`] };
  }
  if (!definition) {
    const cure = `use one of ${Object.keys(settingDefinitions).join(', ')}`;
    return { denials: [invalid('metadata.name', `setting ${name} does not exist`, cure)], warnings: [] };
  }
  const value = typeof object['value'] === 'string' ? object['value'] : '';
  const problem = settingProblem(definition, value);
  if (problem === undefined) return { denials: [], warnings: [] };
  const message = `value ${JSON.stringify(value)} of setting ${name} is invalid`;
  return { denials: [invalid('value', message, `${problem}; the default is ${definition.default}`)], warnings: [] };
}
