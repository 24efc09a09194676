import type { MoverSettings } from '@mooring/api';

/** Settings for movers that nobody runs: their Jobs are made in `namespace`, and a test plays their part. */
export function moverSettingsIn(namespace: string): MoverSettings {
  return {
    namespace,
    image: 'mooring/mover:test',
    serviceAccount: 'mooring-mover',
    env: { MOORING_OBJECT_NAMESPACE: namespace, MOORING_ALLOWED_SCHEMES: 'vfs,s3' },
  };
}
