/** Who may talk to whom, and what a monitoring system is given. */
import { flag, group, list, text, textMap } from '../value-schema.ts';

const PORTS = { items: { type: 'integer', minimum: 1, maximum: 65535 } };

/** NetworkPolicies. */
export const networkPolicy = group('NetworkPolicies of the Pods', {
  enabled: flag('Limit what the Pods may connect to, and who may connect to them', { default: true }),
  apiServerPorts: list(
    "Ports of the API server, as the Pods' connections have them behind the Service (kubeadm, k3s and kind: 6443; minikube: 8443; microk8s: 16443)",
    { ...PORTS, minItems: 1, uniqueItems: true, default: [443, 6443, 8443, 16443] },
  ),
  webhookFrom: list(
    'Peers (of a NetworkPolicy, for example {ipBlock: {cidr: 10.0.0.0/8}}) that may call the webhooks; empty = any, because the API server has no labels',
    { items: { type: 'object' } },
  ),
  metricsFrom: list('Peers that may read /metrics; empty = any. The kubelet may always', { items: { type: 'object' } }),
  storeEgress: list(
    'Egress rules of a NetworkPolicy towards the backup stores, for the controllers; empty = anywhere, because targets are made later',
    { items: { type: 'object' } },
  ),
});

const labels = textMap('Further labels of the object, by which its reader selects it');

/** What a monitoring system is given. */
export const metrics = group('Objects for Prometheus and Grafana', {
  serviceMonitor: group('A ServiceMonitor (monitoring.coreos.com/v1)', {
    enabled: flag('Make it; needs the CRDs of the Prometheus operator'),
    interval: text('Time between two scrapes', { pattern: '^([0-9]+(ms|[smhd]))+$', default: '30s' }),
    labels,
  }),
  prometheusRule: group('A PrometheusRule (monitoring.coreos.com/v1) with the alerts', {
    enabled: flag('Make it; needs the CRDs of the Prometheus operator'),
    labels,
    runbookUrl: text('Where your copy of docs/operations.md is read, for the links in alerts; empty = its path alone', {
      pattern: '^$|^https?://[^#]+$',
    }),
  }),
  dashboard: group('A ConfigMap with the dashboard, for the sidecar of Grafana', {
    enabled: flag('Make it'),
    labels: textMap('Further labels of the object, by which its reader selects it', {
      default: { grafana_dashboard: '1' },
    }),
    annotations: textMap('Annotations of the object'),
  }),
});
