// Modules of which only files are read: the CRDs of cert-manager and of the Prometheus operator.
module mooring/tools/crds

go 1.26.0

require (
	github.com/cert-manager/cert-manager v1.21.2
	github.com/prometheus-operator/prometheus-operator v0.85.0
)
