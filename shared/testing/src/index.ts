/**
 * @mooring/testing: a real control plane, real object stores and their faults, for tests, benchmarks and `npm start`.
 */
export { ensureBinaries } from './binaries/ensure-binaries.ts';
export { cacheFolder } from './binaries/locate.ts';
export type { BinaryName } from './binaries/pins.ts';
export { startControlPlane } from './control-plane/control-plane.ts';
export type { ControlPlane, ControlPlaneOptions, ServiceAccountRef } from './control-plane/control-plane.ts';
export { createAuthority } from './control-plane/certificates.ts';
export type { Authority, KeyPair } from './control-plane/certificates.ts';
export { createApiClient, ApiRequestError } from './kube/api-client.ts';
export type { ApiClient } from './kube/api-client.ts';
export { startApiProxy } from './faults/api-proxy.ts';
export type { ApiProxy, ApiProxyOptions } from './faults/api-proxy.ts';
export { startFaultProxy } from './faults/fault-proxy.ts';
export type { FaultProxy, FaultProxyOptions } from './faults/fault-proxy.ts';
export type { Fault, FaultSelection, ProxiedRequest } from './faults/fault-rules.ts';
export { kubeOperation, storeOperation } from './faults/operations.ts';
export { startAzurite } from './stores/azurite.ts';
export type { AzuriteOptions, AzuriteServer } from './stores/azurite.ts';
export { startS3 } from './stores/s3.ts';
export type { S3Options, S3Server } from './stores/s3.ts';
export { eventually } from './eventually.ts';
export { freePort } from './processes/ports.ts';
export { applyManifest, applyObjects, parseManifests } from './kube/apply.ts';
export type { ApplyOptions } from './kube/apply.ts';
export { readCrds, renderChart } from './kube/chart.ts';
export { createResourcePaths } from './kube/resources.ts';
export type { KubeManifest } from './kube/resources.ts';
export { onRunEnd } from './run-end.ts';
export { sharedControlPlane, sharedS3, temporaryFolder, testNamespace } from './shared-servers.ts';
export type { SharedControlPlane, TestNamespace } from './shared-servers.ts';
export { startEmbedded } from './embedded/embedded.ts';
export type { Embedded, EmbeddedOptions } from './embedded/embedded.ts';
export type { ServiceInfo } from './embedded/start-services.ts';
export { processUsage } from './processes/process-usage.ts';
export type { ProcessUsage } from './processes/process-usage.ts';
export { getTable } from './kube/table.ts';
