{{- /*
Annotations of everything that exists only while a hook runs. dict events, weight, and for the Job isJob: its logs are printed by
helm when it fails, and it stays then, for `kubectl logs`.
*/ -}}
{{- define "mooring.hookAnnotations" -}}
helm.sh/hook: {{ .events }}
helm.sh/hook-weight: {{ .weight | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- if .isJob }}
helm.sh/hook-output-log-policy: hook-failed
{{- end }}
{{- end }}

{{- /* metadata of one object of a hook. dict root, name, namespace (none: cluster-wide), and what mooring.hookAnnotations takes. */ -}}
{{- define "mooring.hookMetadata" -}}
metadata:
  name: {{ .name }}
  {{- with .namespace }}
  namespace: {{ . }}
  {{- end }}
  labels:
    {{- include "mooring.labels" .root | nindent 4 }}
    app.kubernetes.io/component: {{ .component }}
  annotations:
    {{- include "mooring.hookAnnotations" . | nindent 4 }}
    {{- with .root.Values.commonAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end }}

{{- /*
A hook: a Job that runs the cli image, and the rights that it has while it runs. dict root, component (install|uninstall), events,
args (list), rules (YAML text of a ClusterRole), namespaceRules (of a Role in the release namespace, may be empty).
*/ -}}
{{- define "mooring.hook" }}
{{- $name := printf "mooring-%s" .component }}
{{- $namespace := .root.Release.Namespace }}
{{- $meta := dict "root" .root "component" .component "events" .events "name" $name "weight" "-10" }}
{{- $own := .root.Values.cli }}
{{- $podValue := dict "root" .root "own" $own }}
---
apiVersion: v1
kind: ServiceAccount
{{ include "mooring.hookMetadata" (merge (dict "namespace" $namespace) $meta) }}
automountServiceAccountToken: false
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
{{ include "mooring.hookMetadata" $meta }}
rules:
  {{- .rules | trim | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
{{ include "mooring.hookMetadata" $meta }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: {{ $name }}
subjects:
  - kind: ServiceAccount
    name: {{ $name }}
    namespace: {{ $namespace }}
{{- with .namespaceRules }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
{{ include "mooring.hookMetadata" (merge (dict "namespace" $namespace) $meta) }}
rules:
  {{- . | trim | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
{{ include "mooring.hookMetadata" (merge (dict "namespace" $namespace) $meta) }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: {{ $name }}
subjects:
  - kind: ServiceAccount
    name: {{ $name }}
    namespace: {{ $namespace }}
{{- end }}
---
apiVersion: batch/v1
kind: Job
{{ include "mooring.hookMetadata" (merge (dict "namespace" $namespace "weight" "0" "isJob" true) $meta) }}
spec:
  # Ends before helm gives up (five minutes unless told otherwise), so that helm can say why.
  activeDeadlineSeconds: 280
  backoffLimit: 3
  # 2 is a refusal: trying again would not change it.
  podFailurePolicy:
    rules:
      - action: FailJob
        onExitCodes:
          operator: In
          values: [2]
  template:
    metadata:
      labels:
        {{- include "mooring.selectorLabels" (dict "root" .root "service" .component) | nindent 8 }}
        {{- with include "mooring.podLabels" $podValue }}
        {{- . | nindent 8 }}
        {{- end }}
      {{- with include "mooring.podValue" (merge (dict "key" "podAnnotations") $podValue) }}
      annotations:
        {{- . | nindent 8 }}
      {{- end }}
    spec:
      restartPolicy: Never
      serviceAccountName: {{ $name }}
      automountServiceAccountToken: true
      {{- include "mooring.podSettings" $podValue | trim | nindent 6 }}
      containers:
        - name: {{ .component }}
          {{- include "mooring.containerSettings" (merge (dict "service" "cli") $podValue) | nindent 10 }}
          args: {{ toJson .args }}
          terminationMessagePolicy: FallbackToLogsOnError
{{- end }}

{{- /* Our kinds' plurals; what a hook that takes finalizers off may do with them. */ -}}
{{- define "mooring.finalizerRules" }}
- apiGroups: [longhorn.io]
  resources:
    - backuptargets
    - backupvolumes
    - backups
    - backupbackingimages
    - systembackups
    - volumes
    - snapshots
    - recurringjobs
    - settings
  verbs: [get, list, patch]
- apiGroups: [apps]
  resources: [daemonsets, deployments]
  verbs: [list]
{{- end }}
