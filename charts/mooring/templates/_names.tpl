{{- /* The services with a ServiceAccount each. */ -}}
{{- define "mooring.services" -}}
mutating-webhook validating-webhook target-controller volume-controller backup-controller
{{- end }}

{{- /* The controllers whose writes no webhook and no policy reviews: they call applyDefaults themselves. */ -}}
{{- define "mooring.controllers" -}}
target-controller volume-controller backup-controller
{{- end }}

{{- define "mooring.labels" -}}
app.kubernetes.io/name: mooring
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- /*
The `annotations` of an object's metadata, with the line break before them: those that the values ask for on every object.
Nothing when there are none.
*/ -}}
{{- define "mooring.annotations" -}}
{{- include "mooring.annotationsOf" .Values.commonAnnotations }}
{{- end }}

{{- /* `annotations` with what cert-manager injects the caBundle by, where it makes the certificate. */ -}}
{{- define "mooring.webhookAnnotations" -}}
{{- $annotations := deepCopy .Values.commonAnnotations }}
{{- if eq .Values.certificates.mode "cert-manager" }}
{{- $_ := set $annotations "cert-manager.io/inject-ca-from" (printf "%s/mooring-webhook-tls" .Release.Namespace) }}
{{- end }}
{{- include "mooring.annotationsOf" $annotations }}
{{- end }}

{{- define "mooring.annotationsOf" -}}
{{- with . }}
  annotations:
    {{- toYaml . | nindent 4 }}
{{- end }}
{{- end }}

{{- /* What a workload's Pods are selected by, for ever: a Deployment's selector cannot be changed. dict root, service. */ -}}
{{- define "mooring.selectorLabels" -}}
app.kubernetes.io/name: mooring
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .service }}
{{- end }}

{{- /* Key of a service in the values: mutating-webhook -> mutatingWebhook. */ -}}
{{- define "mooring.valuesKey" -}}
{{ camelcase (replace "-" "_" .) | untitle }}
{{- end }}

{{- /* CEL list of the controllers' user names, and of the uninstall hook's: it takes finalizers off while no webhook may answer. */ -}}
{{- define "mooring.controllerUsers" -}}
{{- $users := list (printf "'system:serviceaccount:%s:mooring-uninstall'" .Release.Namespace) }}
{{- range splitList " " (include "mooring.controllers" .) }}
{{- $users = append $users (printf "'system:serviceaccount:%s:mooring-%s'" $.Release.Namespace .) }}
{{- end -}}
[{{ join ", " $users }}]
{{- end }}

{{- /*
CEL list of the users that delete on behalf of the cluster itself. Without this exemption, deleting the object namespace
would hang on the first object that a rule protects.
*/ -}}
{{- define "mooring.clusterDeleters" -}}
{{- $users := list
  "'system:serviceaccount:kube-system:namespace-controller'"
  "'system:serviceaccount:kube-system:generic-garbage-collector'"
  "'system:kube-controller-manager'" }}
{{- range .Values.exemptDeleteUsers }}
{{- $users = append $users (printf "'%s'" (. | replace "\\" "\\\\" | replace "'" "\\'")) }}
{{- end -}}
[{{ join ", " $users }}]
{{- end }}

{{- /* matchConditions shared by the webhooks and the policies. */ -}}
{{- define "mooring.matchConditions" -}}
- name: not-own-controllers
  expression: {{ printf "!(request.userInfo.username in %s)" (include "mooring.controllerUsers" .) | quote }}
- name: not-cluster-deleters
  expression: {{ printf "request.operation != 'DELETE' || !(request.userInfo.username in %s)" (include "mooring.clusterDeleters" .) | quote }}
{{- end }}

{{- /* Selects the object namespace by the label that the API server puts on every namespace. */ -}}
{{- define "mooring.objectNamespaceSelector" -}}
matchLabels:
  kubernetes.io/metadata.name: {{ .Values.objectNamespace }}
{{- end }}

{{- /* clientConfig of a webhook; dict root, name (mutating|validating), path. caBundle is written by the webhook itself. */ -}}
{{- define "mooring.clientConfig" -}}
{{- $url := (index .root.Values.webhooks .name).url }}
{{- if $url -}}
url: {{ printf "%s%s" $url .path | quote }}
{{- else -}}
service:
  namespace: {{ .root.Release.Namespace }}
  name: mooring-{{ .name }}-webhook
  path: {{ .path }}
  port: 443
{{- end }}
{{- end }}
