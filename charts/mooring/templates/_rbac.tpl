{{- /*
One Role with its binding. dict root, service, namespace, suffix (distinguishes a service's Roles), rules (YAML text).
*/ -}}
{{- define "mooring.role" }}
{{- $name := printf "mooring-%s%s" .service .suffix }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: {{ $name }}
  namespace: {{ .namespace }}
  labels:
    {{- include "mooring.labels" .root | nindent 4 }}
    app.kubernetes.io/component: {{ .service }}
  {{- include "mooring.annotations" .root }}
rules:
  {{- .rules | trim | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: {{ $name }}
  namespace: {{ .namespace }}
  labels:
    {{- include "mooring.labels" .root | nindent 4 }}
    app.kubernetes.io/component: {{ .service }}
  {{- include "mooring.annotations" .root }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: {{ $name }}
subjects:
  - kind: ServiceAccount
    name: mooring-{{ .service }}
    namespace: {{ .root.Release.Namespace }}
{{- end }}

{{- /*
One ClusterRole with its binding. dict root, service, rules.

Rights on our own kinds are given here and not by a Role in the object namespace: deleting that namespace deletes its Roles
and RoleBindings in the first moment, and nobody would be left who may remove our finalizers. A policy lets our kinds be
created in the object namespace alone, so this gives no more. Secrets stay with Roles.
*/ -}}
{{- define "mooring.clusterRole" }}
{{- $name := printf "mooring-%s" .service }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: {{ $name }}
  labels:
    {{- include "mooring.labels" .root | nindent 4 }}
    app.kubernetes.io/component: {{ .service }}
  {{- include "mooring.annotations" .root }}
rules:
  {{- .rules | trim | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: {{ $name }}
  labels:
    {{- include "mooring.labels" .root | nindent 4 }}
    app.kubernetes.io/component: {{ .service }}
  {{- include "mooring.annotations" .root }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: {{ $name }}
subjects:
  - kind: ServiceAccount
    name: mooring-{{ .service }}
    namespace: {{ .root.Release.Namespace }}
{{- end }}

{{- /*
What a controller does in its own namespace. dict service, namespace. Leader election: one Lease of the service's own name
(`create` cannot be limited to a name). Its namespace: whether that is being deleted, when it is told to stop.
*/ -}}
{{- define "mooring.leaseRules" }}
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [create]
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [mooring-{{ .service }}]
  verbs: [get, update]
- apiGroups: ['']
  resources: [namespaces]
  resourceNames: [{{ .namespace | quote }}]
  verbs: [get]
{{- end }}

{{- /* The Jobs of the mover, in the release namespace. */ -}}
{{- define "mooring.jobRules" }}
- apiGroups: [batch]
  resources: [jobs]
  verbs: [get, list, watch, create, delete]
{{- end }}

{{- /*
Whether the object namespace or the definition of the kind is being deleted: looked up before anything is removed from a store. dict root,
plural.
*/ -}}
{{- define "mooring.removalRules" }}
- apiGroups: ['']
  resources: [namespaces]
  resourceNames: [{{ .root.Values.objectNamespace | quote }}]
  verbs: [get]
{{- include "mooring.definitionRules" .plural }}
{{- end }}

{{- /* Whether the definition of a kind, by plural, is being deleted. */ -}}
{{- define "mooring.definitionRules" }}
- apiGroups: [apiextensions.k8s.io]
  resources: [customresourcedefinitions]
  resourceNames: [{{ . }}.longhorn.io]
  verbs: [get]
{{- end }}

{{- /* Kubernetes Events about our objects. */ -}}
{{- define "mooring.eventRules" }}
- apiGroups: ['']
  resources: [events]
  verbs: [create, patch]
{{- end }}
