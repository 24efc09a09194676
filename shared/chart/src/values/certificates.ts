/** The webhooks' certificates. */
import { serviceConfigSchema } from '@mooring/config';
import { fromSetting, group, kubernetesObject } from '../value-schema.ts';

const { certificateMode, caLifetime, leafLifetime } = serviceConfigSchema.properties;

/** Values of the webhooks' certificates. */
export const certificates = group("The webhooks' certificates", {
  mode: fromSetting(certificateMode),
  issuerRef: kubernetesObject(
    "cert-manager's issuer, {name, kind, group}; empty = an authority of its own, which the chart describes",
  ),
  caLifetime: fromSetting(caLifetime),
  leafLifetime: fromSetting(leafLifetime),
});
