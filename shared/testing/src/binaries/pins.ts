/** How one Go program is built: which pin, from which go.mod of ours. */
export interface BinaryPin {
  /** Without the leading `v`; part of the file name in the cache. */
  version: string;
  /** Folder under `shared/testing/go/` with its go.mod and go.sum. */
  module: string;
  /** The main package; `.` is our own in that folder. */
  package: string;
  /** The module whose version it is; default: the main package's. */
  pinnedBy?: string;
  /** Added to `-s -w`: the version a program says of itself. */
  ldflags: string;
  /** Only this version will do: KUBEBUILDER_ASSETS and PATH are not asked. Default false. */
  exact?: boolean;
}

const KUBERNETES = '1.36.3';
const CONTAINERD = '2.4.2';
const kubernetesVersion = 'k8s.io/component-base/version';
/** Without these the server calls itself v0.0.0-master and helm refuses charts with a kubeVersion. */
const kubernetesLdflags = [
  `-X ${kubernetesVersion}.gitVersion=v${KUBERNETES}`,
  `-X ${kubernetesVersion}.gitMajor=1`,
  `-X ${kubernetesVersion}.gitMinor=36`,
].join(' ');

function kubernetesPin(command: string) {
  return {
    version: KUBERNETES,
    module: 'kubernetes',
    package: `k8s.io/kubernetes/cmd/${command}`,
    ldflags: kubernetesLdflags,
    exact: true,
  } as const;
}

function containerdPin(command: string) {
  return {
    version: CONTAINERD,
    module: 'containerd',
    package: `github.com/containerd/containerd/v2/cmd/${command}`,
    ldflags: `-X github.com/containerd/containerd/v2/version.Version=v${CONTAINERD}`,
    exact: true,
  } as const;
}

/**
 * The programs that come from the Go module proxy, each with its own go.mod in `shared/testing/go/`.
 * To move to another version: change go.mod there (`go get`, `go mod tidy`) and the version here.
 */
export const pins = {
  etcd: { version: '3.6.16', module: 'etcd', package: 'go.etcd.io/etcd/server/v3', ldflags: '' },
  'kube-apiserver': {
    version: KUBERNETES,
    module: 'kubernetes',
    package: 'k8s.io/kubernetes/cmd/kube-apiserver',
    ldflags: kubernetesLdflags,
  },
  'kube-controller-manager': {
    version: KUBERNETES,
    module: 'kubernetes',
    package: 'k8s.io/kubernetes/cmd/kube-controller-manager',
    ldflags: kubernetesLdflags,
  },
  // The rest of a node, for `npm run cluster:up`; its parts must fit each other.
  kubelet: kubernetesPin('kubelet'),
  'kube-scheduler': kubernetesPin('kube-scheduler'),
  'kube-proxy': kubernetesPin('kube-proxy'),
  kubectl: kubernetesPin('kubectl'),
  containerd: containerdPin('containerd'),
  'containerd-shim-runc-v2': containerdPin('containerd-shim-runc-v2'),
  ctr: containerdPin('ctr'),
  coredns: { version: '1.14.7', module: 'coredns', package: 'github.com/coredns/coredns', ldflags: '', exact: true },
  // Its own programs are in modules that no proxy serves: a main.go of ours puts the library's controllers together.
  'cert-manager': {
    version: '1.21.2',
    module: 'cert-manager',
    package: '.',
    pinnedBy: 'github.com/cert-manager/cert-manager',
    ldflags: '',
    exact: true,
  },
  versitygw: {
    version: '1.8.0',
    module: 'versitygw',
    package: 'github.com/versity/versitygw/cmd/versitygw',
    ldflags: '-X main.Version=v1.8.0',
  },
  // In one module with kube-apiserver, with whose versions of libraries it is built: most of what it needs is compiled already.
  helm: {
    version: '4.3.1',
    module: 'kubernetes',
    package: 'helm.sh/helm/v4/cmd/helm',
    ldflags: '-X helm.sh/helm/v4/internal/version.version=v4.3.1',
  },
  // skaffold calls helm with options that only helm 3 knows.
  skaffold: {
    version: '2.16.1',
    module: 'skaffold',
    package: 'github.com/GoogleContainerTools/skaffold/v2/cmd/skaffold',
    ldflags: '-X github.com/GoogleContainerTools/skaffold/v2/pkg/skaffold/version.version=v2.16.1',
  },
  helm3: {
    version: '3.22.0',
    module: 'helm3',
    package: 'helm.sh/helm/v3/cmd/helm',
    ldflags: [
      '-X helm.sh/helm/v3/internal/version.version=v3.22.0',
      // Without these it says that it is for Kubernetes 1.20, and charts refuse it.
      ...['pkg/chartutil', 'pkg/lint/rules'].flatMap((folder) => [
        `-X helm.sh/helm/v3/${folder}.k8sVersionMajor=1`,
        `-X helm.sh/helm/v3/${folder}.k8sVersionMinor=36`,
      ]),
    ].join(' '),
    exact: true,
  },
  'helm-unittest': {
    version: '1.1.2',
    module: 'helm-unittest',
    package: 'github.com/helm-unittest/helm-unittest/cmd/helm-unittest',
    ldflags: '',
  },
  // Newer ones need a module that the proxy does not have: go.opentelemetry.io/collector/internal/statusutil (2026-11).
  otelcol: {
    version: '0.158.0',
    module: 'otelcol',
    package: '.',
    pinnedBy: 'go.opentelemetry.io/collector/otelcol',
    ldflags: '',
    exact: true,
  },
} as const satisfies Record<string, BinaryPin>;

/** A program that `ensureBinaries` can find or build. */
export type BinaryName = keyof typeof pins;

/** What `npm start` and the tests run. */
export const binaryNames: readonly BinaryName[] = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'versitygw',
  'helm',
  'helm-unittest',
  'otelcol',
];

/** What a whole node takes (`npm run cluster:up`), besides etcd, kube-apiserver and kube-controller-manager. */
export const nodeBinaryNames: readonly BinaryName[] = [
  'kubelet',
  'kube-scheduler',
  'kube-proxy',
  'kubectl',
  'containerd',
  'containerd-shim-runc-v2',
  'ctr',
  'coredns',
];
