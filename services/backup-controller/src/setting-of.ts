import { type SettingName, settingValue } from '@mooring/api';
import type { Parts } from './parts.ts';
import type { WorkCaches } from './work-caches.ts';

/** The value of a setting that is in effect, as text. */
export function settingOf(
  { namespace, work }: Pick<Parts, 'namespace'> & { work: WorkCaches },
  name: SettingName,
): string {
  return settingValue(name, work.settings.get(namespace, name)?.value);
}
