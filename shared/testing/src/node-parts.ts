/** What `npm run cluster:up` (test/e2e/cluster) shares with the control plane of the tests and of `npm start`. */
export { findOnPath, locateBinary } from './binaries/locate.ts';
export { nodeBinaryNames } from './binaries/pins.ts';
export { loadAuthority } from './control-plane/certificates.ts';
export type { KeyPair } from './control-plane/certificates.ts';
export { etcdSpec } from './control-plane/components.ts';
export { renderKubeconfig } from './control-plane/kubeconfig.ts';
export { loadOrCreatePki } from './control-plane/pki.ts';
export type { Pki } from './control-plane/pki.ts';
export { writeFileAtomic } from './files.ts';
export { startGuarded } from './processes/guarded.ts';
export { isPortFree } from './processes/ports.ts';
export { isRunning, parseIdentity } from './processes/process-identity.ts';
export { waitForLock } from './processes/process-lock.ts';
export type { ProcessLock } from './processes/process-lock.ts';
export { startOnce } from './processes/process-spec.ts';
export type { ProcessSpec } from './processes/process-spec.ts';
