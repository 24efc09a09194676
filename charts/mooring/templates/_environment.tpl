{{- /* Settings that every service takes from its environment. The names are those of shared/config. */ -}}
{{- define "mooring.environment" -}}
MOORING_NAMESPACE: {{ .Release.Namespace | quote }}
MOORING_OBJECT_NAMESPACE: {{ .Values.objectNamespace | quote }}
MOORING_ALLOWED_SCHEMES: {{ join "," .Values.allowedSchemes | quote }}
MOORING_COEXISTENCE: {{ .Values.coexistence.allow | quote }}
MOORING_LOG_LEVEL: {{ .Values.logLevel | quote }}
MOORING_CERTIFICATE_MODE: {{ .Values.certificates.mode | quote }}
MOORING_CA_LIFETIME: {{ .Values.certificates.caLifetime | quote }}
MOORING_LEAF_LIFETIME: {{ .Values.certificates.leafLifetime | quote }}
{{- $podValue := dict "root" . "own" .Values.mover }}
MOORING_MOVER_IMAGE: {{ include "mooring.image" (dict "root" . "service" "mover" "image" .Values.mover.image) | quote }}
MOORING_MOVER_POD_LABELS: {{ merge (dict "app.kubernetes.io/instance" .Release.Name) (include "mooring.podLabels" $podValue | fromYaml) | toJson | quote }}
MOORING_MOVER_POD_ANNOTATIONS: {{ include "mooring.podValue" (merge (dict "key" "podAnnotations") $podValue) | fromYaml | toJson | quote }}
MOORING_MOVER_POD: {{ include "mooring.podSettings" $podValue | fromYaml | toJson | quote }}
MOORING_MOVER_CONTAINER: {{ omit (include "mooring.containerSettings" (merge (dict "service" "mover") $podValue) | fromYaml) "image" | toJson | quote }}
{{- with .Values.telemetry.otlpEndpoint }}
OTEL_EXPORTER_OTLP_ENDPOINT: {{ . | quote }}
{{- end }}
{{- end }}
